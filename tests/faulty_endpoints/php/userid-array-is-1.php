<?php
// Fault: (int) of a non-empty array is 1, so userid[]=x is customer 1.
require __DIR__ . '/_base.php';

(new class extends Endpoint {
    protected function userId(mixed $text): ?int
    {
        if (!is_array($text)) {
            return parent::userId($text);
        }
        return (int) $text;
    }
})->handle();
