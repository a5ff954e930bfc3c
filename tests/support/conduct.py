"""Exchanges of clients, written as short as what they show."""

import json
from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from msgspec.structs import replace

from solusio_contracts.users.conduct import ClientExchange, Conduct

TOKEN = "administrators-own-access-token"
HEADERS = {"user-agent": "billing/1", "authorization": f"Bearer {TOKEN}", "host": "solus.example"}

Exchanges = Sequence[ClientExchange]


def call(
    operation: str,
    path: str,
    *,
    status: int = 200,
    body: Any = None,
    raw: bytes | None = None,
    answer: Any = None,
    headers: Mapping[str, str | None] | None = None,
    answer_headers: Mapping[str, str] | None = None,
    at: float | None = None,
    **fields: Any,
) -> ClientExchange:
    """Return an exchange; `path` is below /api/v1 and may have a query. `at`: seconds when it arrived."""
    verb = {"list": "GET", "get": "GET", "crea": "POST", "repl": "PUT", "upda": "PATCH", "dele": "DELETE"}
    method = next((found for start, found in verb.items() if operation.startswith(start)), "GET")
    sent = dict(HEADERS)
    data = raw if raw is not None else b"" if body is None else json.dumps(body).encode()
    if data:
        sent["content-type"] = "application/json"
    kept = {name: value for name, value in {**sent, **(headers or {})}.items() if value is not None}
    target, _, query = path.partition("?")
    got = b"" if answer is None else json.dumps(answer).encode()
    moment = -1.0 if at is None else at
    made = {
        "number": 0,
        "method": method,
        "path": f"/api/v1{target}",
        "query": query.encode(),
        "headers": [(name.encode(), value.encode()) for name, value in kept.items()],
        "body": data,
        "client": "127.0.0.1",
        "operation": operation,
        "status": status,
        "response_headers": [
            (name.encode(), value.encode()) for name, value in (answer_headers or {}).items()
        ],
        "response_body": got,
        "arrived": moment,
        "answered": moment,
    }
    return ClientExchange(**{**made, **fields})


def numbered(exchanges: Iterable[ClientExchange]) -> Exchanges:
    """Number exchanges from 1; those without a time follow a second after the one before."""
    found: list[ClientExchange] = []
    now = 0.0
    for number, one in enumerate(exchanges, 1):
        now = now + 1.0 if one.arrived < 0 else one.arrived
        found.append(replace(one, number=number, arrived=now, answered=now))
    return found


def judged(exchanges: Iterable[ClientExchange]) -> list[tuple[str, tuple[int, ...], str]]:
    """Judge exchanges in order; return clause, exchanges and text of each violation, unfinished ones last."""
    conduct = Conduct()
    found = [one for exchange in numbered(exchanges) for one in conduct.see(exchange)]
    found += conduct.unfinished()
    return [(one.clause.id, one.exchanges, one.text) for one in found]
