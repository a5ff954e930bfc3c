<?php
// Fault: token[]=x reaches hash_equals() as an array: TypeError, status 500.
require __DIR__ . '/_base.php';

(new class extends Endpoint {
    protected function authorised(mixed $token): bool
    {
        return hash_equals($this->expectedToken(), $token ?? '');
    }
})->handle();
