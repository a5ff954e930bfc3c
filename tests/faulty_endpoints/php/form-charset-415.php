<?php
// Fault: the whole Content-Type is compared, so a form with "; charset=utf-8" is refused.
require __DIR__ . '/_base.php';

(new class extends Endpoint {
    protected function form(): array
    {
        if ($_SERVER['CONTENT_TYPE'] !== 'application/x-www-form-urlencoded') {
            throw new Refusal(415, 'Send a form');
        }
        return parent::form();
    }
})->handle();
