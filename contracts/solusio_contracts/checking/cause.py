"""The causes that findings of several rules can share, each with what to change. Pure."""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Cause:
    """Something that explains findings of several rules, so that one change fixes them all."""

    id: str
    title: str
    fix: str


LEAK = Cause(
    id="leak",
    title="error pages show the inside of the program",
    fix="Log errors instead of showing them: display_errors=Off in PHP, APP_DEBUG=false in Laravel, "
    "NODE_ENV=production in Node, debug=False in Python.",
)
TOKEN_IGNORED = Cause(
    id="token-ignored",
    title="requests without the right token get a price",
    fix="Compare the form field `token` with the configured one first of all, for each request and each "
    "Content-Type (PHP: `is_string($token) && hash_equals($configured, $token)`), and answer 403.",
)
TOKEN_LOOSE = Cause(
    id="token-loose",
    title="a token that only resembles the right one gets a price",
    fix="Compare whole texts: PHP `is_string($token) && hash_equals($configured, $token)` instead "
    "of `==`, `strncmp`, `strcasecmp` or SQL's LIKE; Node `crypto.timingSafeEqual` after comparing lengths; "
    "Python `hmac.compare_digest` of bytes.",
)
ACTION_IGNORED = Cause(
    id="action-ignored",
    title="the endpoint does not look at `action`",
    fix="Answer only `action=GetTokenPricing`, and refuse everything else with a 4xx status.",
)
USERID_IGNORED = Cause(
    id="userid-default",
    title="requests without a valid user get a price",
    fix="Look the user up by exactly the `userid` that came, and answer 404 if there is none. A default "
    "customer, or a fallback such as `?? 1`, hides every mistake.",
)
INT_CAST = Cause(
    id="userid-int-cast",
    title="`userid` is cast to a number, and what follows the digits is dropped",
    fix="Check the text before you cast it: `(int) '1abc'`, `intval` and `parseInt` all give 1. PHP: "
    "`is_string($id) && ctype_digit($id)`; JavaScript: `/^[0-9]+$/.test(id)`; Python: "
    "`id.isascii() and id.isdigit()`.",
)
STRIPPED = Cause(
    id="userid-stripped",
    title="everything but the digits is removed from `userid`",
    fix="Refuse a `userid` that is not all digits instead of cleaning it: `abc1` is nobody's id.",
)
SQL = Cause(
    id="userid-sql",
    title="`userid` becomes part of an SQL statement",
    fix="Bind it as a parameter (`$pdo->prepare('... WHERE id = ?')`) instead of joining strings.",
)
SAME_BYTES = Cause(
    id="same-bytes",
    title="every question gets the same bytes, whatever it asks",
    fix="If a cache or proxy stands before the program, it ignores the body of a POST: let it pass every "
    "POST (nginx `proxy_cache_methods GET HEAD`, Varnish `return (pass)`). Otherwise the program does not "
    "read the form: PHP `$_POST`, Express `express.urlencoded()`.",
)
MIXED_UP = Cause(
    id="mixed-up",
    title="a request gets the price of another customer",
    fix="Keep nothing about a customer in a static or global variable, and put the user id into the key of "
    "every cache.",
)
NO_PRICE = Cause(
    id="no-price",
    title="status 200 with an error instead of a price",
    fix="The body says what went wrong. Answer 200 only with a price, and refuse with a 4xx status.",
)
CHARACTERS = Cause(
    id="length-in-characters",
    title="Content-Length counts characters instead of bytes, which cuts the JSON",
    fix="Count bytes: PHP `strlen($json)`, not `mb_strlen`; Node `Buffer.byteLength(json)`. Better, do not "
    "set Content-Length at all: the web server does.",
)
DECIMAL_COMMA = Cause(
    id="decimal-comma",
    title="numbers have a decimal comma",
    fix="JSON knows only the point. Write the document with `json_encode`, not with `printf` or "
    "`number_format`, and set no locale for numbers (PHP: `setlocale(LC_NUMERIC, 'C')`).",
)
DOUBLE_GZIP = Cause(
    id="double-gzip",
    title="the response is compressed twice",
    fix="Let either the program or the web server compress, not both (PHP `zlib.output_compression` and "
    "`ob_gzhandler`, nginx `gzip`, Apache `mod_deflate`).",
)
CHUNKED = Cause(
    id="chunked",
    title="a request in chunks gets no proper answer",
    fix="Answer 411 at once if the server or a proxy before it does not read `Transfer-Encoding: chunked`. "
    "SolusIO sends a Content-Length.",
)
PIECES = Cause(
    id="pieces",
    title="a request that arrives in pieces is not read whole",
    fix="Read until Content-Length bytes are there, or use the framework's parser (Node: "
    "`express.urlencoded()`, or collect all 'data' events until 'end').",
)
NOT_UTF8 = Cause(
    id="not-utf8",
    title="bytes that are not UTF-8 make the program fail",
    fix="The check of the input itself throws, or the message that repeats it: Node "
    "`decodeURIComponent`, Python `bytes.decode` and `hmac.compare_digest` of text, PHP "
    "`json_encode` of such a message. Catch that and answer 400, or compare bytes.",
)
TIMEOUT = Cause(
    id="timeout",
    title="requests get no answer in time",
    fix="Look for what the program waits for: a lock, another service, a `sleep`, or a body "
    "that it read already.",
)
CUT = Cause(
    id="cut",
    title="the connection closes without a whole answer",
    fix="The process that should have answered ended. Its error log, or that of the web server, says why.",
)
