<?php
// Correct: one index.php for everything; the endpoint's URL has a query string.
require __DIR__ . '/_base.php';

if (($_GET['route'] ?? '') === 'solusio/pricing') {
    (new Endpoint())->handle();
} else {
    http_response_code(404);
    echo '<h1>Page not found</h1>';
}
