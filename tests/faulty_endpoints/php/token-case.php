<?php
// Fault: strcasecmp(): upper and lower case make no difference.
require __DIR__ . '/_base.php';

(new class extends Endpoint {
    protected function authorised(mixed $token): bool
    {
        return is_string($token) && strcasecmp($token, $this->expectedToken()) === 0;
    }
})->handle();
