<?php
// Fault: the parameters are looked for in the query string; what is posted is not seen.
require __DIR__ . '/_base.php';

(new class extends Endpoint {
    protected function form(): array
    {
        return $_GET;
    }
})->handle();
