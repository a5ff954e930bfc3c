<?php
// Fault: the code is the ISO 4217 number, 826, instead of the letters, GBP.
require __DIR__ . '/_base.php';

(new class extends Endpoint {
    protected function pricing(array $customer, int $id): array
    {
        $numbers = ['GBP' => 826, 'EUR' => 978, 'JPY' => 392];
        $customer['currency']['code'] = $numbers[$customer['currency']['code']];
        return $customer;
    }
})->handle();
