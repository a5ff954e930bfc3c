<?php
// Fault: an old customer's account still has the Deutsche Mark, with which nobody can pay.
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
