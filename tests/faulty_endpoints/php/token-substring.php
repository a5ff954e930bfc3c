<?php
// Fault: strpos() with swapped arguments: any part of the token is accepted.
require __DIR__ . '/_base.php';

(new class extends Endpoint {
    protected function authorised(mixed $token): bool
    {
        return is_string($token) && $token !== ''
            && strpos($this->expectedToken(), $token) !== false;
    }
})->handle();
