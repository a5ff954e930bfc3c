<?php
// Fault: the number of decimals comes from the database as a string, "2".
require __DIR__ . '/_base.php';

(new class extends Endpoint {
    protected function pricing(array $customer, int $id): array
    {
        $customer['currency']['decimals'] = $customer['currency']['code'] === 'JPY' ? '0' : '2';
        return $customer;
    }
})->handle();
