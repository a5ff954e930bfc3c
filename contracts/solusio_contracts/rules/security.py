"""Security: nothing from inside the program shows in any answer of the whole run."""

import dataclasses
import functools
import json
from collections.abc import Iterator
from urllib.parse import urlsplit

from solusio_contracts.checking.leaks import Leak, find
from solusio_contracts.checking.price import customer_texts
from solusio_contracts.checking.rule import Expect, SkipRule, rule
from solusio_contracts.checking.target import Target
from solusio_contracts.http.exchange import Exchange, Request

ORDINARY = 12
"""Letters from which on a token of small letters is taken for no word."""
MARKUP = "<script>alert('mock-solusio')</script>"


def _free_of(target: Target, clause: str, expected: str) -> Iterator[Expect]:
    """Yield one expectation for each exchange of the run, and each kind of leak once."""
    seen: set[str] = set()
    for exchange, leaks in _scan(target, target.requests_sent):
        found = [leak for leak in leaks if leak.clause == clause]
        for leak in found:
            if leak.what not in seen:
                seen.add(leak.what)
                actual = f"{leak.what}: {leak.excerpt}"
                yield Expect.that(False, exchange.description, expected, actual, exchange)
        if not found:
            yield Expect.that(True, exchange.description, expected, "nothing of the kind", exchange)


@functools.lru_cache(maxsize=1)
def _scan(target: Target, _requests: int) -> list[tuple[Exchange, tuple[Leak, ...]]]:
    """Search all answers, once for all rules."""
    path = urlsplit(target.settings.url).path
    scanned = []
    for exchange in list(target.exchanges):
        if exchange.status is not None:
            found = tuple(find(_without_customer_texts(exchange), target.token, path))
            scanned.append((exchange, found))
    return scanned


def _without_customer_texts(exchange: Exchange) -> Exchange:
    """Return a price without its names and labels: a plan for SQLite may well be called so."""
    if not exchange.priced or not isinstance(exchange.reading.value, dict):
        return exchange
    content = exchange.content
    for _, text, _ in customer_texts(exchange.reading.value):
        for spelling in (json.dumps(text), json.dumps(text, ensure_ascii=False)):
            content = content.replace(spelling.encode(errors="replace"), b'""')
    return dataclasses.replace(exchange, content=content)


@rule(
    "TP-501",
    title="no answer holds the authorization token",
    needs_price=False,
    needs_token=True,
    looks_back=True,
)
def no_token_shown(target: Target) -> Iterator[Expect]:
    """Error pages end up in logs and screenshots."""
    token = target.token or ""
    if token.isalpha() and token.islower() and len(token) < ORDINARY:
        raise SkipRule(
            "the token may be an ordinary word, so it proves nothing in an answer; use a random one"
        )
    return _free_of(target, "TP-501", "no authorization token in an answer")


@rule(
    "TP-502",
    title="no answer holds a stack trace or error message of the language",
    needs_price=False,
    looks_back=True,
)
def no_trace_shown(target: Target) -> Iterator[Expect]:
    """They name versions, functions and lines."""
    return _free_of(target, "TP-502", "no stack trace and no message of the language in an answer")


@rule("TP-503", title="no answer holds a file path of the server", needs_price=False, looks_back=True)
def no_path_shown(target: Target) -> Iterator[Expect]:
    """They tell where things lie."""
    return _free_of(target, "TP-503", "no file path or setting of the server in an answer")


@rule(
    "TP-504",
    title="no answer holds SQL or a message of the database",
    needs_price=False,
    looks_back=True,
)
def no_sql_shown(target: Target) -> Iterator[Expect]:
    """They name tables, and show that an injection works."""
    return _free_of(target, "TP-504", "no SQL and no message of the database in an answer")


@rule("TP-505", title="input is not repeated unescaped in HTML")
def no_markup_repeated(target: Target) -> Iterator[Expect]:
    """A script of a stranger would run on the billing system's domain."""
    for name, pairs in (
        ("userid", target.question(MARKUP)),
        ("action", target.question(action=MARKUP)),
        ("an unknown parameter", (*target.question("abc"), (MARKUP, MARKUP))),
    ):
        exchange = target.send(Request.form(pairs), f"markup in {name}")
        kind = (exchange.header("content-type") or "text/html").lower()
        repeated = "html" in kind and MARKUP.encode() in exchange.content
        yield Expect.that(
            not repeated,
            f"markup in {name}",
            "no markup of the request in HTML",
            "repeated as it was sent",
            exchange,
        )
