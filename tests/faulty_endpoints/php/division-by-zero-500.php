<?php
// Fault: the average of the discounts is calculated for the log; without discounts it divides by zero.
require __DIR__ . '/_base.php';

(new class extends Endpoint {
    protected function pricing(array $customer, int $id): array
    {
        $factors = array_column($customer['discounts'], 'multipler');
        error_log('mean discount ' . array_sum($factors) / count($factors));
        return $customer;
    }
})->handle();
