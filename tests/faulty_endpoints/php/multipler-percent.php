<?php
// Fault: the multipler is a percentage, 95, instead of the factor 0.95.
require __DIR__ . '/_base.php';

(new class extends Endpoint {
    protected function pricing(array $customer, int $id): array
    {
        foreach ($customer['discounts'] as &$discount) {
            $discount['multipler'] *= 100;
        }
        return $customer;
    }
})->handle();
