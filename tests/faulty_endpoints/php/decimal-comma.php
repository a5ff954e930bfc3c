<?php
// Fault: numbers are written by hand with the decimal comma of a German locale, as printf('%f') does.
require __DIR__ . '/_base.php';

(new class extends Endpoint {
    protected function encode(array $price): string
    {
        $comma = fn(array $found) => "{$found[1]}{$found[2]},{$found[3]}";
        return preg_replace_callback('/("\w+":\s*)(\d+)\.(\d+)/', $comma, parent::encode($price));
    }
})->handle();
