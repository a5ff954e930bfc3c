<?php

declare(strict_types=1);

// Serves all variants with `php -S`: POST /php-<variant>/<event>, as docs/users.md describes. What a variant knows is
// in an SQLite file of its own, in the folder FAULTY_USERS_DATA.

require __DIR__ . '/mistakes.php';

function database(string $variant): PDO
{
    $options = [PDO::ATTR_TIMEOUT => 30, PDO::ATTR_ERRMODE => PDO::ERRMODE_EXCEPTION];
    return new PDO('sqlite:' . getenv('FAULTY_USERS_DATA') . "/{$variant}.sqlite", options: $options);
}

function prepare(PDO $database, Users $users, array $customers): void
{
    $tables = $database->query("SELECT name FROM sqlite_master WHERE type = 'table'")->fetchAll(PDO::FETCH_COLUMN);
    foreach ($customers as $customer) {
        foreach ($tables as $table) {
            $key = $table === 'customer' ? 'id' : 'customer';
            $database->prepare("DELETE FROM {$table} WHERE {$key} = ?")->execute([$customer['billing_user_id']]);
        }
        save($users, $customer);
    }
}

function save(Users $users, array $customer): void
{
    $users->save(
        $customer['billing_user_id'],
        $customer['email'],
        $customer['language_id'] ?? null,
        $customer['limit_group_id'] ?? null,
    );
}

function variant_class(string $name): string
{
    return str_replace(' ', '', ucwords(str_replace('-', ' ', substr($name, strlen('php-')))));
}

set_error_handler(fn (int $level, string $text, string $file, int $line) => throw new ErrorException($text, 0, $level, $file, $line));
header('Content-Type: application/json');
try {
    [, $name, $event] = explode('/', $_SERVER['REQUEST_URI']);
    $body = json_decode(file_get_contents('php://input'), true, 512, JSON_THROW_ON_ERROR);
    $class = variant_class($name);
    $solusio = new ($class::SOLUSIO)($body['solusio_url'] ?? '', $body['access_token'] ?? '', $body['ca_file'] ?? '');
    $users = new $class($database = database($name), $solusio);
    $result = new stdClass();
    if ($event === 'prepare') {
        prepare($database, $users, $body['customers']);
    } else {
        save($users, $body['customer']);
        $link = $users->{$event}($body['customer']['billing_user_id']);
        $result = $event === 'login' ? ['url' => $link] : $result;
    }
    echo json_encode($result, JSON_THROW_ON_ERROR);
} catch (Throwable $error) {
    http_response_code($error instanceof SolusioError && $error->getCode() < 500 ? 409 : 500);
    echo json_encode(['error' => $error->getMessage()]);
}
