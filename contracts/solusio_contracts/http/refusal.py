"""Recognises who refused a request, and why: what stands before a program usually says so itself. Pure.

A firewall, a rate limiter or a web server answers in place of the program. Its status alone (403, 503)
would send the reader to their own code; headers and the page name the one that has to be changed.
"""

import re
import urllib.parse
from collections.abc import Callable
from dataclasses import dataclass

from solusio_contracts.http.exchange import Exchange, FailureKind
from solusio_contracts.http.first_line import looks_like_html
from solusio_contracts.http.server_page import GATEWAY, fix_for, server_of

_LOOKED_AT = 20_000
"""Bytes of a body that are searched."""


@dataclass(frozen=True, slots=True)
class Refusal:
    """Why something other than the program answered: what it is, and what to change."""

    name: str
    """Identifies the reason: two responses with the same name have the same cause."""
    text: str
    fix: str


def refusal(exchange: Exchange) -> Refusal | None:
    """Return the reason that a response carries itself, or None if it names none.

    A price is never a refusal. A plain 401, 403 or 404 of the program itself has no reason here.
    """
    if exchange.priced:
        return None
    return next((found for look in _LOOKS if (found := look(exchange)) is not None), None)


def _page(exchange: Exchange) -> str:
    return exchange.content[:_LOOKED_AT].decode("utf-8", errors="replace")


def _failed(exchange: Exchange) -> bool:
    return exchange.status is not None and exchange.status >= 400


# The wrong protocol

_PLAIN_TO_TLS = re.compile(
    r"plain HTTP request was sent to HTTPS port|speaking plain HTTP to an SSL-enabled|"
    r"Client sent an HTTP request to an HTTPS server|requires TLS|HTTP request to an HTTPS",
    re.IGNORECASE,
)
_TLS_ALERT = (b"\x15\x03", b"\x16\x03")


def _wrong_protocol(exchange: Exchange) -> Refusal | None:
    if exchange.received.startswith(_TLS_ALERT) or (
        _failed(exchange) and _PLAIN_TO_TLS.search(_page(exchange))
    ):
        return Refusal(
            "plain-http-to-https",
            "this port speaks https, and the URL says http",
            "Write https:// in the URL, here and in SolusIO.",
        )
    if exchange.failure is FailureKind.TLS and "plain HTTP" in exchange.failure_text:
        return Refusal(
            "https-to-plain-http",
            "this port speaks plain HTTP, and the URL says https",
            "Write http:// in the URL, or the port that speaks https (usually 443).",
        )
    return None


# Firewalls and challenges

_CHALLENGE = re.compile(
    r"Just a moment\.\.\.|cf-chl-|challenge-platform|Attention Required! \| Cloudflare|"
    r"Checking your browser|DDoS-Guard|_Incapsula_Resource|Enable JavaScript and cookies to continue",
    re.IGNORECASE,
)
_FIREWALLS = (
    (re.compile(r"Mod_?Security", re.IGNORECASE), "ModSecurity"),
    (re.compile(r"<h1>Not Acceptable!</h1>", re.IGNORECASE), "ModSecurity"),
    (re.compile(r"Wordfence", re.IGNORECASE), "Wordfence"),
    (re.compile(r"Imunify360", re.IGNORECASE), "Imunify360"),
    (re.compile(r"Sucuri", re.IGNORECASE), "Sucuri"),
    (re.compile(r"error code: 10[0-9]{2}\b", re.IGNORECASE), "Cloudflare"),
    (re.compile(r"Your support ID is", re.IGNORECASE), "an F5 firewall"),
    (re.compile(r"errors\.edgesuite\.net|Reference&#32;&#35;", re.IGNORECASE), "Akamai"),
    (re.compile(r"web application firewall|\bWAF\b|blocked by (?:a |the )?firewall", re.IGNORECASE), ""),
)
_MODSECURITY_FIX = (
    "The firewall's log (modsec_audit.log) names the rule that matched. Exclude it for this URL with "
    "`SecRuleRemoveById ID` inside `<Location>`, or switch ModSecurity off for this URL in your "
    "hosting panel."
)


def _challenge(exchange: Exchange) -> Refusal | None:
    mitigated = exchange.header("cf-mitigated")
    if mitigated is None and not (_failed(exchange) and _CHALLENGE.search(_page(exchange))):
        return None
    cloudflare = mitigated is not None or (exchange.header("server") or "").lower() == "cloudflare"
    whose = "Cloudflare" if cloudflare else "a firewall"
    said = f" (cf-mitigated: {mitigated})" if mitigated is not None else ""
    return Refusal(
        "challenge",
        f"a challenge page of {whose}{said}, which only a browser can pass",
        "Exempt this URL, or the address of your SolusIO server, from the challenge "
        "(Cloudflare: Security > WAF > Custom rules, action Skip). SolusIO runs no JavaScript.",
    )


def _firewall(exchange: Exchange) -> Refusal | None:
    if not _failed(exchange):
        return None
    page = _page(exchange)
    name = next((name for pattern, name in _FIREWALLS if pattern.search(page)), None)
    if name is None and exchange.status == 406:
        name = "ModSecurity?"
    if name is None:
        return None
    fix = (
        _MODSECURITY_FIX if name.startswith("ModSecurity") else "Allow requests to this URL in the firewall."
    )
    return Refusal("firewall", f"a web application firewall ({name})" if name else "a firewall", fix)


# Limits


_THROTTLED = re.compile(r"rate.?limit|too many requests|throttled", re.IGNORECASE)


def _rate_limit(exchange: Exchange) -> Refusal | None:
    throttled = exchange.status in (403, 420, 503, 509) and _THROTTLED.search(_page(exchange))
    if exchange.status != 429 and not throttled:
        return None
    told = [
        f"{name}: {value}"
        for name in ("Retry-After", "RateLimit-Limit", "X-RateLimit-Limit", "RateLimit-Policy")
        if (value := exchange.header(name)) is not None
    ]
    return Refusal(
        "rate-limit",
        "a rate limit" + (f" ({', '.join(told)})" if told else ""),
        "Exempt this URL, or the address of your SolusIO server, from the rate limit (nginx `limit_req`, "
        "Laravel `throttle`, express-rate-limit, fail2ban), or raise it: SolusIO asks once for each price "
        "it shows, always from the same address.",
    )


_STATED_LIMIT = re.compile(r"limit\D{0,12}(\d{2,12})(?: bytes)?", re.IGNORECASE)


def _too_large(exchange: Exchange) -> Refusal | None:
    if exchange.status != 413:
        return None
    stated = _STATED_LIMIT.search(_page(exchange))
    size = len(exchange.request.body)
    limit = f"its limit is {stated[1]} bytes" if stated else "its limit is below that"
    return Refusal(
        "too-large",
        f"a limit on the size of requests: the form had {size} bytes, and {limit}",
        "Raise the limit (nginx `client_max_body_size`, Apache `LimitRequestBody`, PHP `post_max_size`, "
        "Express `express.urlencoded({ limit })`). SolusIO's own form has about 100 bytes.",
    )


# Logins

_LOGIN = re.compile(
    r"(?:^|[/?&._-])(?:log-?in|sign-?in|log-?on|wp-login|auth|authorize|session|sso|oauth2?|"
    r"saml2?|cas|anmelden|connexion)(?:[/?&._=-]|$)",
    re.IGNORECASE,
)
_PASSWORD_FIELD = re.compile(r"<input\b[^>]*type\s*=\s*[\"']?password", re.IGNORECASE)
_FOR_THE_CHECK = "--header 'Authorization: ...' passes it for the check alone."


def _http_login(exchange: Exchange) -> Refusal | None:
    scheme = (exchange.header("www-authenticate") or "").strip()
    if exchange.status != 401 or not scheme:
        return None
    kind = scheme.split()[0].rstrip(",").lower()
    if kind in ("basic", "digest", "negotiate", "ntlm"):
        return Refusal(
            "http-login",
            f"a password prompt of the web server (WWW-Authenticate: {scheme[:60]})",
            "Exempt this URL from the password (`auth_basic off;` in nginx, `Require all granted` in "
            f"Apache): SolusIO sends only the form, and no HTTP login. {_FOR_THE_CHECK}",
        )
    if kind == "bearer":
        return Refusal(
            "bearer-login",
            "a login by the Authorization header (WWW-Authenticate: Bearer)",
            "Exempt this URL from the framework's API login. SolusIO sends its token as the form field "
            "`token`, never as a header.",
        )
    return None


_UNAUTHENTICATED = re.compile(r"\bUnauthenticated\b|Authentication credentials were not provided")


def _framework_login(exchange: Exchange) -> Refusal | None:
    if exchange.status not in (401, 403) or not _UNAUTHENTICATED.search(_page(exchange)):
        return None
    return Refusal(
        "framework-login",
        "the framework's own login, before your code",
        "Take this URL out of the login middleware (Laravel: no `auth` on the route; Django REST: "
        "`authentication_classes([])` and `permission_classes([AllowAny])`) and compare the form field "
        "`token` yourself.",
    )


def _redirect(exchange: Exchange) -> Refusal | None:
    if exchange.status is None or not 300 <= exchange.status < 400:
        return None
    where = exchange.header("location") or ""
    parts = urllib.parse.urlsplit(where) if _is_url(where) else None
    own = exchange.sent.partition(b"\r\n")[0].split(b" ")[1:2]
    moved = parts is not None and [parts.path.rstrip("/").encode()] != [one.rstrip(b"/") for one in own]
    if parts is not None and moved and _LOGIN.search(f"{parts.path}?{parts.query}"):
        return Refusal(
            "login-page",
            f"a redirect to a login page, {where}",
            "Exempt this URL from the login page: SolusIO sends no session, only the form with its `token`.",
        )
    if parts is None:
        return None
    if parts.scheme == "https":
        fix = "If the URL begins with http://, write https://, here and in SolusIO: "
    else:
        fix = (
            "Pass the URL that answers without a redirect, here and in SolusIO "
            "(often only a final / differs): "
        )
    return Refusal("redirect", f"a redirect to {where}", f"{fix}a redirected POST loses its form.")


def _is_url(text: str) -> bool:
    try:
        urllib.parse.urlsplit(text)
    except ValueError:
        return False
    return bool(text)


# No route

_NO_ROUTE = re.compile(
    r"Cannot POST /|The route [^\n]{1,200} could not be found|method is not supported for (?:this )?route|"
    r"No route matches \[POST\]|No route found for|rest_no_route|no Route matched with those values"
)


def _no_route(exchange: Exchange) -> Refusal | None:
    if exchange.status not in (404, 405) or not _NO_ROUTE.search(_page(exchange)):
        return None
    return Refusal(
        "no-route",
        f"the framework has no route for a POST to this URL (status {exchange.status})",
        "Compare the URL with the routes that the framework knows (Laravel: `php artisan route:list`, where "
        "those of routes/api.php begin with /api), and register it for POST.",
    )


# CSRF

_CSRF = re.compile(
    r"csrf|xsrf|cross-site request forgery|InvalidAuthenticityToken|Page Expired", re.IGNORECASE
)
_CSRF_FIX = (
    "Exempt this URL from CSRF protection, which is for browsers; the authorization token replaces it. "
    "Laravel: `validateCsrfTokens(except: ['solusio/*'])` in bootstrap/app.php, or move the route to "
    "routes/api.php. Django: `@csrf_exempt`. Rails: `skip_before_action :verify_authenticity_token`. "
    "CodeIgniter: `csrf_exclude_uris`."
)


def _csrf(exchange: Exchange) -> Refusal | None:
    status = exchange.status
    if status != 419 and not (status in (400, 403, 422) and _CSRF.search(_page(exchange))):
        return None
    return Refusal("csrf", f"a CSRF check (status {status})", _CSRF_FIX)


# Maintenance

_MAINTENANCE = re.compile(r"maintenance|be right back", re.IGNORECASE)


def _maintenance(exchange: Exchange) -> Refusal | None:
    if exchange.status != 503 or not _MAINTENANCE.search(_page(exchange)):
        return None
    after = exchange.header("retry-after")
    return Refusal(
        "maintenance",
        "maintenance mode" + (f" (Retry-After: {after})" if after else ""),
        "End the maintenance mode (Laravel: `php artisan up`) and run the check again, or exempt this URL.",
    )


# Pages of web servers and proxies


def _stock_page(exchange: Exchange) -> Refusal | None:
    server, status = server_of(exchange), exchange.status
    if server is None:
        return None
    page = "answer" if not exchange.content else "page"
    return Refusal(
        f"server-page-{status}",
        f"this {page} comes from {server}, not from your program (status {status})",
        fix_for(status or 0, server),
    )


def _gateway(exchange: Exchange) -> Refusal | None:
    """Recognise 502 to 504 without a known page: programs do not send them, proxies do."""
    if exchange.status not in GATEWAY or exchange.reading.readable:
        return None
    return Refusal(
        f"server-page-{exchange.status}",
        f"a proxy's answer: status {exchange.status} says that the program did not answer it",
        fix_for(exchange.status, "the proxy"),
    )


# Pages where JSON belongs


def _source_code(exchange: Exchange) -> Refusal | None:
    if exchange.status != 200 or not exchange.content.lstrip().startswith(b"<?php"):
        return None
    return Refusal(
        "php-source",
        "the source code of the PHP file, not its output",
        "Make the web server run PHP for this URL (PHP-FPM, mod_php). Until then anyone can read the file "
        "and the secrets in it: take it offline and change them.",
    )


def _html_page(exchange: Exchange) -> Refusal | None:
    if exchange.status != 200 or exchange.reading.readable or not looks_like_html(exchange.content):
        return None
    if b"<?xml" in exchange.content[:100]:
        return None
    if _PASSWORD_FIELD.search(_page(exchange)):
        return Refusal(
            "login-page",
            "a login page with status 200",
            "Exempt this URL from the login page: SolusIO sends no session, only the form with its `token`.",
        )
    if b"_token_unit_cost" in exchange.content:
        return None
    return Refusal(
        "html-page",
        "an HTML page where JSON belongs: is the URL right?",
        "Pass the URL of the endpoint itself, as it will stand in SolusIO. A page for browsers at this place "
        "means that the web server, or the framework's router, leads the URL elsewhere.",
    )


_LOOKS: tuple[Callable[[Exchange], Refusal | None], ...] = (
    _wrong_protocol,
    _challenge,
    _rate_limit,
    _too_large,
    _http_login,
    _framework_login,
    _redirect,
    _csrf,
    _no_route,
    _firewall,
    _maintenance,
    _stock_page,
    _gateway,
    _source_code,
    _html_page,
)
