<?php
// Fault: JSON_NUMERIC_CHECK, meant for the prices, also turns the discount name "2024" into a number.
require __DIR__ . '/_base.php';

(new class extends Endpoint {
    protected function pricing(array $customer, int $id): array
    {
        if ($id === 3) {
            $customer['discounts'][0]['name'] = '2024';
        }
        return $customer;
    }

    protected function encode(array $pricing): string
    {
        return json_encode($pricing, JSON_NUMERIC_CHECK | JSON_THROW_ON_ERROR);
    }
})->handle();
