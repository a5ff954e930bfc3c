<?php
// Fault: the prefix is already UTF-8 and is converted to UTF-8 again, utf8_encode() style.
require __DIR__ . '/_base.php';

(new class extends Endpoint {
    protected function pricing(array $customer, int $id): array
    {
        $prefix = $customer['currency']['display_prefix'];
        $customer['currency']['display_prefix'] = iconv('ISO-8859-1', 'UTF-8', $prefix);
        return $customer;
    }
})->handle();
