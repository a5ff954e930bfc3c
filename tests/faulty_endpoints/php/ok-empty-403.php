<?php
// Correct: every refusal is a 403 without a body.
require __DIR__ . '/_base.php';

(new class extends Endpoint {
    protected function refuse(int $status, string $message): void
    {
        http_response_code(403);
    }
})->handle();
