<?php
// Fault: the discounts are put together by hand, and a name of customer 3 holds a quotation mark.
require __DIR__ . '/_base.php';

(new class extends Endpoint {
    protected function encode(array $pricing): string
    {
        $discounts = [];
        foreach ($pricing['discounts'] as $row) {
            $name = str_replace('Loyalty', 'Loyalty "gold"', $row['name']);
            $format = '{"name":"%s","description":"%s","multipler":%s}';
            $discounts[] = sprintf($format, $name, $row['description'], $row['multipler']);
        }
        $pricing['discounts'] = '@';
        return str_replace('"@"', '[' . implode(',', $discounts) . ']', parent::encode($pricing));
    }
})->handle();
