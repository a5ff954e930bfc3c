<?php
// Fault: array_filter() removes an expired discount and keeps the keys, so customer 3's list
// becomes {"1": ..., "2": ...}.
require __DIR__ . '/_base.php';

(new class extends Endpoint {
    protected function pricing(array $customer, int $id): array
    {
        if ($id === 3) {
            array_unshift($customer['discounts'], ['name' => 'Summer 2019', 'expired' => true]);
        }
        $customer['discounts'] = array_filter(
            $customer['discounts'],
            fn (array $discount): bool => !isset($discount['expired']),
        );
        return $customer;
    }
})->handle();
