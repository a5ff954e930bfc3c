<?php
// Fault: `?:` replaces an empty user id with customer 1.
require __DIR__ . '/_base.php';

(new class extends Endpoint {
    protected function userId(mixed $text): ?int
    {
        return $text === null ? null : parent::userId($text ?: '1');
    }
})->handle();
