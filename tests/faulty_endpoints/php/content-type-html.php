<?php
// Fault: the script sets no Content-Type, so PHP sends text/html.
require __DIR__ . '/_base.php';

(new class extends Endpoint {
    protected function respond(int $status, string $body): void
    {
        http_response_code($status);
        echo $body;
    }
})->handle();
