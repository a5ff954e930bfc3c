<?php

declare(strict_types=1);

// A complete GetTokenPricing endpoint for SolusIO: what one token costs a customer.
// Explained line by line in docs/php-endpoint.md of mock-solusio.

ini_set('display_errors', '0');
ini_set('serialize_precision', '-1');

const CUSTOMERS = [
    1 => [
        'base' => 1.34,
        'currency' => ['GBP', '£', ' GBP', ',', '.'],
        'discounts' => [['Special Client Group Discount', '5% Recurring Discount', 0.95]],
        'compound' => true,
        'taxes' => [['City Tax', 6], ['State Tax', 2]],
    ],
    2 => [
        'base' => 0.00091,
        'currency' => ['EUR', '', ' €', '.', ','],
        'discounts' => [],
        'compound' => false,
        'taxes' => [],
    ],
];

function answer(int $status, array $document): never
{
    $body = json_encode($document, JSON_THROW_ON_ERROR);
    http_response_code($status);
    header('Content-Type: application/json');
    header('Cache-Control: no-store');
    echo $body;
    exit;
}

function refuse(int $status, string $message): never
{
    answer($status, ['error' => $message]);
}

function field(string $name): string
{
    $value = $_POST[$name] ?? '';
    return is_string($value) ? $value : '';
}

function price(array $customer): array
{
    $discounts = [];
    $cost = $customer['base'];
    foreach ($customer['discounts'] as [$name, $description, $factor]) {
        $discounts[] = ['name' => $name, 'description' => $description, 'multipler' => $factor];
        $cost *= $factor;
    }
    $rates = [];
    $taxes = 1;
    foreach ($customer['taxes'] as [$label, $percent]) {
        $rates[] = ['label' => $label, 'rate' => $percent];
        $taxes += ($customer['compound'] ? $taxes : 1) * $percent / 100;
    }
    $names = ['code', 'display_prefix', 'display_suffix', 'thousands_separator', 'decimals_separator'];
    return [
        'base_token_unit_cost' => $customer['base'],
        'user_token_unit_cost' => $cost * $taxes,
        'currency' => array_combine($names, $customer['currency']),
        'discounts' => $discounts,
        'taxes' => ['compound' => $customer['compound'], 'rates' => $rates],
    ];
}

$expected = (string) getenv('SOLUSIO_TOKEN');
if ($expected === '') {
    error_log('SOLUSIO_TOKEN is not set');
    refuse(503, 'not configured');
}
if (!hash_equals($expected, field('token'))) {
    refuse(401, 'the token is missing or wrong');
}
if (field('action') !== 'GetTokenPricing') {
    refuse(400, 'unknown action');
}
if (preg_match('/^[1-9][0-9]{0,17}$/D', field('userid')) !== 1) {
    refuse(400, 'userid must be a positive integer');
}
$customer = CUSTOMERS[(int) field('userid')] ?? refuse(404, 'no such user');
answer(200, price($customer));
