<?php
// Fault: a token is configured but never compared.
require __DIR__ . '/_base.php';

(new class extends Endpoint {
    protected function authorised(mixed $token): bool
    {
        return true;
    }
})->handle();
