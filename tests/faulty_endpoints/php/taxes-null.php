<?php
// Fault: a customer without taxes gets `taxes: null`.
require __DIR__ . '/_base.php';

(new class extends Endpoint {
    protected function pricing(array $customer, int $id): array
    {
        if ($customer['taxes']['rates'] === []) {
            $customer['taxes'] = null;
        }
        return $customer;
    }
})->handle();
