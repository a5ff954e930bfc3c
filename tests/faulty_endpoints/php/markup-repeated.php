<?php
// Fault: the HTML page for an unknown action repeats the action as it was sent.
require __DIR__ . '/_base.php';

(new class extends Endpoint {
    protected function checkAction(mixed $action): void
    {
        $name = is_string($action) ? $action : '';
        if ($name !== 'GetTokenPricing') {
            throw new Refusal(400, "Unknown action $name");
        }
    }

    protected function refuse(int $status, string $message): void
    {
        http_response_code($status);
        header('Content-Type: text/html; charset=utf-8');
        echo "<h1>$message</h1>";
    }
})->handle();
