<?php
// Fault: the answer is compressed for everybody, also for those who did not ask for it.
require __DIR__ . '/_base.php';

(new class extends Endpoint {
    protected function respond(int $status, string $body): void
    {
        header('Content-Encoding: gzip');
        parent::respond($status, gzencode($body));
    }
})->handle();
