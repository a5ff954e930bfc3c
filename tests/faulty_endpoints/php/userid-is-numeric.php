<?php
// Fault: is_numeric() lets "1.9" and "1e0" through and the cast makes customer 1 of them.
require __DIR__ . '/_base.php';

(new class extends Endpoint {
    protected function userId(mixed $text): ?int
    {
        return is_numeric($text) && (int) $text > 0 ? (int) $text : null;
    }
})->handle();
