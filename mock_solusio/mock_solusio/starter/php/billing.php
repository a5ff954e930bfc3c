<?php

declare(strict_types=1);

// A whole month of SolusIO billing: usage in, invoices out, once per customer and month.
// Explained in docs/php-invoices.md of mock-solusio.

/** Exact decimals as text ("0.00091"), amounts as integers in minor units. With bcmath: bcmul. */
final class Money
{
    /** Multiply decimals and round the product once, halves away from zero. Returns minor units. */
    public static function rounded(int $decimals, string|int ...$factors): int
    {
        [$sign, $digits, $scale] = [1, '1', 0];
        foreach ($factors as $factor) {
            [$minus, $more, $places] = self::parts((string) $factor);
            [$sign, $digits, $scale] = [$sign * $minus, self::product($digits, $more), $scale + $places];
        }
        $digits = str_pad($digits . str_repeat('0', max(0, $decimals - $scale)), $scale + 1, '0', STR_PAD_LEFT);
        $cut = max(0, $scale - $decimals);
        $whole = substr($digits, 0, strlen($digits) - $cut);
        if (strlen(ltrim($whole, '0')) > 17) {
            throw new RangeException("an amount of {$whole} minor units is too large");
        }
        return $sign * ((int) $whole + ($cut > 0 && $digits[-$cut] >= '5' ? 1 : 0));
    }

    /** Add a whole number to a decimal: plus('0.95', -1) is '-0.05'. */
    public static function plus(string|int $decimal, int $whole): string
    {
        [$sign, $digits, $scale] = self::parts((string) $decimal);
        if (strlen($digits) > 15) {
            throw new RangeException("{$decimal} has too many digits");
        }
        return self::text($sign * (int) $digits + $whole * 10 ** $scale, $scale);
    }

    /** Write an amount: text(-65, 2) is '-0.65'. */
    public static function text(int $amount, int $decimals): string
    {
        $digits = str_pad((string) abs($amount), $decimals + 1, '0', STR_PAD_LEFT);
        $text = $decimals > 0 ? substr_replace($digits, '.', -$decimals, 0) : $digits;
        return ($amount < 0 ? '-' : '') . $text;
    }

    /** Write an amount as SolusIO shows it to the customer. */
    public static function shown(int $amount, array $currency): string
    {
        [$whole, $rest] = explode('.', self::text($amount, $currency['decimals']) . '.');
        $whole = implode($currency['thousands_separator'], preg_split('/\B(?=(?:\d{3})+$)/', $whole));
        $point = $rest === '' ? '' : $currency['decimals_separator'];
        return $currency['display_prefix'] . $whole . $point . $rest . $currency['display_suffix'];
    }

    /** Split a decimal into sign, digits and number of decimal places. */
    private static function parts(string $decimal): array
    {
        if (preg_match('/^(-?)(\d+)(?:\.(\d+))?$/D', $decimal, $found) !== 1) {
            throw new InvalidArgumentException("{$decimal} is not a decimal such as 0.00091");
        }
        $behind = $found[3] ?? '';
        return [$found[1] === '-' ? -1 : 1, $found[2] . $behind, strlen($behind)];
    }

    /** Multiply two strings of digits, nine digits at a time: products of nine digits fit an integer. */
    private static function product(string $a, string $b): string
    {
        [$x, $y] = array_map(
            fn (string $digits) => array_map(fn (string $nine) => (int) strrev($nine), str_split(strrev($digits), 9)),
            [$a, $b],
        );
        $result = array_fill(0, count($x) + count($y), 0);
        foreach ($x as $i => $p) {
            $carry = 0;
            foreach ($y as $j => $q) {
                $sum = $result[$i + $j] + $p * $q + $carry;
                $result[$i + $j] = $sum % 1_000_000_000;
                $carry = intdiv($sum, 1_000_000_000);
            }
            $result[$i + count($y)] = $carry;
        }
        return implode('', array_map(fn (int $nine) => sprintf('%09d', $nine), array_reverse($result)));
    }
}

/** Reads /usage. */
final class Solusio
{
    private const ATTEMPTS = 5;

    public function __construct(private string $url, private string $accessToken)
    {
    }

    /** Read all lines of a month; refuse a month that is still running or was read incompletely. */
    public function usage(string $period): array
    {
        $from = new DateTimeImmutable("{$period}-01T00:00:00Z");
        $next = "{$this->url}/api/v1/usage?" . http_build_query([
            'from' => $from->format('Y-m-d\TH:i:s\Z'),
            'to' => $from->modify('+1 month')->format('Y-m-d\TH:i:s\Z'),
            'per_page' => 1000,
        ]);
        $lines = [];
        while ($next !== null) {
            $page = $this->get($next);
            foreach ($page['data'] as $line) {
                $lines[$line['id']] = $line;
            }
            $next = $page['links']['next'];
        }
        if (!$page['meta']['closed']) {
            throw new RuntimeException("{$period} is not over: metered until {$page['meta']['metered_until']}");
        }
        $totals = $page['meta']['totals'];
        if ([count($lines), array_sum(array_column($lines, 'tokens'))] !== [$totals['lines'], $totals['tokens']]) {
            throw new RuntimeException('the lines do not match the totals of SolusIO; run it again');
        }
        return $lines;
    }

    private function get(string $url): array
    {
        $context = stream_context_create(['http' => [
            'header' => ["Authorization: Bearer {$this->accessToken}", 'Accept: application/json'],
            'timeout' => 60,
            'ignore_errors' => true,
            'follow_location' => 0,
        ]]);
        for ($attempt = 1; ; $attempt++) {
            $wait = 2 ** ($attempt - 1);
            $problem = 'no answer';
            if ($stream = @fopen($url, 'r', false, $context)) {
                $head = implode("\n", stream_get_meta_data($stream)['wrapper_data']);
                $body = (string) stream_get_contents($stream);
                $status = (int) explode(' ', $head)[1];
                $problem = "status {$status}";
                if ($status === 200 && is_array($page = json_decode($body, true))) {
                    return $page;
                }
                if ($status !== 200 && $status !== 429 && $status < 500) {
                    throw new RuntimeException("SolusIO refused to return the usage: {$problem}");
                }
                if (preg_match('/^Retry-After: (\d{1,3})\s*$/mi', $head, $found) === 1) {
                    $wait = (int) $found[1];
                }
            }
            if ($attempt === self::ATTEMPTS) {
                throw new RuntimeException("SolusIO did not return the usage: {$problem}");
            }
            sleep($wait);
        }
    }
}

/** Customers and their invoices. */
final class Billing
{
    public function __construct(private PDO $database)
    {
        $database->setAttribute(PDO::ATTR_ERRMODE, PDO::ERRMODE_EXCEPTION);
        $database->exec('CREATE TABLE IF NOT EXISTS customer_price (id INTEGER PRIMARY KEY, pricing TEXT NOT NULL)');
        $database->exec('CREATE TABLE IF NOT EXISTS invoice (number INTEGER PRIMARY KEY, customer INTEGER NOT NULL,
            period TEXT NOT NULL, document TEXT NOT NULL, UNIQUE (customer, period))');
    }

    /** Store a customer's pricing as GetTokenPricing returns it, with costs as text. */
    public function save(int $customer, array $pricing): void
    {
        $this->database->prepare('INSERT OR REPLACE INTO customer_price VALUES (?, ?)')
            ->execute([$customer, json_encode($pricing, JSON_THROW_ON_ERROR)]);
    }

    /** Create the missing invoices of a month; return the usage of users without a customer. */
    public function bill(string $period, Solusio $solusio): array
    {
        $usage = [];
        foreach ($solusio->usage($period) as $line) {
            $usage[(int) $line['billing_user_id']][] = $line;
        }
        ksort($usage);
        $prices = $this->database->query('SELECT id, pricing FROM customer_price')->fetchAll(PDO::FETCH_KEY_PAIR);
        // One statement finds and takes the next number, so numbers have no gaps.
        $insert = $this->database->prepare('INSERT OR IGNORE INTO invoice (number, customer, period, document)
            SELECT coalesce(max(number), 0) + 1, ?, ?, ? FROM invoice');
        $this->database->beginTransaction();
        foreach (array_intersect_key($usage, $prices) as $customer => $lines) {
            $invoice = self::invoice($lines, json_decode($prices[$customer], true));
            $insert->execute([$customer, $period, json_encode($invoice, JSON_THROW_ON_ERROR)]);
        }
        $this->database->commit();
        return array_diff_key($usage, $prices);
    }

    /** Return the invoices of a month. */
    public function invoices(string $period): array
    {
        $query = $this->database->prepare('SELECT number, customer, document FROM invoice WHERE period = ? ORDER BY 1');
        $query->execute([$period]);
        return array_map(fn (array $row) => [
            'number' => $row['number'],
            'billing_user_id' => $row['customer'],
            'period' => $period,
        ] + json_decode($row['document'], true), $query->fetchAll(PDO::FETCH_ASSOC));
    }

    /** Calculate an invoice. Round only printed amounts, each once and from the exact figure. */
    private static function invoice(array $usage, array $pricing): array
    {
        $decimals = $pricing['currency']['decimals'];
        $base = $pricing['base_token_unit_cost'];
        $tokens = array_sum(array_column($usage, 'tokens'));
        $text = fn (int $amount) => Money::text($amount, $decimals);
        $subtotal = 0;
        $lines = [];
        foreach ($usage as $line) {
            $subtotal += $amount = Money::rounded($decimals, $line['tokens'], $base);
            $lines[] = [
                'server' => $line['server_name'],
                'resource' => $line['resource'],
                'plan' => $line['plan']['name'],
                'hours' => $line['hours'],
                'charge' => $line['charge'],
                'tokens' => $line['tokens'],
                'amount' => $text($amount),
            ];
        }
        $exact = [$tokens, $base];
        $sum = $subtotal;
        $discounts = [];
        foreach ($pricing['discounts'] as $discount) {
            $factor = $discount['multipler'];
            $sum += $amount = Money::rounded($decimals, Money::plus($factor, -1), ...$exact);
            $discounts[] = ['name' => $discount['name'], 'amount' => $text($amount)];
            $exact[] = $factor;
        }
        $taxes = [];
        foreach ($pricing['taxes']['rates'] ?? [] as $tax) {
            $sum += $amount = Money::rounded($decimals, $tax['rate'], '0.01', ...$exact);
            $taxes[] = ['label' => $tax['label'], 'amount' => $text($amount)];
            if ($pricing['taxes']['compound']) {
                array_push($exact, Money::plus($tax['rate'], 100), '0.01');
            }
        }
        $total = Money::rounded($decimals, $tokens, $pricing['user_token_unit_cost']);
        return [
            'currency' => $pricing['currency']['code'],
            'lines' => $lines,
            'subtotal' => $text($subtotal),
            'discounts' => $discounts,
            'taxes' => $taxes,
            'rounding' => $text($total - $sum),
            'total' => $text($total),
            'display_total' => Money::shown($total, $pricing['currency']),
        ];
    }
}
