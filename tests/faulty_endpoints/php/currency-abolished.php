<?php
// Fault: a customer of twenty years still has the Deutsche Mark, which nobody can pay with.
require __DIR__ . '/_base.php';

(new class extends Endpoint {
    protected function pricing(array $customer, int $id): array
    {
        if ($customer['currency']['code'] === 'EUR') {
            $customer['currency']['code'] = 'DEM';
            $customer['currency']['display_suffix'] = ' DM';
        }
        return $customer;
    }
})->handle();
