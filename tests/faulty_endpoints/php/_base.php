<?php
// A billing endpoint that does everything right. Each of the other files here replaces one method.
// Run: PORT=8000 BILLING_TOKEN=secret php -S 127.0.0.1:8000 FILE.php

class Refusal extends Exception
{
    public function __construct(public readonly int $status, string $message)
    {
        parent::__construct($message);
    }
}

class Endpoint
{
    public function handle(): void
    {
        try {
            $this->respond(200, $this->encode($this->price()));
        } catch (Refusal $refusal) {
            $this->refuse($refusal->status, $refusal->getMessage());
        }
    }

    protected function price(): array
    {
        $form = $this->form();
        if (!$this->authorised($form['token'] ?? null)) {
            throw new Refusal(401, 'The authorization token is wrong');
        }
        $this->checkAction($form['action'] ?? null);
        $id = $this->userId($form['userid'] ?? null) ?? throw new Refusal(400, 'No valid user id');
        $customer = $this->customer($id) ?? throw new Refusal(404, 'No such user');
        return $this->pricing($customer, $id);
    }

    protected function form(): array
    {
        if ($_SERVER['REQUEST_METHOD'] !== 'POST') {
            throw new Refusal(405, 'Only POST is answered');
        }
        return $_POST;
    }

    protected function expectedToken(): string
    {
        return (string) getenv('BILLING_TOKEN');
    }

    protected function authorised(mixed $token): bool
    {
        $expected = $this->expectedToken();
        return $expected === '' || (is_string($token) && hash_equals($expected, $token));
    }

    protected function checkAction(mixed $action): void
    {
        if ($action !== 'GetTokenPricing') {
            throw new Refusal(400, 'Unknown action');
        }
    }

    /** null: not a user id at all. 18 digits always fit into PHP's integer. */
    protected function userId(mixed $text): ?int
    {
        $valid = is_string($text) && preg_match('/^[1-9][0-9]{0,17}$/D', $text) === 1;
        return $valid ? (int) $text : null;
    }

    protected function customer(int $id): ?array
    {
        return $this->customers()[$id] ?? null;
    }

    protected function pricing(array $customer, int $id): array
    {
        return $customer;
    }

    protected function encode(array $pricing): string
    {
        return json_encode($pricing, JSON_THROW_ON_ERROR);
    }

    protected function respond(int $status, string $body): void
    {
        http_response_code($status);
        header('Content-Type: application/json');
        echo $body;
    }

    protected function refuse(int $status, string $message): void
    {
        $this->respond($status, json_encode(['error' => $message], JSON_THROW_ON_ERROR));
    }

    protected function customers(): array
    {
        return [
            1 => [
                'base_token_unit_cost' => 1.34,
                'user_token_unit_cost' => 1.3763676, // 1.34 x 0.95 x 1.06 x 1.02
                'currency' => [
                    'code' => 'GBP',
                    'display_prefix' => '£',
                    'display_suffix' => ' GBP',
                    'thousands_separator' => ',',
                    'decimals_separator' => '.',
                ],
                'discounts' => [[
                    'name' => 'Special Client Group Discount',
                    'description' => '5% Recurring Discount',
                    'multipler' => 0.95,
                ]],
                'taxes' => [
                    'compound' => true,
                    'rates' => [
                        ['label' => 'City Tax', 'rate' => 6],
                        ['label' => 'State Tax', 'rate' => 2],
                    ],
                ],
            ],
            2 => [
                'base_token_unit_cost' => 0.00091,
                'user_token_unit_cost' => 0.00091, // no discounts, no taxes
                'currency' => [
                    'code' => 'EUR',
                    'display_prefix' => '',
                    'display_suffix' => ' €',
                    'thousands_separator' => '.',
                    'decimals_separator' => ',',
                ],
                'discounts' => [],
                'taxes' => ['compound' => false, 'rates' => []],
            ],
            3 => [
                'base_token_unit_cost' => 0.15,
                'user_token_unit_cost' => 0.1188, // 0.15 x 0.9 x 0.8 x (1 + 0.08 + 0.02)
                'currency' => [
                    'code' => 'JPY',
                    'display_prefix' => '¥',
                    'display_suffix' => '',
                    'thousands_separator' => ',',
                    'decimals_separator' => '.',
                ],
                'discounts' => [
                    ['name' => 'Loyalty', 'description' => 'Third year', 'multipler' => 0.9],
                    ['name' => 'Volume', 'description' => 'Ten servers', 'multipler' => 0.8],
                ],
                'taxes' => [
                    'compound' => false,
                    'rates' => [
                        ['label' => 'Consumption Tax', 'rate' => 8],
                        ['label' => 'Regional Levy', 'rate' => 2],
                    ],
                ],
            ],
        ];
    }
}
