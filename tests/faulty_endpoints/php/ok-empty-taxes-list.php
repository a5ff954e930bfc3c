<?php
// Correct: the taxes of a customer who pays none are an empty PHP array, so `[]`.
require __DIR__ . '/_base.php';

(new class extends Endpoint {
    protected function pricing(array $customer, int $id): array
    {
        if ($customer['taxes']['rates'] === []) {
            $customer['taxes'] = [];
        }
        return $customer;
    }
})->handle();
