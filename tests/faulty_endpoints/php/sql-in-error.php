<?php
// Fault: the refusal of an unknown user shows the query.
require __DIR__ . '/_base.php';

(new class extends Endpoint {
    protected function customer(int $id): ?array
    {
        $query = "SELECT currency, groupid FROM tblclients WHERE id = $id";
        return parent::customer($id) ?? throw new Refusal(404, "No rows: $query");
    }
})->handle();
