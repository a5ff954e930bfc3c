<?php
// Fault: the refusal of an unknown user contains the whole request, including the right token.
require __DIR__ . '/_base.php';

(new class extends Endpoint {
    protected function customer(int $id): ?array
    {
        return parent::customer($id)
            ?? throw new Refusal(404, 'No such user: ' . http_build_query($_POST));
    }
})->handle();
