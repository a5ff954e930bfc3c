<?php
// Fault: the header declares ISO-8859-1, but the body is UTF-8 with a raw pound sign.
require __DIR__ . '/_base.php';

(new class extends Endpoint {
    protected function respond(int $status, string $body): void
    {
        http_response_code($status);
        header('Content-Type: application/json; charset=ISO-8859-1');
        echo $body;
    }

    protected function encode(array $pricing): string
    {
        return json_encode($pricing, JSON_UNESCAPED_UNICODE | JSON_THROW_ON_ERROR);
    }
})->handle();
