<?php
// Fault: a missing action counts as GetTokenPricing, as long as there is no other.
require __DIR__ . '/_base.php';

(new class extends Endpoint {
    protected function checkAction(mixed $action): void
    {
        parent::checkAction($action ?? 'GetTokenPricing');
    }
})->handle();
