"""A SolusIO that is right in everything `preflight` looks at, and a proxy that bends its answers."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import Any

import httpx

from mock_solusio.testing import Solusio, started
from solusio_contracts.http.client import client
from support.endpoint import Asked, Response, endpoint

BILLING = "/billing/solusio/"
HOUR = timedelta(hours=1)


def last_month(now: datetime) -> datetime:
    """Return the beginning of the last calendar month that is over."""
    first = now.replace(day=1, hour=0, minute=0, second=0, microsecond=0)
    return (first - timedelta(days=1)).replace(day=1)


def world(now: datetime) -> dict[str, Any]:
    """Return fixtures with all that usage can show: old and new servers, stopped ones, addresses, backups."""
    month = last_month(now)
    old, new = month - timedelta(days=40), month + timedelta(days=3, minutes=1234)

    def server(name: str, user: int, created: datetime, **more: Any) -> dict[str, Any]:
        plan = "1 Core, 1 GB RAM"
        moment = created.isoformat()
        return {
            "name": name,
            "user": f"customer{user}@example.com",
            "plan": plan,
            "created_at": moment,
            **more,
        }

    backups = {"backup_settings": {"enabled": True}}
    return {
        "settings": {"registration": False, "default_limit_group": "standard"},
        "limit_groups": [{"name": "standard", "servers": 20}],
        "roles": [{"name": "billing", "permissions": ["manage users", "view usage"]}],
        "users": [
            {
                "email": f"customer{number}@example.com",
                "billing_user_id": 1000 + number,
                "limit_group": "standard",
                "created_at": (old - timedelta(days=1)).isoformat(),
            }
            for number in (1, 2, 3)
        ]
        + [{"email": "operator@example.com", "roles": ["billing"]}],
        "servers": [
            server("runs", 1, old),
            server("stopped", 1, old, status="stopped"),
            server("addresses", 2, old, additional_ips=2),
            server("backups", 2, old, more=backups),
            *(server(f"new{count}", 3, new + count * 37 * HOUR) for count in range(6)),
        ],
    }


Bend = Callable[[Any], Any]
"""Changes a JSON value in place, or returns another one."""


@dataclass
class BentSolusio:
    """A proxy in front of the right one."""

    url: str
    solusio: Solusio
    bends: dict[str, Bend] = field(default_factory=dict)
    """By the path of the API, such as `plans`."""
    answers: dict[str, Callable[[Asked], Response | None]] = field(default_factory=dict)
    """Whole responses by path, instead of what the right one says."""
    headers: dict[str, str] = field(default_factory=dict)
    """Headers of every response."""
    asked: list[Asked] = field(default_factory=list)
    _kept: dict[str, tuple[int, dict[str, str], bytes]] = field(default_factory=dict)

    def straighten(self) -> None:
        """Undo all bends."""
        for each in (self.bends, self.answers, self.headers, self.asked):
            each.clear()

    def respond(self, asked: Asked) -> Response | None:
        """Answer a request: with what the right one says, bent."""
        self.asked.append(asked)
        path = asked.target.partition("?")[0].removeprefix("/api/v1/")
        if path in self.answers:
            return self.answers[path](asked)
        if path == BILLING:
            return 405, {}, b"{}"
        status, headers, body = self._right(asked)
        bend = self.bends.get(path)
        if bend is not None and status == 200:
            value = json.loads(body)
            changed = bend(value)
            body = json.dumps(value if changed is None else changed).encode()
        return status, {**headers, **self.headers}, body

    def _right(self, asked: Asked) -> tuple[int, dict[str, str], bytes]:
        if asked.method == "PUT":
            self._kept.clear()
        key = f"{asked.method} {asked.target} {asked.headers.get('Authorization')}"
        if key not in self._kept or asked.method != "GET":
            self._kept[key] = self._ask(asked)
        return self._kept[key]

    def _ask(self, asked: Asked) -> tuple[int, dict[str, str], bytes]:
        sent = {
            name: value for name in ("Authorization", "Content-Type") if (value := asked.headers.get(name))
        }
        with client(timeout=30) as http:
            answer: httpx.Response = http.request(
                asked.method, self.solusio.url + asked.target, headers=sent, content=asked.body
            )
        kept = {name: value for name in ("Content-Type", "Location") if (value := answer.headers.get(name))}
        return answer.status_code, kept, answer.content


@contextmanager
def bent_solusio() -> Iterator[BentSolusio]:
    """Run both."""
    with started() as solusio, endpoint(lambda _: None) as proxy:
        made = BentSolusio(proxy.url, solusio)
        proxy.answer = made.respond
        control = f"{solusio.url}/_mock/fixtures"
        solusio.client.post(control, json=world(datetime.now(UTC))).raise_for_status()
        group = {"vms": {"is_enabled": True, "limit": 5}}
        solusio.client.patch("limit_groups/1", json=group).raise_for_status()
        custom = {"url": f"{proxy.url}{BILLING}", "token": "an authorization token"}
        body = {"billing_integration": {"type": "custom", "drivers": {"custom": custom}}}
        solusio.client.patch("settings", json=body).raise_for_status()
        yield made
