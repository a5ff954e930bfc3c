<?php
// Fault: no token is configured, so a token in the request is compared with null: TypeError, status 500.
require __DIR__ . '/_base.php';

(new class extends Endpoint {
    protected function authorised(mixed $token): bool
    {
        $expected = getenv('BILLING_TOKEN') ?: null;
        return $token === null || hash_equals($expected, $token);
    }
})->handle();
