<?php

declare(strict_types=1);

// Lets `mock-solusio invoices check` run billing.php. Step by step: docs/php-invoices.md of mock-solusio.
//
//   php adapter.php customers FILE     takes over the customers of a scenario
//   php adapter.php bill 2026-03       makes the invoices of a month
//   php adapter.php invoices 2026-03   prints them
//
// BILLING_DATABASE (a file), SOLUSIO_URL and SOLUSIO_ACCESS_TOKEN come in the environment.

ini_set('display_errors', 'stderr');

require __DIR__ . '/billing.php';

/** Read JSON with its decimals as text: 0.00091 becomes "0.00091" before PHP can make a float of it. */
function exact_json(string $json): array
{
    $quoted = preg_replace('/"(?:[^"\\\\]++|\\\\.)*+"(*SKIP)(*FAIL)|-?\d+[.eE][\d.eE+-]*/', '"$0"', $json);
    return json_decode($quoted, true, 512, JSON_THROW_ON_ERROR | JSON_BIGINT_AS_STRING);
}

function environment(string $name): string
{
    return getenv($name) ?: throw new RuntimeException("{$name} is not set");
}

/** Take over customers, and forget what an earlier check billed them: this is a database for tests. */
function take_over(Billing $billing, PDO $database, string $file): void
{
    $json = @file_get_contents($file);
    if ($json === false) {
        throw new RuntimeException("cannot read {$file}");
    }
    $forget = $database->prepare('DELETE FROM invoice WHERE customer = ?');
    foreach (exact_json($json)['customers'] as $customer) {
        $forget->execute([$customer['billing_user_id']]);
        $billing->save($customer['billing_user_id'], $customer['pricing']);
    }
}

function bill(Billing $billing, string $period): void
{
    $solusio = new Solusio(environment('SOLUSIO_URL'), environment('SOLUSIO_ACCESS_TOKEN'));
    $unpaid = [];
    foreach (array_merge(...array_values($billing->bill($period, $solusio))) as $line) {
        $who = "user {$line['user_id']} (billing_user_id " . ($line['billing_user_id'] ?? 'none') . ')';
        $unpaid[$who] = ($unpaid[$who] ?? 0) + $line['tokens'];
    }
    foreach ($unpaid as $who => $tokens) {
        fwrite(STDERR, "nobody pays {$tokens} tokens of {$who}\n");
    }
}

function print_invoices(Billing $billing, string $period): void
{
    echo json_encode(['invoices' => $billing->invoices($period)], JSON_THROW_ON_ERROR | JSON_UNESCAPED_UNICODE);
}

try {
    [, $command, $argument] = $argv + ['', '', ''];
    $database = new PDO('sqlite:' . environment('BILLING_DATABASE'));
    $billing = new Billing($database);
    match ($command) {
        'customers' => take_over($billing, $database, $argument),
        'bill' => bill($billing, $argument),
        'invoices' => print_invoices($billing, $argument),
        default => throw new RuntimeException('say customers FILE, bill PERIOD or invoices PERIOD'),
    };
} catch (Throwable $error) {
    fwrite(STDERR, "adapter.php: {$error->getMessage()}\n");
    exit(1);
}
