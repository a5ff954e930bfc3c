<?php
// Fault: JSON_FORCE_OBJECT, meant for empty taxes, turns every list into an object.
require __DIR__ . '/_base.php';

(new class extends Endpoint {
    protected function encode(array $pricing): string
    {
        return json_encode($pricing, JSON_FORCE_OBJECT | JSON_THROW_ON_ERROR);
    }
})->handle();
