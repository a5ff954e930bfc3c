"""Where the mock spends its time: requests of each kind, sent to the application without a server, profiled.

The profiler makes Python functions look slower than what is written in C, such as SQLite: the parts are
shares by its count, of a time that was measured without it.
"""

from __future__ import annotations

import asyncio
import cProfile
import itertools
import json
import pstats
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

from mock_speed_load import REPEATED
from mock_speed_world import SERVERS, USERS

from mock_solusio.app import Mock
from mock_solusio.options import Options
from mock_solusio.server.garbage import collect_seldom

REQUESTS = 1_000
"""Requests of a kind in a round."""
ROUNDS = 5
TOKEN = "speed"  # noqa: S105 - of an application that nobody else reaches
API = "/api/v1"

PARTS = ("access token, fields", "records", "response", "judge", "journal", "the rest")
"""Parts of a request, in the order of the table; `records` is what the handler of the operation does."""

Request = tuple[str, str, str, Any]
"""Method, path, query and body."""

_numbers = itertools.count(1)


def profile() -> dict[str, dict[str, Any]]:
    """Return, for each kind: microseconds of a request, function calls, SQL statements, and its parts."""
    collect_seldom()
    return asyncio.run(_all())


async def _all() -> dict[str, dict[str, Any]]:
    app = Mock(Options(admin_token=TOKEN))
    users = [await _made(app, f"{API}/users", new_user(n)) for n in range(USERS)]
    for n in range(SERVERS):
        await _made(app, f"{API}/servers", {"name": f"server{n}.example.com"})
    await _send(app, ("POST", "/_mock/clock", "", {"advance": "P1D"}))
    return {kind: await _measured(app, make) for kind, make in _kinds(users).items()}


def new_user(number: int) -> dict[str, Any]:
    """Return the body of a new customer."""
    mail = f"user{number}x{next(_numbers)}@example.com"
    return {"email": mail, "password": f"S3cret-{mail}", "billing_user_id": 1 + next(_numbers)}


def _kinds(users: list[int]) -> dict[str, Callable[[int], Request]]:
    """Return what makes the next request of each kind; `mock_speed_load.lua` has the same."""

    def user(n: int, of: int = REPEATED) -> str:
        return f"{API}/users/{users[n % of]}"

    def status(n: int) -> str:
        return "suspended" if n // REPEATED % 2 == 0 else "active"

    return {
        "get_user": lambda n: ("GET", user(n), "", None),
        "list_users": lambda _: ("GET", f"{API}/users", "", None),
        "create_user": lambda n: ("POST", f"{API}/users", "", {"email": new_user(n)["email"]}),
        "create_customer": lambda n: ("POST", f"{API}/users", "", new_user(n)),
        "create_server": lambda _: ("POST", f"{API}/servers", "", {"name": f"s{next(_numbers)}.example.com"}),
        "change_user": lambda n: ("PATCH", user(n), "", {"billing_token": f"t{n}"}),
        "suspend_user": lambda n: ("PUT", user(n), "", {"status": status(n)}),
        "create_token": lambda n: ("POST", f"{user(n)}/tokens", "", {"is_one_time": True}),
        "each_user": lambda n: ("GET", user(n, len(users)), "", None),
        "each_users_page": lambda n: ("GET", f"{API}/users", f"page={1 + n % (len(users) // 15)}", None),
    }


async def _measured(app: Mock, make: Callable[[int], Request]) -> dict[str, Any]:
    numbers = itertools.count()
    for _ in range(REQUESTS):
        await _send(app, make(next(numbers)))
    times = []
    for _ in range(ROUNDS):
        requests = [make(next(numbers)) for _ in range(REQUESTS)]
        began = time.process_time()
        for request in requests:
            await _send(app, request)
        times.append(time.process_time() - began)
    requests = [make(next(numbers)) for _ in range(REQUESTS)]
    profiler = cProfile.Profile()
    profiler.enable()
    for request in requests:
        await _send(app, request)
    profiler.disable()
    return {"microseconds": min(times) / REQUESTS * 1e6, **_shares(pstats.Stats(profiler))}


def _shares(stats: pstats.Stats) -> dict[str, Any]:
    rows: dict[tuple[str, str], tuple[int, float]] = {}
    for (file, _, name), (_, calls, _, cumulative, _) in stats.stats.items():
        rows[Path(file).name, name] = calls, cumulative

    def spent(file: str, name: str) -> float:
        return rows.get((file, name), (0, 0.0))[1] / stats.total_tt

    judge, call = spent("referee.py", "judge"), spent("dispatch.py", "_call")
    response = spent("dispatch.py", "render") + spent("dispatch.py", "response")
    parts = (
        call,
        max(0.0, spent("dispatch.py", "_drafted") - call - spent("dispatch.py", "render")),
        response,
        judge,
        spent("journal.py", "add_exchange") - judge,
    )
    sql = rows.get(("~", "<method 'execute' of 'sqlite3.Connection' objects>"), (0, 0.0))
    return {
        "calls": stats.total_calls / REQUESTS,
        "statements": sql[0] / REQUESTS,
        "sql": sql[1] / stats.total_tt,
        "parts": dict(zip(PARTS, (*parts, 1 - sum(parts)), strict=True)),
    }


async def _made(app: Mock, path: str, body: dict[str, Any]) -> int:
    return int(json.loads(await _send(app, ("POST", path, "", body)))["data"]["id"])


async def _send(app: Mock, request: Request) -> bytes:
    method, path, query, value = request
    body = b"" if value is None else json.dumps(value).encode()
    headers = [*_HEADERS, (b"content-length", b"%d" % len(body))] if body else [*_HEADERS]
    parts: list[bytes] = []

    async def receive() -> dict[str, Any]:
        return {"type": "http.request", "body": body, "more_body": False}

    async def send(message: Any) -> None:
        if message.get("status", 200) >= 300:
            raise SystemExit(f"{method} {path}: {message['status']}")
        parts.append(message.get("body", b""))

    scope = {
        "type": "http",
        "method": method,
        "path": path,
        "query_string": query.encode(),
        "headers": headers,
        "scheme": "http",
        "client": ("127.0.0.1", 50_000),
    }
    await app(scope, receive, send)
    return b"".join(parts)


_HEADERS = [
    (b"host", b"127.0.0.1:8008"),
    (b"authorization", f"Bearer {TOKEN}".encode()),
    (b"accept", b"application/json"),
    (b"user-agent", b"billing/1.0"),
    (b"content-type", b"application/json"),
]
