"""Writes a fleet as a world for `serve --fixtures`: its customers and living servers at the end of its time.

What was is not in a world: ended servers, and the plans that a server had before its present one.
"""

import json
from collections.abc import Callable, Iterator
from typing import Any

import msgspec

from mock_solusio.domain import plans
from mock_solusio.fleet import model
from mock_solusio.fleet.bulk_records import status_of
from mock_solusio.fleet.events import header
from mock_solusio.fleet.model import Fleet
from mock_solusio.fleet.people import people
from mock_solusio.moment import utc


def world_of(fleet: Fleet, advance: Callable[[int], None] = lambda _: None) -> dict[str, Any]:
    """Return a world, as `fixtures` reads it; `advance` is told of each server."""
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


def _server(server: model.Server, email: str) -> dict[str, Any]:
    plan, status, addresses = server.plan, "started", 0
    runs, suspended = True, False
    for change in server.changes:
        match change.do:
            case "server.resize":
                plan = change.plan
            case "server.stop" | "server.start":
                runs = change.do == "server.start"
            case "server.suspend" | "server.resume":
                suspended = change.do == "server.suspend"
            case "ip.add":
                addresses += 1
            case "ip.remove":
                addresses -= 1
    status = "suspended" if suspended else "started" if runs else "stopped"
    made: dict[str, Any] = {"name": server.name, "user": email, "plan": plans.default_plans()[plan].name}
    if status != "started":
        made["status"] = status
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
        # Moments are bare in TOML; strings are as in JSON, and we have no others than numbers beside them.
        bare = name in ("moment", "created_at")
        yield f"{name} = {value if bare else json.dumps(value)}"


def _text(moment: int) -> str:
    return utc(moment).strftime("%Y-%m-%dT%H:%M:%SZ")
