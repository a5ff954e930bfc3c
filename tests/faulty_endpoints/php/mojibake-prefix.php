<?php
// Fault: the prefix was UTF-8 already and is converted to UTF-8 once more, utf8_encode() style.
require __DIR__ . '/_base.php';

(new class extends Endpoint {
    protected function pricing(array $customer, int $id): array
    {
        $prefix = $customer['currency']['display_prefix'];
        $customer['currency']['display_prefix'] = iconv('ISO-8859-1', 'UTF-8', $prefix);
        return $customer;
    }
})->handle();
