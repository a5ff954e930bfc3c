<?php
// Fault: the prefix is the shop's dollar sign instead of the sign of the customer's currency, the euro.
require __DIR__ . '/_base.php';

(new class extends Endpoint {
    protected function pricing(array $customer, int $id): array
    {
        if ($customer['currency']['code'] === 'EUR') {
            $customer['currency']['display_prefix'] = '$';
            $customer['currency']['display_suffix'] = '';
        }
        return $customer;
    }
})->handle();
