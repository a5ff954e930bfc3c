<?php
// Fault: the cache key lacks the user id. A cached response is returned at once and renewed after that
// ("stale while revalidate"), so each user gets the prices of the one before.
require __DIR__ . '/_base.php';

(new class extends Endpoint {
    protected function pricing(array $customer, int $id): array
    {
        $cache = sys_get_temp_dir() . '/pricing.json';
        $stale = is_file($cache) ? json_decode(file_get_contents($cache), true) : $customer;
        file_put_contents($cache, $this->encode($customer), LOCK_EX);
        return $stale ?? $customer;
    }
})->handle();
