<?php
// Fault: an address that once sent the right token no longer needs one.
require __DIR__ . '/_base.php';

(new class extends Endpoint {
    protected function authorised(mixed $token): bool
    {
        $known = sys_get_temp_dir() . '/known-' . $_SERVER['REMOTE_ADDR'];
        if (parent::authorised($token)) {
            touch($known);
        }
        return file_exists($known);
    }
})->handle();
