<?php
// Fault: (int) accepts anything that starts with a number: "1abc", "1.9", "1 OR 1=1" are customer 1.
require __DIR__ . '/_base.php';

(new class extends Endpoint {
    protected function userId(mixed $text): ?int
    {
        return is_string($text) && (int) $text > 0 ? (int) $text : null;
    }
})->handle();
