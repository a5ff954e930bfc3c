<?php
// Fault: the price of one token is rounded to two decimals, so the 0.00091 of customer 2 becomes 0.
require __DIR__ . '/_base.php';

(new class extends Endpoint {
    protected function pricing(array $customer, int $id): array
    {
        $customer['user_token_unit_cost'] = round($customer['user_token_unit_cost'], 2);
        return $customer;
    }
})->handle();
