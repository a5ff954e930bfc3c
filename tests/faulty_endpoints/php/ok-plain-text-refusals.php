<?php
// Correct: refusals are plain text.
require __DIR__ . '/_base.php';

(new class extends Endpoint {
    protected function refuse(int $status, string $message): void
    {
        http_response_code($status);
        header('Content-Type: text/plain; charset=utf-8');
        echo "ERROR: $message\n";
    }
})->handle();
