<?php
// Correct: blank lines before and after the JSON, raw UTF-8, an explicit charset.
require __DIR__ . '/_base.php';

(new class extends Endpoint {
    protected function encode(array $pricing): string
    {
        $options = JSON_UNESCAPED_UNICODE | JSON_PRETTY_PRINT | JSON_THROW_ON_ERROR;
        return "\r\n\n  " . json_encode($pricing, $options) . "\n\n";
    }

    protected function respond(int $status, string $body): void
    {
        http_response_code($status);
        header('Content-Type: application/json; charset=UTF-8');
        echo $body;
    }
})->handle();
