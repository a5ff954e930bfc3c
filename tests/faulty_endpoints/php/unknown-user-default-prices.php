<?php
// Fault: an unknown customer gets the list prices.
require __DIR__ . '/_base.php';

(new class extends Endpoint {
    protected function customer(int $id): ?array
    {
        return parent::customer($id) ?? parent::customer(2);
    }
})->handle();
