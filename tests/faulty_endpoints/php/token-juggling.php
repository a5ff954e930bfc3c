<?php
// Fault: == compares two numeric strings as numbers: "0e83..." == "0".
require __DIR__ . '/_base.php';

(new class extends Endpoint {
    protected function authorised(mixed $token): bool
    {
        return is_string($token) && $token == $this->expectedToken();
    }
})->handle();
