<?php
// Fault: the tax rates come from number_format(), which returns strings.
require __DIR__ . '/_base.php';

(new class extends Endpoint {
    protected function pricing(array $customer, int $id): array
    {
        foreach ($customer['taxes']['rates'] as &$tax) {
            $tax['rate'] = number_format($tax['rate'], 2);
        }
        return $customer;
    }
})->handle();
