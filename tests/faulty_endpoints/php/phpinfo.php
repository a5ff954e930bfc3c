<?php
// Fault: an unknown action runs a forgotten phpinfo(), which shows the whole environment.
require __DIR__ . '/_base.php';

(new class extends Endpoint {
    protected function refuse(int $status, string $message): void
    {
        if ($message === 'Unknown action') {
            http_response_code($status);
            phpinfo();
            return;
        }
        parent::refuse($status, $message);
    }
})->handle();
