<?php
// Fault: array_filter() takes out an expired discount and keeps the keys, so the list of
// customer 3 becomes {"1": ..., "2": ...}.
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
