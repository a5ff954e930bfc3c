<?php
// Fault: the suffix of customer 2 was read from a Windows-1252 table. json_encode() returns false,
// nobody looks, and "" goes out with status 200.
require __DIR__ . '/_base.php';

(new class extends Endpoint {
    protected function pricing(array $customer, int $id): array
    {
        if ($id === 2) {
            $customer['currency']['display_suffix'] = " \x80";
        }
        return $customer;
    }

    protected function encode(array $pricing): string
    {
        return (string) json_encode($pricing);
    }
})->handle();
