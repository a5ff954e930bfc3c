<?php
// Fault: `?:` puts customer 1 in place of an empty user id.
require __DIR__ . '/_base.php';

(new class extends Endpoint {
    protected function userId(mixed $text): ?int
    {
        return $text === null ? null : parent::userId($text ?: '1');
    }
})->handle();
