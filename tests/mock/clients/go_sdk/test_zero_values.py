"""The Go SDK sends zero values for what its user did not set: "", 0 and null count as absent."""

import copy
import tomllib
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

import pytest

from mock_solusio.moment import rfc3339
from mock_solusio.testing import Solusio

TABLE = tomllib.loads((Path(__file__).parents[1] / "go_sdk_requests.toml").read_text())
TYPES, REQUESTS = TABLE["types"], TABLE["requests"]
SCALARS: dict[str, Any] = {"str": "", "int": 0, "float": 0, "bool": False}


def zero(kind: str) -> Any:
    """Return the zero value of a type as encoding/json writes it."""
    if kind.endswith("*"):
        return [zero(kind[:-1])]
    if kind.endswith("?") or kind.startswith("["):
        return None
    if kind in SCALARS:
        return SCALARS[kind]
    return {name: zero(one) for name, one in TYPES[kind].items()}


def body_of(request: Mapping[str, Any], *, without: str = "") -> dict[str, Any]:
    """Return what is sent if the user set what a user has to set, except `without`."""
    body = {name: zero(kind) for name, kind in request.get("members", {}).items()}
    for place, value in request.get("set", {}).items():
        if place == without:
            continue
        target: Any = body
        *parents, last = place.split(".")
        for parent in parents:
            target = target[int(parent) if parent.isdigit() else parent]
        target[last] = copy.deepcopy(value)
    return body


@pytest.fixture(scope="module")
def with_server(panel: Solusio) -> str:
    """Create a server at the first location; return the URL that goes back to that moment."""
    panel.create_server(location=1)
    snapshots = f"{panel.url}/_mock/snapshots"
    assert panel.client.post(snapshots, json={"name": "with-server"}).status_code == 201
    return f"{snapshots}/with-server/restore"


@pytest.fixture
def send(panel: Solusio, with_server: str) -> Callable[..., Any]:
    """Send a request to a strict mock that has one server; return the response."""
    assert panel.client.post(with_server).status_code == 200

    def ask(request: Mapping[str, Any], body: dict[str, Any]) -> Any:
        method, path = request["path"].split()
        return panel.client.request(method, path, json=body)

    return ask


@pytest.mark.parametrize("name", REQUESTS)
def test_what_is_not_set_counts_as_absent(send, name):
    request = REQUESTS[name]
    response = send(request, body_of(request))
    assert response.is_success, response.text


@pytest.mark.parametrize(
    ("name", "member"),
    [(name, member) for name, request in REQUESTS.items() for member in request.get("refused", ())],
)
def test_what_a_user_has_to_set_is_asked_for(send, name, member):
    request = REQUESTS[name]
    response = send(request, body_of(request, without=member))
    assert response.status_code == 422
    assert list(response.json()["errors"]) == [member]


def test_an_empty_firewall_mode_keeps_the_plans(panel, send):
    path = f"plans/{panel.create_plan(netfilter={'value': 'stateful', 'is_editable': True})['id']}"
    request = REQUESTS["PlanUpdateRequest"]
    changed = send({**request, "path": f"PUT {path}"}, body_of(request)).json()["data"]
    assert changed["netfilter"] == {"value": "stateful", "is_editable": False}


@pytest.mark.parametrize("body", [None, {}, {"name": ""}, {"name": None}])
@pytest.mark.usefixtures("send")
def test_a_snapshot_without_a_name_is_named_by_its_time(panel, body):
    snapshot = panel.call("POST", "servers/1/snapshots", body)
    assert snapshot["name"] == snapshot["created_at"] == rfc3339(panel.mock.clock.now())


def test_sizes_of_zero_are_those_of_the_plan(send):
    request = REQUESTS["VirtualServerCreateRequestWithCustomPlan"]
    body = body_of(request) | {"plan": 2}
    body["custom_plan"]["params"]["vcpu"] = 3
    made = send(request, body).json()["data"]
    assert made["specifications"] == {"disk": 40, "ram": 2 * 1024**3, "vcpu": 3}


def test_a_limit_group_of_zero_keeps_the_default(panel, send):
    group = panel.call("POST", "limit_groups", {"name": "small"})["id"]
    panel.call("PATCH", "settings", {"limit_group": {"id": group}})
    request = REQUESTS["SettingsUpdateRequest"]
    assert send(request, body_of(request)).json()["data"]["limit_group"]["id"] == group


def test_what_counts_as_absent_is_not_suggested(send):
    request = REQUESTS["PlanUpdateRequest"]
    response = send(request, body_of(request) | {"netfilter": {"value": "on"}})
    expected = "The netfilter.value must be one of disabled, stateless, stateful, full."
    assert response.json()["errors"] == {"netfilter.value": [expected]}
