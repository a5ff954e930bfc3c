<?php
// Fault: an API resource class wraps the response in {"data": ...}.
require __DIR__ . '/_base.php';

(new class extends Endpoint {
    protected function encode(array $pricing): string
    {
        return parent::encode(['data' => $pricing]);
    }
})->handle();
