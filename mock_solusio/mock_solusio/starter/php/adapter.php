<?php

declare(strict_types=1);

// Lets `mock-solusio invoices check` run billing.php. Explained in docs/php-invoices.md of mock-solusio.
//
//   php adapter.php customers FILE     saves the customers of a scenario
//   php adapter.php bill 2026-03       creates the invoices of a month
//   php adapter.php invoices 2026-03   prints them
//
// Environment: BILLING_DATABASE (a file), SOLUSIO_URL, SOLUSIO_ACCESS_TOKEN, SOLUSIO_JOB (each job of --jobs has a file
// of its own: the first one BILLING_DATABASE itself, the second one BILLING_DATABASE-2).

ini_set('display_errors', 'stderr');

require __DIR__ . '/billing.php';

/** Decode JSON with decimals as text: 0.00091 becomes "0.00091" before PHP makes it a float. */
function exact_json(string $json): array
{
    $quoted = preg_replace('/"(?:[^"\\\\]++|\\\\.)*+"(*SKIP)(*FAIL)|-?\d+[.eE][\d.eE+-]*/', '"$0"', $json);
    return json_decode($quoted, true, 512, JSON_THROW_ON_ERROR | JSON_BIGINT_AS_STRING);
}

function environment(string $name): string
{
    return getenv($name) ?: throw new RuntimeException("{$name} is not set");
}

/** Save customers and delete their invoices of earlier checks, but not of months before this one: this is a test database. */
function save_customers(Billing $billing, PDO $database, string $file): void
{
    $json = @file_get_contents($file);
    if ($json === false) {
        throw new RuntimeException("cannot read {$file}");
    }
    $delete = $database->prepare('DELETE FROM invoice WHERE customer = ? AND period >= ?');
    $database->beginTransaction();
    foreach (exact_json($json)['customers'] as $customer) {
        $delete->execute([$customer['billing_user_id'], (string) getenv('SOLUSIO_PERIOD')]);
        $billing->save($customer['billing_user_id'], $customer['pricing']);
    }
    $database->commit();
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
        fwrite(STDERR, "no customer for {$tokens} tokens of {$who}\n");
    }
}

function print_invoices(Billing $billing, string $period): void
{
    echo json_encode(['invoices' => $billing->invoices($period)], JSON_THROW_ON_ERROR | JSON_UNESCAPED_UNICODE);
}

try {
    [, $command, $argument] = $argv + ['', '', ''];
    $job = getenv('SOLUSIO_JOB') ?: '1';
    $database = new PDO('sqlite:' . environment('BILLING_DATABASE') . ($job === '1' ? '' : "-{$job}"));
    $billing = new Billing($database);
    match ($command) {
        'customers' => save_customers($billing, $database, $argument),
        'bill' => bill($billing, $argument),
        'invoices' => print_invoices($billing, $argument),
        default => throw new RuntimeException('usage: customers FILE, bill PERIOD or invoices PERIOD'),
    };
} catch (Throwable $error) {
    fwrite(STDERR, "adapter.php: {$error->getMessage()}\n");
    exit(1);
}
