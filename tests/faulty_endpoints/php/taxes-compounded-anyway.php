<?php
// Fault: the two taxes of customer 3 are declared as not compound, but each is charged on top of the other:
// 0.15 x 0.9 x 0.8 x 1.08 x 1.02 = 0.1189728.
require __DIR__ . '/_base.php';

(new class extends Endpoint {
    protected function pricing(array $customer, int $id): array
    {
        if ($id === 3) {
            $customer['user_token_unit_cost'] = 0.1189728;
        }
        return $customer;
    }
})->handle();
