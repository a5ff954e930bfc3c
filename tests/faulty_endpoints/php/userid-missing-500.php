<?php
// Fault: a missing parameter is null, but the method expects a string: TypeError, status 500.
require __DIR__ . '/_base.php';

(new class extends Endpoint {
    protected function userId(mixed $text): ?int
    {
        return is_array($text) ? null : $this->parse($text);
    }

    private function parse(string $text): ?int
    {
        return parent::userId($text);
    }
})->handle();
