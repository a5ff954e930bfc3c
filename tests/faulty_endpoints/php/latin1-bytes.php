<?php
// Fault: the pound sign is sent as the single byte A3, so the body is not UTF-8.
require __DIR__ . '/_base.php';

(new class extends Endpoint {
    protected function encode(array $pricing): string
    {
        $json = json_encode($pricing, JSON_UNESCAPED_UNICODE | JSON_THROW_ON_ERROR);
        return iconv('UTF-8', 'WINDOWS-1252', $json);
    }
})->handle();
