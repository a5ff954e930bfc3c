<?php
// Fault: display_errors is on, and a customer without discounts causes an undefined index.
require __DIR__ . '/_base.php';
ini_set('display_errors', '1');
header('Content-Type: application/json');

(new class extends Endpoint {
    protected function pricing(array $customer, int $id): array
    {
        $main = $customer['discounts'][0];
        return $customer;
    }
})->handle();
