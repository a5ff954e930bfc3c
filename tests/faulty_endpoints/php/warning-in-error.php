<?php
// Fault: display_errors is on; a request without userid shows a PHP warning with the file's path.
require __DIR__ . '/_base.php';
ini_set('display_errors', '1');
ob_start();

(new class extends Endpoint {
    protected function userId(mixed $text): ?int
    {
        return parent::userId($_POST['userid']);
    }
})->handle();
