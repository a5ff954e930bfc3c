<?php
// Fault: the refusal repeats the action, and json_encode() throws if that is not UTF-8.
require __DIR__ . '/_base.php';

(new class extends Endpoint {
    protected function checkAction(mixed $action): void
    {
        if (is_string($action) && $action !== 'GetTokenPricing') {
            throw new Refusal(400, "Unknown action $action");
        }
        parent::checkAction($action);
    }
})->handle();
