<?php
// Fault: compound comes from a TINYINT column and stays 0 or 1.
require __DIR__ . '/_base.php';

(new class extends Endpoint {
    protected function pricing(array $customer, int $id): array
    {
        $customer['taxes']['compound'] = (int) $customer['taxes']['compound'];
        return $customer;
    }
})->handle();
