<?php

declare(strict_types=1);

// Variants of the users.php that `mock-solusio init php` writes: with one mistake each, and in correct styles. The
// name of a class in the URL is in lower case with hyphens and begins with php: FirstWithMail is
// /php-first-with-mail/.

require __DIR__ . '/../../mock_solusio/mock_solusio/starter/php/users.php';

abstract class Variant extends Users
{
    public const SOLUSIO = Solusio::class;
}

// How the user is found

/** The first user that a search for the address finds, as the public WHMCS and Blesta modules do. */
class FirstWithMail extends Variant
{
    protected function find(int $customer): ?array
    {
        $query = ['filter[search]' => $this->customer($customer)['email']];
        foreach ($this->solusio->all('users', $query) as $user) {
            return $user;
        }
        return null;
    }
}

/** A user with the address who belongs to nobody is made the customer's. */
class Adopts extends Variant
{
    protected function make(int $customer): array
    {
        $email = $this->customer($customer)['email'];
        foreach ($this->solusio->all('users', ['filter[search]' => $email]) as $user) {
            if ($user['email'] === $email && $user['billing_user_id'] === null) {
                $this->change($user, ['billing_user_id' => $customer]);
                return $user;
            }
        }
        return parent::make($customer);
    }
}

/** == makes null and 0 the same, and the comparison runs the wrong way round. */
class LooseComparison extends Variant
{
    protected function find(int $customer): ?array
    {
        foreach ($this->solusio->all('users', ['per_page' => 100]) as $user) {
            if (str_contains((string) $customer, (string) $user['billing_user_id'])) {
                return $user;
            }
        }
        return null;
    }
}

class OnlyFirstPage extends Variant
{
    protected function find(int $customer): ?array
    {
        foreach ($this->solusio->call('GET', 'users')['data'] as $user) {
            if ($user['billing_user_id'] === $customer) {
                return $user;
            }
        }
        return null;
    }
}

/** A filter that SolusIO does not have, and whose first row is taken. */
class FilterByMail extends Variant
{
    protected function find(int $customer): ?array
    {
        $email = $this->customer($customer)['email'];
        return $this->solusio->call('GET', 'users?' . http_build_query(['filter[email]' => $email]))['data'][0] ?? null;
    }
}

/** Numbers of customers pass through a float. */
class FloatNumbers extends Variant
{
    protected function fields(int $customer): array
    {
        return ['billing_user_id' => (int) round($customer, -3) ?: 1] + parent::fields($customer);
    }

    protected function find(int $customer): ?array
    {
        return parent::find((int) round($customer, -3) ?: 1);
    }
}

// Creation

class MailIsPassword extends Variant
{
    protected function fields(int $customer): array
    {
        return ['password' => $this->customer($customer)['email']] + parent::fields($customer);
    }
}

class SamePassword extends Variant
{
    protected function fields(int $customer): array
    {
        return ['password' => 'changeme-2026'] + parent::fields($customer);
    }
}

class EmptyPassword extends Variant
{
    protected function fields(int $customer): array
    {
        return ['password' => ''] + parent::fields($customer);
    }
}

/** The role with id 1, which is ADMIN. */
class RoleOne extends Variant
{
    protected function fields(int $customer): array
    {
        return parent::fields($customer) + ['roles' => [1]];
    }
}

class NoNumber extends Variant
{
    protected function fields(int $customer): array
    {
        return array_diff_key(parent::fields($customer), ['billing_user_id' => 0]);
    }

    protected function find(int $customer): ?array
    {
        $email = $this->customer($customer)['email'];
        foreach ($this->solusio->all('users', ['filter[search]' => $email]) as $user) {
            if ($user['email'] === $email && $user['billing_user_id'] === null) {
                return $user;
            }
        }
        return null;
    }
}

class PostedAgain extends Variant
{
    protected function make(int $customer): array
    {
        for ($attempt = 1; ; $attempt++) {
            try {
                return $this->solusio->call('POST', 'users', $this->fields($customer))['data'];
            } catch (LostResponse $error) {
                $attempt < 3 ? sleep($attempt) : throw $error;
            }
        }
    }
}

/** curl_exec() returned something, so it has worked. */
class StatusIgnored extends Variant
{
    protected function make(int $customer): array
    {
        [, $text] = $this->solusio->send('POST', 'users', $this->fields($customer));
        return (json_decode($text, true)['data'] ?? []) + ['id' => 0, 'email' => '', 'status' => '', 'roles' => []];
    }

    public function update(int $customer): void
    {
        $this->find($customer) ?? $this->make($customer);
    }

    public const SOLUSIO = OpenSolusio::class;
}

class OpenSolusio extends Solusio
{
    public function send(string $method, string $path, ?array $body): array
    {
        return parent::send($method, $path, $body);
    }
}

/** The database speaks ISO 8859-1, and the address was stored in UTF-8. */
class Mojibake extends Variant
{
    protected function profile(array $row): array
    {
        return ['email' => iconv('ISO-8859-1', 'UTF-8', $row['email'])] + parent::profile($row);
    }
}

/** htmlspecialchars() before the address is sent. */
class MailEscaped extends Variant
{
    protected function profile(array $row): array
    {
        return ['email' => htmlspecialchars($row['email'], ENT_QUOTES)] + parent::profile($row);
    }
}

class NoLimitGroup extends Variant
{
    protected function profile(array $row): array
    {
        return array_diff_key(parent::profile($row), ['limit_group_id' => 0]);
    }
}

// Changes

class UpdateActivates extends Variant
{
    public function update(int $customer): void
    {
        $user = $this->find($customer) ?? $this->make($customer);
        $this->change($user, $this->profile($this->customer($customer)) + ['status' => 'active']);
    }
}

class SuspendIsLock extends Variant
{
    protected function status(array $row): string
    {
        return $row['suspended'] || $row['locked'] ? 'locked' : 'active';
    }
}

class UnsuspendActivates extends Variant
{
    public function unsuspend(int $customer): void
    {
        $this->set($customer, ['suspended' => 0]);
        $this->change($this->find($customer) ?? $this->make($customer), ['status' => 'active']);
    }
}

/** In a loop over the list, the first row is changed each time. */
class SuspendsTheFirst extends Variant
{
    public function suspend(int $customer): void
    {
        $this->set($customer, ['suspended' => 1]);
        $user = $this->solusio->call('GET', 'users?per_page=100')['data'][1];
        $this->change($user, ['status' => 'suspended']);
    }
}

class TerminateLocks extends Variant
{
    public function delete(int $customer): void
    {
        $user = $this->find($customer);
        $user === null || $this->change($user, ['status' => 'locked']);
    }
}

/** The customer's number in the path, where SolusIO's id belongs; the 404 counts as "gone already". */
class DeletesByNumber extends Variant
{
    public function delete(int $customer): void
    {
        $this->set($customer, ['deleted' => 1]);
        try {
            $this->solusio->call('DELETE', "users/{$customer}");
        } catch (SolusioError $error) {
            $error->getCode() === 404 || throw $error;
        }
    }
}

// Login

class TokenStays extends Variant
{
    public const SOLUSIO = PermanentTokens::class;
}

class PermanentTokens extends Solusio
{
    public function call(string $method, string $path, ?array $body = null): array
    {
        return parent::call($method, $path, str_ends_with($path, '/tokens') ? [] : $body);
    }
}

class LinkCached extends Variant
{
    public function login(int $customer): string
    {
        $this->database->exec('CREATE TABLE IF NOT EXISTS link (customer INTEGER PRIMARY KEY, url TEXT)');
        $known = $this->database->query("SELECT url FROM link WHERE customer = {$customer}")->fetchColumn();
        if ($known !== false) {
            return $known;
        }
        $link = parent::login($customer);
        $this->database->prepare('INSERT INTO link VALUES (?, ?)')->execute([$customer, $link]);
        return $link;
    }
}

class LinkWithoutAuth extends Variant
{
    public function login(int $customer): string
    {
        return str_replace('/auth/by_token/', '/login/', parent::login($customer));
    }
}

class NoLoginWhenSuspended extends Variant
{
    public function login(int $customer): string
    {
        if ($this->status($this->customer($customer)) !== 'active') {
            throw new RuntimeException('the account is suspended');
        }
        return parent::login($customer);
    }
}

// Conduct

/** CURLOPT_POSTFIELDS with an array: multipart/form-data. */
class Multipart extends Variant
{
    public const SOLUSIO = MultipartSolusio::class;
}

class MultipartSolusio extends Solusio
{
    protected function options(string $method, ?array $body): array
    {
        $options = parent::options($method, $body);
        if ($body !== null) {
            $options[CURLOPT_POSTFIELDS] = array_map(fn ($value) => is_bool($value) ? (int) $value : $value, $body);
            array_pop($options[CURLOPT_HTTPHEADER]);
        }
        return $options;
    }
}

class NoContentType extends Variant
{
    public const SOLUSIO = NoContentTypeSolusio::class;
}

class NoContentTypeSolusio extends Solusio
{
    protected function options(string $method, ?array $body): array
    {
        $options = parent::options($method, $body);
        if ($body !== null) {
            array_pop($options[CURLOPT_HTTPHEADER]);
        }
        return $options;
    }
}

class UnverifiedPeer extends Variant
{
    public const SOLUSIO = UnverifiedSolusio::class;
}

class UnverifiedSolusio extends Solusio
{
    protected function options(string $method, ?array $body): array
    {
        return [CURLOPT_SSL_VERIFYPEER => false, CURLOPT_SSL_VERIFYHOST => 0] + parent::options($method, $body);
    }
}

class KeyInUrl extends Variant
{
    public const SOLUSIO = KeyInUrlSolusio::class;
}

class KeyInUrlSolusio extends Solusio
{
    protected function send(string $method, string $path, ?array $body): array
    {
        return parent::send($method, $path . (str_contains($path, '?') ? '&' : '?') . "access_token={$this->accessToken}", $body);
    }
}

/** Sends again whatever was refused, eight times. */
class Stubborn extends Variant
{
    public const SOLUSIO = StubbornSolusio::class;
}

class StubbornSolusio extends Solusio
{
    public function call(string $method, string $path, ?array $body = null): array
    {
        for ($attempt = 1; ; $attempt++) {
            try {
                return parent::call($method, $path, $body);
            } catch (SolusioError $error) {
                $error->getCode() > 0 && $error->getCode() < 500 && $attempt < 8 || throw $error;
            }
        }
    }
}

// Correct, each in its own way

class Plain extends Variant
{
}

/** Streams instead of curl, as on servers without it. */
class Streams extends Variant
{
    public const SOLUSIO = StreamsSolusio::class;
}

class StreamsSolusio extends Solusio
{
    protected function send(string $method, string $path, ?array $body): array
    {
        $headers = ["Authorization: Bearer {$this->accessToken}", 'Accept: application/json'];
        $http = ['method' => $method, 'timeout' => 30, 'ignore_errors' => true, 'follow_location' => 0];
        $http['user_agent'] = 'streams/1.0';
        if ($body !== null) {
            $headers[] = 'Content-Type: application/json';
            $http['content'] = json_encode((object) $body, JSON_UNESCAPED_UNICODE | JSON_THROW_ON_ERROR);
        }
        $ssl = $this->caFile === '' ? [] : ['cafile' => $this->caFile];
        $context = stream_context_create(['http' => $http + ['header' => $headers], 'ssl' => $ssl]);
        error_clear_last();
        $text = @file_get_contents("{$this->url}/api/v1/{$path}", false, $context);
        if ($text === false || !isset($http_response_header)) {
            return [str_contains(error_get_last()['message'] ?? '', 'refused') ? -1 : 0, '', null];
        }
        $head = implode("\n", $http_response_header);
        // An incomplete body is not an error of file_get_contents().
        if (preg_match('/^Content-Length: *(\d+)/im', $head, $found) && strlen($text) < (int) $found[1]) {
            return [0, '', null];
        }
        if (preg_match('/^Content-Encoding: *gzip/im', $head)) {
            $text = (string) gzdecode($text);
        }
        $retryAfter = preg_match('/^Retry-After: *(\d{1,6})/im', $head, $found) ? (int) $found[1] : null;
        return [(int) explode(' ', $head)[1], $text, $retryAfter];
    }
}

/** Keeps SolusIO's id, and checks it before it relies on it. */
class IdKept extends Variant
{
    protected function find(int $customer): ?array
    {
        $this->database->exec('CREATE TABLE IF NOT EXISTS solusio_id (customer INTEGER PRIMARY KEY, id INTEGER)');
        $known = $this->database->query("SELECT id FROM solusio_id WHERE customer = {$customer}")->fetchColumn();
        if ($known !== false) {
            try {
                $user = $this->solusio->call('GET', "users/{$known}")['data'];
                if ($user['billing_user_id'] === $customer) {
                    return $this->theirs($user);
                }
            } catch (SolusioError $error) {
                $error->getCode() === 404 || throw $error;
            }
        }
        $user = parent::find($customer);
        if ($user !== null) {
            $this->database->prepare('INSERT OR REPLACE INTO solusio_id VALUES (?, ?)')->execute([$customer, $user['id']]);
        }
        return $user;
    }
}
