<?php
// Fault: a UTF-8 byte order mark before the JSON, from an included file.
require __DIR__ . '/_base.php';

(new class extends Endpoint {
    protected function encode(array $pricing): string
    {
        return "\xEF\xBB\xBF" . parent::encode($pricing);
    }
})->handle();
