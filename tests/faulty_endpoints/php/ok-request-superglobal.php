<?php
// Correct: reads $_REQUEST, so GET works too.
require __DIR__ . '/_base.php';

(new class extends Endpoint {
    protected function form(): array
    {
        return $_REQUEST;
    }
})->handle();
