<?php
// Fault: the URL without a trailing slash redirects to the one with it, as in nginx and many
// frameworks. A client that follows a 301 sends GET, and loses the form.
require __DIR__ . '/_base.php';

(new class extends Endpoint {
    public function handle(): void
    {
        $path = parse_url($_SERVER['REQUEST_URI'], PHP_URL_PATH);
        if (!str_ends_with($path, '/')) {
            http_response_code(301);
            header("Location: $path/");
            return;
        }
        parent::handle();
    }
})->handle();
