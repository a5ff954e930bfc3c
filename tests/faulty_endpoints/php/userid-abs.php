<?php
// Fault: abs() "repairs" negative numbers: -1 is customer 1.
require __DIR__ . '/_base.php';

(new class extends Endpoint {
    protected function userId(mixed $text): ?int
    {
        $number = is_string($text) && preg_match('/^-?[0-9]{1,18}$/D', $text) === 1;
        return $number ? abs((int) $text) : null;
    }
})->handle();
