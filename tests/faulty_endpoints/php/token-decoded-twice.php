<?php
// Fault: PHP has already decoded the form; urldecode() turns the plus in the token into a space.
require __DIR__ . '/_base.php';

(new class extends Endpoint {
    protected function authorised(mixed $token): bool
    {
        return parent::authorised(is_string($token) ? urldecode($token) : $token);
    }
})->handle();
