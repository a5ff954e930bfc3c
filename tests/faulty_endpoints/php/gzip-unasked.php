<?php
// Fault: the response is always compressed, even if the client does not accept that.
require __DIR__ . '/_base.php';

(new class extends Endpoint {
    protected function respond(int $status, string $body): void
    {
        header('Content-Encoding: gzip');
        parent::respond($status, gzencode($body));
    }
})->handle();
