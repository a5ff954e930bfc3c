<?php
// Fault: nobody set the content type, so PHP says text/html.
require __DIR__ . '/_base.php';

(new class extends Endpoint {
    protected function respond(int $status, string $body): void
    {
        http_response_code($status);
        echo $body;
    }
})->handle();
