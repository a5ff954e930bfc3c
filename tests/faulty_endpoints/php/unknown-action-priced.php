<?php
// Fault: the action is not looked at; every action is answered with prices.
require __DIR__ . '/_base.php';

(new class extends Endpoint {
    protected function checkAction(mixed $action): void
    {
        if ($action === null) {
            throw new Refusal(400, 'No action');
        }
    }
})->handle();
