<?php
// Fault: the answer is cached under a key that lacks the user id: all get the first one's prices.
require __DIR__ . '/_base.php';

(new class extends Endpoint {
    protected function pricing(array $customer, int $id): array
    {
        $cache = sys_get_temp_dir() . '/pricing.json';
        if (!is_file($cache)) {
            file_put_contents($cache, $this->encode($customer));
        }
        return json_decode(file_get_contents($cache), true);
    }
})->handle();
