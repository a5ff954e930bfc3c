<?php
// Fault: a session remembers the right token; anyone with its cookie needs no token.
require __DIR__ . '/_base.php';

(new class extends Endpoint {
    protected function authorised(mixed $token): bool
    {
        session_save_path(sys_get_temp_dir());
        session_start();
        $_SESSION['authorised'] = ($_SESSION['authorised'] ?? false) || parent::authorised($token);
        return $_SESSION['authorised'];
    }
})->handle();
