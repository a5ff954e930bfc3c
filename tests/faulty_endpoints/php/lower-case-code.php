<?php
// Fault: the currency code is in lower case.
require __DIR__ . '/_base.php';

(new class extends Endpoint {
    protected function pricing(array $customer, int $id): array
    {
        $customer['currency']['code'] = strtolower($customer['currency']['code']);
        return $customer;
    }
})->handle();
