<?php
// Fault: the parameters are read from the query string; the posted form is ignored.
require __DIR__ . '/_base.php';

(new class extends Endpoint {
    protected function form(): array
    {
        return $_GET;
    }
})->handle();
