<?php

declare(strict_types=1);

// The SolusIO users of a billing system's customers, and their login. Explained in docs/php-users.md of mock-solusio.

class SolusioError extends RuntimeException
{
}

/** SolusIO may or may not have done it: look before you repeat it. */
class LostResponse extends SolusioError
{
}

/** Calls the API. */
class Solusio
{
    private const ATTEMPTS = 4;

    public function __construct(
        public readonly string $url,
        protected readonly string $accessToken,
        protected readonly string $caFile = '',
    ) {
    }

    /** Send a request, again if that does no harm; return what the response says. */
    public function call(string $method, string $path, ?array $body = null): array
    {
        for ($attempt = 1; ; $attempt++) {
            [$status, $text, $retryAfter] = $this->send($method, $path, $body);
            $answer = $status === 204 ? [] : json_decode($text, true);
            $arrived = $status > 0 && $status < 500 && (is_array($answer) || $status >= 400);
            $refusedForNow = $status === 429 || ($status === 503 && $retryAfter !== null);
            if ($arrived && $status < 300) {
                return $answer;
            }
            // A POST that got no response may have made something: only those that did nothing may be repeated.
            $repeatable = $refusedForNow || $status === -1 || (!$arrived && $method !== 'POST');
            if (!$repeatable || $attempt === self::ATTEMPTS || $retryAfter > 30) {
                break;
            }
            usleep((int) (1_000_000 * ($retryAfter ?? 0.5 * 2 ** ($attempt - 1))));
        }
        $what = "{$method} {$path}: " . ($status > 0 ? "status {$status}" : 'no response');
        $details = is_array($answer) && $status >= 400 ? ': ' . json_encode($answer['errors'] ?? $answer['message'] ?? '') : '';
        $lost = $method === 'POST' && $status !== -1 && !$arrived && !$refusedForNow;
        throw $lost ? new LostResponse($what) : new SolusioError($what . $details, $status);
    }

    /** Yield the rows of a list, from all its pages. */
    public function all(string $path, array $query): Generator
    {
        $next = "{$path}?" . http_build_query($query);
        while ($next !== null) {
            $page = $this->call('GET', $next);
            yield from $page['data'];
            $link = $page['links']['next'] ?? null;
            $next = $link === null ? null : "{$path}?" . parse_url($link, PHP_URL_QUERY);
        }
    }

    /** Returns the status (0: no response; -1: nothing was sent), the body, and the seconds of Retry-After. */
    protected function send(string $method, string $path, ?array $body): array
    {
        $retryAfter = null;
        $curl = curl_init("{$this->url}/api/v1/{$path}");
        curl_setopt_array($curl, $this->options($method, $body) + [
            CURLOPT_RETURNTRANSFER => true,
            CURLOPT_ENCODING => '',
            CURLOPT_CONNECTTIMEOUT => 5,
            CURLOPT_TIMEOUT => 30,
            CURLOPT_HEADERFUNCTION => function ($curl, string $line) use (&$retryAfter) {
                $retryAfter = preg_match('/^retry-after: *(\d{1,6})\s*$/i', $line, $found) ? (int) $found[1] : $retryAfter;
                return strlen($line);
            },
        ]);
        $text = curl_exec($curl);
        if ($text === false) {
            return [curl_errno($curl) === CURLE_COULDNT_CONNECT ? -1 : 0, '', null];
        }
        return [curl_getinfo($curl, CURLINFO_RESPONSE_CODE), $text, $retryAfter];
    }

    protected function options(string $method, ?array $body): array
    {
        $headers = ["Authorization: Bearer {$this->accessToken}", 'Accept: application/json'];
        $options = [CURLOPT_CUSTOMREQUEST => $method, CURLOPT_USERAGENT => 'example-billing/1.0'];
        if ($body !== null) {
            $options[CURLOPT_POSTFIELDS] = json_encode((object) $body, JSON_THROW_ON_ERROR);
            $headers[] = 'Content-Type: application/json';
        }
        if ($this->caFile !== '') {
            $options[CURLOPT_CAINFO] = $this->caFile;
        }
        return $options + [CURLOPT_HTTPHEADER => $headers];
    }
}

/** Gives each customer one user in SolusIO, finds them by billing_user_id, and touches nobody else. */
class Users
{
    public function __construct(protected readonly PDO $database, protected readonly Solusio $solusio)
    {
        $database->exec('CREATE TABLE IF NOT EXISTS customer (id INTEGER PRIMARY KEY, email TEXT NOT NULL,
            language_id INTEGER, limit_group_id INTEGER, locked INTEGER NOT NULL DEFAULT 0,
            suspended INTEGER NOT NULL DEFAULT 0, deleted INTEGER NOT NULL DEFAULT 0)');
    }

    /** Store what the user of a customer is made from; null leaves the choice to SolusIO. */
    public function save(int $customer, string $email, ?int $language = null, ?int $limitGroup = null): void
    {
        $this->database->prepare('INSERT INTO customer (id, email, language_id, limit_group_id) VALUES (?, ?, ?, ?)
            ON CONFLICT (id) DO UPDATE SET email = excluded.email, language_id = excluded.language_id,
            limit_group_id = excluded.limit_group_id')->execute([$customer, $email, $language, $limitGroup]);
    }

    public function create(int $customer): void
    {
        if ($this->customer($customer)['deleted']) {
            $this->set($customer, ['deleted' => 0, 'locked' => 0, 'suspended' => 0]);
        }
        $this->update($customer);
    }

    public function update(int $customer): void
    {
        $row = $this->customer($customer);
        $user = $this->find($customer) ?? $this->make($customer);
        $current = ['language_id' => $user['language']['id'] ?? null, 'limit_group_id' => $user['limit_group']['id'] ?? null];
        $this->change($user, array_diff_assoc($this->profile($row), $current + $user));
    }

    public function suspend(int $customer): void
    {
        $this->mark($customer, ['suspended' => 1]);
    }

    public function unsuspend(int $customer): void
    {
        $this->mark($customer, ['suspended' => 0]);
    }

    public function lock(int $customer): void
    {
        $this->mark($customer, ['locked' => 1]);
    }

    public function unlock(int $customer): void
    {
        $this->mark($customer, ['locked' => 0]);
    }

    public function delete(int $customer): void
    {
        $this->set($customer, ['deleted' => 1]);
        $user = $this->find($customer);
        try {
            $user === null || $this->solusio->call('DELETE', "users/{$user['id']}");
        } catch (SolusioError $error) {
            // Somebody was faster, or the response to our first request was lost.
            $error->getCode() === 404 || throw $error;
        }
    }

    /** Return a link that logs the customer in once. Redirect to it at once: it is worth a password. */
    public function login(int $customer): string
    {
        if ($this->customer($customer)['deleted']) {
            throw new RuntimeException("customer {$customer} is deleted");
        }
        $user = $this->find($customer) ?? $this->make($customer);
        for ($attempt = 1; ; $attempt++) {
            try {
                $token = $this->solusio->call('POST', "users/{$user['id']}/tokens", ['is_one_time' => true])['data'];
                return "{$this->solusio->url}/auth/by_token/" . rawurlencode($token['access_token']);
            } catch (LostResponse $error) {
                // Nobody has seen a token that was lost: asking for another does no harm.
                $attempt < 3 ? sleep($attempt) : throw $error;
            }
        }
    }

    /** Find the customer's user; null if there is none. A SolusIO that ignores the filter sends all users. */
    protected function find(int $customer): ?array
    {
        foreach ($this->solusio->all('users', ['filter[billing_user_id]' => $customer, 'per_page' => 100]) as $user) {
            if ($user['billing_user_id'] === $customer) {
                return $this->theirs($user);
            }
        }
        return null;
    }

    /** Never touch staff, even if somebody gave an administrator this billing_user_id. */
    protected function theirs(array $user): array
    {
        if (in_array('ADMIN', array_column($user['roles'], 'name'), true)) {
            throw new RuntimeException("SolusIO user {$user['id']} is an administrator, not a customer");
        }
        return $user;
    }

    /** Create the user, and look after each failure: another request may have made them. */
    protected function make(int $customer): array
    {
        for ($attempt = 1; ; $attempt++) {
            try {
                return $this->solusio->call('POST', 'users', $this->fields($customer))['data'];
            } catch (SolusioError $error) {
                $lost = $error instanceof LostResponse;
                if (($lost || $error->getCode() === 422) && $user = $this->find($customer)) {
                    return $user;
                }
                $lost && $attempt < 3 ? sleep($attempt) : throw $error;
            }
        }
    }

    /** What a new user has. A random password that nobody knows: customers log in by link. */
    protected function fields(int $customer): array
    {
        $row = $this->customer($customer);
        return $this->profile($row) + [
            'billing_user_id' => $customer,
            'status' => $this->status($row),
            'password' => bin2hex(random_bytes(16)),
        ];
    }

    protected function profile(array $row): array
    {
        $names = ['email' => 0, 'language_id' => 0, 'limit_group_id' => 0];
        return array_filter(array_intersect_key($row, $names), fn ($value) => $value !== null);
    }

    protected function status(array $row): string
    {
        return $row['suspended'] ? 'suspended' : ($row['locked'] ? 'locked' : 'active');
    }

    /** Remember why a customer is restricted: a lock stays when a suspension ends. */
    protected function mark(int $customer, array $columns): void
    {
        $this->set($customer, $columns);
        $user = $this->find($customer) ?? $this->make($customer);
        $this->change($user, array_diff_assoc(['status' => $this->status($this->customer($customer))], $user));
    }

    protected function change(array $user, array $changes): void
    {
        $changes === [] || $this->solusio->call('PUT', "users/{$user['id']}", $changes);
    }

    protected function customer(int $customer): array
    {
        $rows = $this->database->prepare('SELECT * FROM customer WHERE id = ?');
        $rows->execute([$customer]);
        return $rows->fetch(PDO::FETCH_ASSOC) ?: throw new RuntimeException("there is no customer {$customer}");
    }

    protected function set(int $customer, array $columns): void
    {
        $set = implode(', ', array_map(fn ($name) => "{$name} = ?", array_keys($columns)));
        $this->database->prepare("UPDATE customer SET {$set} WHERE id = ?")->execute([...array_values($columns), $customer]);
    }
}
