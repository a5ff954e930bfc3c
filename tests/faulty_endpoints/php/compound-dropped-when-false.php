<?php
// Fault: array_filter() drops `compound` along with everything else that is empty.
require __DIR__ . '/_base.php';

(new class extends Endpoint {
    protected function pricing(array $customer, int $id): array
    {
        if ($customer['taxes']['rates'] !== []) {
            $customer['taxes'] = array_filter($customer['taxes']);
        }
        return $customer;
    }
})->handle();
