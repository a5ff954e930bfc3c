"""Every resource of `resources.yaml` is made, shown, changed and deleted in the same way.

What only one of them does is in the tests of `catalogue` and `people`.
"""

from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pytest
import yaml

from mock_solusio.moment import SECOND, rfc3339


@dataclass(frozen=True)
class Resource:
    """A row of the table, whose head explains the members."""

    path: str
    body: dict[str, Any]
    shown: dict[str, Any] = field(default_factory=dict)
    hidden: tuple[str, ...] = ()
    required: tuple[str, ...] = ("name",)
    place: str = ""
    mentioned: dict[str, str] = field(default_factory=dict)
    with_it: tuple[str, ...] = ()
    changes: tuple[list[Any], ...] = ()


RESOURCES = [
    Resource(**row) for row in yaml.safe_load(Path(__file__).with_name("resources.yaml").read_text())
]


def differences(expected, actual, place="$"):
    """Yield where something is not as expected; members that nobody expects are ignored."""
    if isinstance(expected, dict) and isinstance(actual, dict):
        for name, value in expected.items():
            yield from differences(value, actual.get(name, "nothing"), f"{place}.{name}")
    elif isinstance(expected, list) and isinstance(actual, list) and len(expected) == len(actual):
        for number, (one, other) in enumerate(zip(expected, actual, strict=True)):
            yield from differences(one, other, f"{place}[{number}]")
    elif expected != actual:
        yield f"{place}: expected {expected!r}, got {actual!r}"


def each(resources=RESOURCES):
    return pytest.mark.parametrize("resource", resources, ids=[one.path for one in resources])


def make(api, resource):
    """Make one; return what is shown of it, and its place."""
    made = api.post(resource.path, resource.body)
    assert made.status == 201, made
    return made.data, f"{resource.place or resource.path}/{made.data['id']}"


def ids(api, path):
    return [row["id"] for row in api.get(f"{path}?per_page=100").data]


def rows_but(api, resource, key):
    """Return the others; which of them is the default, a new one may change."""
    rows = [row for row in api.get(f"{resource.path}?per_page=100").data if row["id"] != key]
    return [{name: value for name, value in row.items() if name != "is_default"} for row in rows]


@each()
def test_a_new_one_is_shown_as_it_was_made(api, resource):
    before = ids(api, resource.path)
    shown, place = make(api, resource)
    expected = {**resource.body, **resource.shown}
    assert not list(differences({k: v for k, v in expected.items() if k not in resource.hidden}, shown))
    assert not set(resource.hidden) & shown.keys()
    again = api.get(place)
    assert again.data == shown
    assert resource.body.get("password", "none") not in again.body.decode()
    assert sorted(ids(api, resource.path)) == sorted([*before, shown["id"]])


@each([one for one in RESOURCES if one.changes])
def test_only_what_is_given_changes(api, mock, resource):
    shown, place = make(api, resource)
    others = rows_but(api, resource, shown["id"])
    for method, body, *expected in resource.changes:
        changed = expected[0] if expected else body
        mock.clock.advance(SECOND)
        answer = api.call(method, place, body)
        assert answer.status == 200, answer
        kept = {name: value for name, value in shown.items() if name not in {*changed, "updated_at"}}
        assert not list(differences({**kept, **changed}, answer.data))
        if "updated_at" in shown:
            assert answer.data["updated_at"] == rfc3339(mock.clock.now())
        shown = answer.data
        assert api.get(place).data == shown
    assert rows_but(api, resource, shown["id"]) == others


@each()
def test_a_deleted_one_is_gone_everywhere(api, resource):
    before = {path: api.get(path).data[member] for path, member in resource.mentioned.items()}
    shown, place = make(api, resource)
    for path, member in resource.mentioned.items():
        (listed,) = [one for one in api.get(path).data[member] if one["id"] == shown["id"]]
        assert listed.get("name") == shown.get("name") or resource.place == "os_image_versions"
    for below in resource.with_it:
        assert api.get(f"{place}/{below}").status == 200
    # The Go SDK sends a body with DELETE.
    assert api.delete(place, {"force": False}).status == 204
    assert api.delete(place).status == 404
    assert api.get(place).status == 404
    assert shown["id"] not in ids(api, resource.path)
    for below in resource.with_it:
        assert api.get(f"{place}/{below}").status == 404
    assert {path: api.get(path).data[member] for path, member in resource.mentioned.items()} == before


@pytest.mark.parametrize(
    ("place", "name", "uses"),
    [
        ("locations/2", "location", {"location": 2}),
        ("compute_resources/2", "compute resource", {"location": 2}),
        ("plans/2", "plan", {"plan": 2}),
        ("os_images/2", "OS image version", {"os": 3}),
        ("os_image_versions/3", "OS image version", {"os": 3}),
    ],
)
def test_what_a_server_uses_stays(api, place, name, uses):
    api.create("servers", **{"name": "web", "plan": 1, "location": 1, "os": 1, **uses})
    refused = api.delete(place, {"force": True})
    assert refused.status == 409
    assert refused.message == f"The {name} cannot be deleted: it is in use by 1 server."
    assert api.get(place).status == 200


@pytest.mark.parametrize("path", ["locations", "plans", "os_images"])
def test_there_is_one_default(api, path):
    api.patch(f"{path}/2", {"is_default": True})
    assert [one["id"] for one in api.get(path).data if one["is_default"]] == [2]


@each()
def test_what_it_cannot_do_without(api, resource):
    before = ids(api, resource.path)
    assert list(api.post(resource.path, {}).errors) == list(resource.required)
    for name in resource.required:
        body = {key: value for key, value in resource.body.items() if key != name}
        assert list(api.post(resource.path, body).errors) == [name]
    assert ids(api, resource.path) == before
