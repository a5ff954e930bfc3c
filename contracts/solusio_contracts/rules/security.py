"""Security: no response of the whole run reveals the inside of the program."""

import functools
import json
import re
from collections.abc import Iterator
from urllib.parse import urlsplit

from msgspec.structs import replace

from solusio_contracts.checking import leaks
from solusio_contracts.checking.leaks import Leak
from solusio_contracts.checking.price import customer_texts
from solusio_contracts.checking.rule import Expect, SkipRule, rule
from solusio_contracts.checking.target import Target
from solusio_contracts.contract.clauses import Level
from solusio_contracts.http.exchange import Exchange, Request
from solusio_contracts.http.json_body import read_json

ORDINARY = 12
"""A lowercase token of at least this length cannot be an ordinary word."""
MARKUP = "<script>alert('mock-solusio')</script>"


def _free_of(target: Target, clause: str, expected: str) -> Iterator[Expect]:
    """Yield one expectation for each exchange of the run, and each kind of leak once."""
    seen: set[tuple[str, bool]] = set()
    for exchange, leaking in _scan(target, target.requests_sent):
        found = [leak for leak in leaking if leak.clause == clause]
        for leak in found:
            if (leak.what, leak.stock) not in seen:
                seen.add((leak.what, leak.stock))
                actual = f"{leak.what}: {leak.excerpt}"
                level = Level.SHOULD if leak.stock else None
                yield Expect.that(False, exchange.description, expected, actual, exchange, level=level)
        if not found:
            yield Expect.that(True, exchange.description, expected, "nothing of the kind", exchange)


@functools.lru_cache(maxsize=1)
def _scan(target: Target, _requests: int) -> list[tuple[Exchange, tuple[Leak, ...]]]:
    """Search all responses, once for all rules."""
    path = urlsplit(target.settings.url).path
    scanned = []
    for exchange in list(target.exchanges):
        if exchange.status is not None:
            found = tuple(leaks.find(_without_customer_texts(exchange), target.token, path))
            scanned.append((exchange, found))
    return scanned


def _without_customer_texts(exchange: Exchange) -> Exchange:
    """Return a price without its names and labels: a plan may well be called SQLite."""
    if not exchange.priced or not isinstance(exchange.reading.value, dict):
        return exchange
    return replace(exchange, content=_without_texts(exchange.content))


_STRING = re.compile(rb'"(?:[^"\\]|\\.)*+"', re.DOTALL)


@functools.lru_cache(maxsize=4)
def _without_texts(content: bytes) -> bytes:
    """Return a price with its names and labels empty; most responses of a run are the same bytes."""
    spellings = {
        spelling.encode(errors="replace")
        for _, text, _ in customer_texts(read_json(content).value)
        for spelling in (json.dumps(text), json.dumps(text, ensure_ascii=False))
    }
    return _STRING.sub(lambda found: b'""' if found[0] in spellings else found[0], content)


@rule(
    "TP-501",
    title="no response contains the authorization token",
    needs_price=False,
    needs_token=True,
    looks_back=True,
    prepare=leaks.prepare,
)
def no_token_shown(target: Target) -> Iterator[Expect]:
    """Error pages end up in logs and screenshots."""
    token = target.token or ""
    if token.isalpha() and token.islower() and len(token) < ORDINARY:
        raise SkipRule(
            "the token may be an ordinary word, so finding it in a response proves nothing; use a random one"
        )
    return _free_of(target, "TP-501", "a response without the authorization token")


@rule(
    "TP-502",
    title="no response contains a stack trace or an error message of the programming language",
    needs_price=False,
    looks_back=True,
)
def no_trace_shown(target: Target) -> Iterator[Expect]:
    """They reveal versions, functions and lines."""
    return _free_of(target, "TP-502", "a response without stack traces or language error messages")


@rule("TP-503", title="no response contains a file path of the server", needs_price=False, looks_back=True)
def no_path_shown(target: Target) -> Iterator[Expect]:
    """They show an attacker where your files are."""
    return _free_of(target, "TP-503", "a response without file paths or server settings")


@rule(
    "TP-504",
    title="no response contains SQL or a database message",
    needs_price=False,
    looks_back=True,
)
def no_sql_shown(target: Target) -> Iterator[Expect]:
    """They reveal your tables, and that an injection works."""
    return _free_of(target, "TP-504", "a response without SQL or database messages")


@rule("TP-505", title="no HTML response repeats input unescaped")
def no_markup_repeated(target: Target) -> Iterator[Expect]:
    """A stranger's script could run on the billing system's domain."""
    for name, pairs in (
        ("userid", target.parameters(MARKUP)),
        ("action", target.parameters(action=MARKUP)),
        ("an unknown parameter", (*target.parameters("abc"), (MARKUP, MARKUP))),
    ):
        exchange = target.send(Request.form(pairs), f"markup in {name}")
        kind = (exchange.header("content-type") or "text/html").lower()
        repeated = "html" in kind and MARKUP.encode() in exchange.content
        yield Expect.that(
            not repeated,
            f"markup in {name}",
            "HTML without markup from the request",
            "repeats it as sent",
            exchange,
        )
