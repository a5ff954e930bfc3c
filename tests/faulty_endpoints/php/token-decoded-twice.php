<?php
// Fault: PHP has decoded the form already; urldecode() makes a space of the plus in the token.
require __DIR__ . '/_base.php';

(new class extends Endpoint {
    protected function authorised(mixed $token): bool
    {
        return parent::authorised(is_string($token) ? urldecode($token) : $token);
    }
})->handle();
