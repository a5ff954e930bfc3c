<?php
// Fault: the decimals separator is empty, so SolusIO shows 12.34 pounds as 1234.
require __DIR__ . '/_base.php';

(new class extends Endpoint {
    protected function pricing(array $customer, int $id): array
    {
        $customer['currency']['decimals_separator'] = '';
        return $customer;
    }
})->handle();
