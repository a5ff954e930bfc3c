<?php
// Correct: compressed on request, with the right length.
require __DIR__ . '/_base.php';

(new class extends Endpoint {
    protected function respond(int $status, string $body): void
    {
        header('Vary: Accept-Encoding');
        $accepted = $_SERVER['HTTP_ACCEPT_ENCODING'] ?? '';
        if (preg_match('/\bgzip\b(?!\s*;\s*q=0(\.0*)?\s*(,|$))/', $accepted)) {
            header('Content-Encoding: gzip');
            $body = gzencode($body);
        }
        header('Content-Length: ' . strlen($body));
        parent::respond($status, $body);
    }
})->handle();
