"""Worlds in files, their schema and the example."""

import json
import tomllib
from importlib import resources
from pathlib import Path

import jsonschema_rs
import msgspec
import pytest

from mock_solusio.app import Mock
from mock_solusio.clock import Clock
from mock_solusio.domain import settings
from mock_solusio.domain.errors import BadRequest, DomainError, Invalid
from mock_solusio.moment import parse_moment, rfc3339
from mock_solusio.options import Options
from mock_solusio.worlds import fixtures

EXAMPLE = Path(__file__).parents[3] / "docs" / "examples" / "world.toml"


# Files


@pytest.mark.parametrize("text", ["users = [", "[[users]]\nemail = 1 2", '{"users": ', "\x00"])
def test_what_is_neither_toml_nor_json(control, text):
    answer = control("POST", "/_mock/fixtures", raw=text.encode())
    assert answer.status == 400
    assert "TOML" in answer.message or "JSON" in answer.message


def test_toml_and_json_are_the_same():
    world = fixtures.parse_world(b'[[users]]\nemail = "a@b.example"\ncreated_at = 2026-01-01T00:00:00Z\n')
    same = fixtures.parse_world(
        b' {"users": [{"email": "a@b.example", "created_at": "2026-01-01T00:00:00Z"}]}'
    )
    assert world == same
    assert fixtures.parse_world(b"") == fixtures.parse_world(b"{}")


def test_files_that_cannot_be_read(tmp_path):
    with pytest.raises(BadRequest, match=r"none\.toml: No such file"):
        fixtures.read(tmp_path / "none.toml")
    bad = tmp_path / "bad.toml"
    bad.write_text('[[users]]\nemial = "a@b.example"\n')
    with pytest.raises(Invalid, match=r"users\[0\].emial \(line 1\): is not a known field"):
        fixtures.read(bad)


def test_the_billing_endpoint_of_the_options_outweighs_that_of_the_fixtures():
    url = "http://127.0.0.1:9999/mine"
    mock = Mock(Options(seed="x", fixtures=EXAMPLE, billing_url=url))
    try:
        for _ in range(2):
            integration = settings.billing(mock.store)
            assert integration is not None
            assert integration.url == url
            mock.reset()
    finally:
        mock.close()


def test_a_start_with_a_world():
    mock = Mock(Options(seed="x", fixtures=EXAMPLE))
    try:
        assert rfc3339(mock.clock.now()) == "2026-03-15T12:00:00.000000Z"
        mock.clock.advance(10**6)
        mock.reset()
        mock.clock.reset()
        assert rfc3339(mock.clock.now()) == "2026-03-15T12:00:00.000000Z"
    finally:
        mock.close()
    later = Clock(parse_moment("2026-04-01T00:00:00Z"), speed=0)
    mock = Mock(Options(seed="x", fixtures=EXAMPLE, clock=later))
    try:
        assert rfc3339(mock.clock.now()) == "2026-04-01T00:00:00.000000Z"
    finally:
        mock.close()
    with pytest.raises(DomainError, match="created_at"):
        Mock(Options(fixtures=EXAMPLE, clock=Clock(1, speed=0)))


# The schema and the example


@pytest.fixture(scope="module")
def published():
    return json.loads(
        resources.files("mock_solusio.worlds").joinpath("fixtures.schema.json").read_text(encoding="utf-8")
    )


def test_the_published_schema_is_true(published):
    assert published == json.loads(json.dumps(fixtures.schema()))


def test_the_schema_permits_the_example(published):
    world = tomllib.loads(EXAMPLE.read_text(encoding="utf-8"))
    as_json = json.loads(msgspec.json.encode(world))
    validator = jsonschema_rs.Draft202012Validator(published, validate_formats=True)
    validator.validate(as_json)
    assert not validator.is_valid({**as_json, "uesrs": []})
    assert not validator.is_valid({"users": [{"email": "a@b.example", "limit_gruop": "x"}]})


def test_the_example_shows_every_kind_of_thing():
    world = tomllib.loads(EXAMPLE.read_text(encoding="utf-8"))
    kinds = {field.encode_name for field in msgspec.structs.fields(fixtures.WorldPart)} - {"$schema"}
    assert set(world) == kinds


def test_the_example_is_what_it_says(control, api):
    assert control("POST", "/_mock/fixtures", raw=EXAMPLE.read_bytes()).status == 201
    api.patch("settings", {"billing_integration": {"type": None}})  # nobody answers there
    servers = {one["name"]: one for one in api.get("servers").data}
    assert {name: one["status"] for name, one in servers.items()} == {
        "web": "started",
        "shop": "stopped",
        "mail": "stopped",
    }
    assert servers["mail"]["is_suspended"] is True
    assert api.acting_as("anns-own-access-token").get("account").data["billing_user_id"] == 1
    bob = api.get("users?filter[search]=bob@example.com").data[0]
    assert bob["limit_group"]["name"] == "Starter"
