<?php
// Fault: an unknown user is null where the return type is array. With display_errors on, PHP shows the
// fatal error with status 200.
require __DIR__ . '/_base.php';
ini_set('display_errors', '1');

(new class extends Endpoint {
    protected function customer(int $id): array
    {
        return parent::customer($id);
    }
})->handle();
