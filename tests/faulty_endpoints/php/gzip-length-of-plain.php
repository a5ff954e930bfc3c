<?php
// Fault: if the client accepts gzip, Content-Length still counts the bytes before compression.
require __DIR__ . '/_base.php';

(new class extends Endpoint {
    protected function respond(int $status, string $body): void
    {
        header('Vary: Accept-Encoding');
        header('Content-Length: ' . strlen($body));
        if (str_contains($_SERVER['HTTP_ACCEPT_ENCODING'] ?? '', 'gzip')) {
            header('Content-Encoding: gzip');
            $body = gzencode($body);
        }
        parent::respond($status, $body);
    }
})->handle();
