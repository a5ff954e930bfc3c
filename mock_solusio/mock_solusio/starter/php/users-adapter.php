<?php

declare(strict_types=1);

// Lets `mock-solusio users check` run users.php. Explained in docs/php-users.md of mock-solusio.
//
//   php users-adapter.php prepare FILE    takes in the customers of a scenario
//   php users-adapter.php create 7        ... also update, suspend, unsuspend, lock, unlock and delete
//   php users-adapter.php login 7         prints the login link
//
// Environment: BILLING_DATABASE (a file), SOLUSIO_URL, SOLUSIO_ACCESS_TOKEN, SOLUSIO_CA_FILE, SOLUSIO_CUSTOMERS.

ini_set('display_errors', 'stderr');

require __DIR__ . '/users.php';

const EVENTS = ['create', 'update', 'suspend', 'unsuspend', 'lock', 'unlock', 'delete', 'login'];

function environment(string $name): string
{
    return getenv($name) ?: throw new RuntimeException("{$name} is not set");
}

/** Save customers as the document has them; `$forget`: and forget what happened to them in earlier checks. */
function save_customers(Users $users, PDO $database, string $file, bool $forget = false): void
{
    $document = json_decode((string) file_get_contents($file), true, 512, JSON_THROW_ON_ERROR);
    foreach ($document['customers'] as $customer) {
        if ($forget) {
            $database->prepare('DELETE FROM customer WHERE id = ?')->execute([$customer['billing_user_id']]);
        }
        $users->save(
            $customer['billing_user_id'],
            $customer['email'],
            $customer['language_id'] ?? null,
            $customer['limit_group_id'] ?? null,
        );
    }
}

try {
    [, $event, $argument] = $argv + ['', '', ''];
    $database = new PDO('sqlite:' . environment('BILLING_DATABASE'), options: [PDO::ATTR_TIMEOUT => 30]);
    $solusio = new Solusio(environment('SOLUSIO_URL'), environment('SOLUSIO_ACCESS_TOKEN'), getenv('SOLUSIO_CA_FILE') ?: '');
    $users = new Users($database, $solusio);
    if ($event === 'prepare') {
        save_customers($users, $database, $argument, forget: true);
    } elseif (in_array($event, EVENTS, true)) {
        save_customers($users, $database, environment('SOLUSIO_CUSTOMERS'));
        echo $users->{$event}((int) $argument);
    } else {
        throw new RuntimeException('usage: prepare FILE, or ' . implode(', ', EVENTS) . ' CUSTOMER');
    }
} catch (Throwable $error) {
    fwrite(STDERR, "users-adapter.php: {$error->getMessage()}\n");
    exit(1);
}
