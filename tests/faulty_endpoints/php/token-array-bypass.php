<?php
// Fault: a token that is an array is not compared at all, so token[]=x is accepted.
require __DIR__ . '/_base.php';

(new class extends Endpoint {
    protected function authorised(mixed $token): bool
    {
        if (is_string($token) && !hash_equals($this->expectedToken(), $token)) {
            return false;
        }
        return $token !== null;
    }
})->handle();
