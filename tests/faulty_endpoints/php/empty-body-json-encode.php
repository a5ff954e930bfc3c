<?php
// Fault: customer 2's suffix comes from a Windows-1252 table. json_encode() returns false, which nobody
// checks, and "" is sent with status 200.
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
