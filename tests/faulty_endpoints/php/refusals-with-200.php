<?php
// Fault: refusals have status 200; only the body says that something is wrong.
require __DIR__ . '/_base.php';

(new class extends Endpoint {
    protected function refuse(int $status, string $message): void
    {
        parent::refuse(200, $message);
    }
})->handle();
