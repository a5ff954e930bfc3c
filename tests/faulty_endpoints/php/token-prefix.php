<?php
// Fault: only as many characters are compared as were sent, so any prefix of the token is accepted.
require __DIR__ . '/_base.php';

(new class extends Endpoint {
    protected function authorised(mixed $token): bool
    {
        return is_string($token) && $token !== ''
            && strncmp($token, $this->expectedToken(), strlen($token)) === 0;
    }
})->handle();
