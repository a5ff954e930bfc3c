<?php
// Fault: the framework's CSRF protection also covers the API, so every POST gets a 419.
require __DIR__ . '/_base.php';

(new class extends Endpoint {
    protected function form(): array
    {
        $form = parent::form();
        if (!isset($form['_token']) && !isset($_SERVER['HTTP_X_CSRF_TOKEN'])) {
            throw new Refusal(419, 'Page Expired');
        }
        return $form;
    }
})->handle();
