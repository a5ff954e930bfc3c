<?php
// Fault: the currency table contains HTML, so the prefix is "&pound;".
require __DIR__ . '/_base.php';

(new class extends Endpoint {
    protected function pricing(array $customer, int $id): array
    {
        $prefix = $customer['currency']['display_prefix'];
        $customer['currency']['display_prefix'] = htmlentities($prefix);
        return $customer;
    }
})->handle();
