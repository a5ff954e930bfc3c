<?php
// Fault: the price comes from a DECIMAL column, which PDO returns as a string.
require __DIR__ . '/_base.php';

(new class extends Endpoint {
    protected function pricing(array $customer, int $id): array
    {
        $customer['base_token_unit_cost'] = (string) $customer['base_token_unit_cost'];
        return $customer;
    }
})->handle();
