"""The mock's data, created through its API, and the recorded responses that the other servers repeat."""

from __future__ import annotations

import json
from dataclasses import dataclass
from typing import Any

import yaml
from mock_speed_servers import Place, Running, ask

from solusio_contracts.contract import documents

USERS = 7_500
"""So many that neither their responses nor their pages fit into the mock's cache of responses."""
SERVERS = 40

RECORDED = {
    "get_user": ("/users/{user_id}", "get", "200"),
    "list_users": ("/users", "get", "200"),
    "list_servers": ("/servers", "get", "200"),
    "create_user": ("/users", "post", "201"),
    "create_server": ("/servers", "post", "201"),
    "create_token": ("/users/{user_id}/tokens", "post", "201"),
}
"""The response of the document that each recorded response is an example of."""


@dataclass(frozen=True, slots=True)
class World:
    """The data that the load requests."""

    token: str
    users: range
    """Ids, without gaps."""


def populate(running: Running, token: str, users: int = USERS) -> World:
    """Create users and servers, and advance the clock until all tasks are done."""
    ids = []
    for number in range(users):
        body = {"email": f"user{number}@example.com", "billing_user_id": 1 + number}
        ids.append(_data(running, token, "POST", "/users", body)["id"])
    for number in range(SERVERS):
        _data(running, token, "POST", "/servers", {"name": f"server{number}.example.com"})
    status, answer = ask(running.port, token, "POST", "//_mock/clock", {"advance": "P1D"})
    if status != 200:
        raise SystemExit(f"the clock: {status} {answer!r}")
    world = World(token, range(ids[0], ids[-1] + 1))
    if len(world.users) != users:
        raise SystemExit("the ids of the users have gaps")
    return world


def record(running: Running, world: World, place: Place) -> None:
    """Record the mock's responses: bytes for Starlette, examples in the document for the others."""
    port, token = running.port, world.token
    answers = {
        "get_user": ask(port, token, "GET", f"/users/{world.users[0]}"),
        "list_users": ask(port, token, "GET", "/users"),
        "list_servers": ask(port, token, "GET", "/servers"),
        "create_user": ask(port, token, "POST", "/users", {"email": "recorded@example.com"}),
        "create_server": ask(port, token, "POST", "/servers", {"name": "recorded.example.com"}),
        "create_token": ask(port, token, "POST", f"/users/{world.users[0]}/tokens", {"is_one_time": True}),
    }
    place.answers.mkdir(parents=True, exist_ok=True)
    for name, (status, body) in answers.items():
        if str(status) != RECORDED[name][2]:
            raise SystemExit(f"{name}: {status} {body!r}")
        (place.answers / f"{name}.json").write_bytes(body)
    document = yaml.safe_load(documents.document_text("solusio-api"))
    for name, (path, method, status_text) in RECORDED.items():
        responses = document["paths"][path][method]["responses"]
        responses[status_text] = _own(document, responses[status_text])
        content = responses[status_text]["content"]["application/json"]
        content["schema"] = _own(document, content["schema"])
        content.pop("examples", None)
        # Prism reads the first, Mockoon the second.
        content["example"] = content["schema"]["example"] = json.loads(answers[name][1])
    # Prism ignores the path of `servers` and Mockoon does not, so prepend it to all paths.
    document["paths"] = {f"/api/v1{path}": item for path, item in document["paths"].items()}
    document["servers"] = [{"url": "/"}]
    place.document.write_text(json.dumps(document), encoding="utf-8")
    asked: dict[str, Any] = {}
    for path, method, _ in RECORDED.values():
        item = document["paths"][f"/api/v1{path}"]
        asked.setdefault(f"/api/v1{path}", {}).update(
            {key: item[key] for key in (method, "parameters") if key in item}
        )
    place.short.write_text(json.dumps({**document, "paths": asked}), encoding="utf-8")


def _own(document: Any, node: Any) -> Any:
    """Return a copy of a node, or of what it refers to, that is safe to change."""
    while "$ref" in node:
        holder = document
        for part in node["$ref"].removeprefix("#/").split("/"):
            holder = holder[part]
        node = holder
    return json.loads(json.dumps(node))


def _data(running: Running, token: str, method: str, path: str, body: Any) -> Any:
    status, answer = ask(running.port, token, method, path, body)
    if status != 201:
        raise SystemExit(f"{method} {path}: {status} {answer!r}")
    return json.loads(answer)["data"]
