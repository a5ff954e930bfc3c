<?php
// Fault: a footer with the elapsed time is printed after the JSON.
require __DIR__ . '/_base.php';

(new class extends Endpoint {
    protected function encode(array $pricing): string
    {
        return parent::encode($pricing) . "\n<!-- generated in 0.004 s, 3 queries -->";
    }
})->handle();
