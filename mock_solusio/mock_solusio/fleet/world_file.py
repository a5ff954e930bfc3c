"""Writes a fleet as a world for `serve --fixtures`: its customers and servers at the end of its time.

A world has no past: it lacks deleted servers and the earlier plans of a server.
"""

import json
from collections.abc import Callable, Iterator
from typing import Any

import msgspec

from mock_solusio.domain import plans
from mock_solusio.fleet.bulk_records import status_of
from mock_solusio.fleet.changes import ServerState
from mock_solusio.fleet.events import header
from mock_solusio.fleet.model import Fleet, FleetServer
from mock_solusio.fleet.people import people
from mock_solusio.moment import utc


def world_of(fleet: Fleet, advance: Callable[[int], None] = lambda _: None) -> dict[str, Any]:
    """Return a world, as `fixtures` reads it; `advance` is called for each server."""
    emails = {}
    users = []
    for person in people(fleet):
        customer = person.customer
        if customer.left_at is not None:
            continue
        emails[customer.number] = person.email
        user: dict[str, Any] = {"email": person.email, "billing_user_id": customer.billing_user_id}
        status = status_of(customer)
        if status is not None:
            user["status"] = status
        users.append({**user, "created_at": _text(customer.joined_at)})
    servers = []
    for server in fleet.servers():
        advance(1)
        if server.ended_at is None:
            servers.append(_server(server, emails[server.customer]))
    return {"clock": {"moment": _text(fleet.end)}, "users": users, "servers": servers}


def _server(server: FleetServer, email: str) -> dict[str, Any]:
    state = ServerState(server.plan, server.created_at).apply(server.changes)
    plan = plans.default_plans()[state.plan].name
    made: dict[str, Any] = {"name": server.name, "user": email, "plan": plan}
    if state.suspended or not state.runs:
        made["status"] = "suspended" if state.suspended else "stopped"
    addresses = sum(kind == "ip" for kind, _ in state.items)
    if addresses:
        made["additional_ips"] = addresses
    return {**made, "created_at": _text(server.created_at)}


def in_json(fleet: Fleet, advance: Callable[[int], None] = lambda _: None) -> bytes:
    """Return a fleet as a world in JSON."""
    return msgspec.json.format(msgspec.json.encode(world_of(fleet, advance)), indent=1) + b"\n"


def in_toml(fleet: Fleet, advance: Callable[[int], None] = lambda _: None) -> bytes:
    """Return a fleet as a world in TOML."""
    about = header(fleet)
    known = ", ".join(f"{name} {value}" for name, value in about.about.items())
    lines = [f"# A world for `mock-solusio serve --fixtures`. {about.made_by}: {known}."]
    for name, part in world_of(fleet, advance).items():
        for one in part if isinstance(part, list) else [part]:
            lines += ["", f"[[{name}]]" if isinstance(part, list) else f"[{name}]", *_members(one)]
    return ("\n".join(lines) + "\n").encode()


def _members(part: dict[str, Any]) -> Iterator[str]:
    for name, value in part.items():
        # TOML writes moments without quotes, and strings and numbers as JSON does.
        bare = name in ("moment", "created_at")
        yield f"{name} = {value if bare else json.dumps(value)}"


def _text(moment: int) -> str:
    return utc(moment).strftime("%Y-%m-%dT%H:%M:%SZ")
