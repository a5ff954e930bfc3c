<?php
// Fault: the JSON of the discounts is hand-built, and customer 3 has a name with a quotation mark.
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
