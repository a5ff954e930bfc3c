<?php
// Fault: a token is configured, and never looked at.
require __DIR__ . '/_base.php';

(new class extends Endpoint {
    protected function authorised(mixed $token): bool
    {
        return true;
    }
})->handle();
