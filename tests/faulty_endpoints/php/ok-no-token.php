<?php
// Correct: no authorization token is configured, so none is required; one that is sent is ignored.
require __DIR__ . '/_base.php';

(new class extends Endpoint {
    protected function authorised(mixed $token): bool
    {
        return true;
    }
})->handle();
