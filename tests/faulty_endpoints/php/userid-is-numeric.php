<?php
// Fault: is_numeric() accepts "1.9" and "1e0", and the cast turns both into customer 1.
require __DIR__ . '/_base.php';

(new class extends Endpoint {
    protected function userId(mixed $text): ?int
    {
        return is_numeric($text) && (int) $text > 0 ? (int) $text : null;
    }
})->handle();
