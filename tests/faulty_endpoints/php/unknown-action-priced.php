<?php
// Fault: the action is not checked; every action returns prices.
require __DIR__ . '/_base.php';

(new class extends Endpoint {
    protected function checkAction(mixed $action): void
    {
        if ($action === null) {
            throw new Refusal(400, 'No action');
        }
    }
})->handle();
