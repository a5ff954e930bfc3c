<?php
// Fault: strpos() the wrong way round: any part of the token opens.
require __DIR__ . '/_base.php';

(new class extends Endpoint {
    protected function authorised(mixed $token): bool
    {
        return is_string($token) && $token !== ''
            && strpos($this->expectedToken(), $token) !== false;
    }
})->handle();
