"""Worlds from files: what they make, all or nothing, and errors that name their place."""

import json
import tomllib
from importlib import resources
from pathlib import Path

import jsonschema_rs
import msgspec
import pytest

from mock_solusio.app import Mock
from mock_solusio.clock import Clock
from mock_solusio.domain.errors import BadRequest, DomainError, Invalid
from mock_solusio.moment import parse_moment, rfc3339
from mock_solusio.options import Options
from mock_solusio.worlds import fixtures

EXAMPLE = Path(__file__).parents[3] / "docs" / "examples" / "world.toml"

KEY = "ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAIHVwjUp9hXBzZ0dRxSk2h3o0lbzEcHZ5pJ8h7YvWZ5fL ann"


@pytest.fixture
def load(control):
    """Send a world to the mock, as JSON."""

    def send(**world):
        return control("POST", "/_mock/fixtures", world)

    return send


@pytest.fixture
def made(load, api):
    """Load a world that holds one thing, and return what the API says of it."""

    def make(kind: str, **part):
        answer = load(**{kind: [part]})
        assert answer.status == 201, answer
        (number,) = answer.data["made"][kind]
        return api.get(f"{kind}/{number}").data

    return make


# What is made


def test_limit_groups(made):
    group = made("limit_groups", name="Starter", servers=2, running_servers=1, additional_ips=0)
    assert group["vms"] == {"limit": 2, "is_enabled": True}
    assert group["running_vms"] == {"limit": 1, "is_enabled": True}
    assert group["additional_ips"] == {"limit": 0, "is_enabled": True}
    assert group["iso_images"]["is_enabled"] is False


def test_roles(made):
    role = made("roles", name="Support", permissions=["view users", "manage servers"])
    assert {one["name"] for one in role["permissions"]} >= {"view users", "manage servers"}


def test_plans(made):
    plan = made(
        "plans",
        name="Large",
        vcpu=4,
        ram_mib=8192,
        disk_gib=160,
        tokens_per_hour=56,
        tokens_per_month=40000,
        backup_price=3.5,
        more={"is_visible": False, "limits": {"network_total_traffic": {"limit": 5, "is_enabled": True}}},
    )
    assert (plan["params"]["vcpu"], plan["params"]["ram"], plan["params"]["disk"]) == (4, 8 * 1024**3, 160)
    assert (plan["tokens_per_hour"], plan["tokens_per_month"], plan["backup_price"]) == (56, 40000, 3.5)
    assert plan["is_visible"] is False
    assert plan["limits"]["network_total_traffic"]["limit"] == 5
    assert (plan["virtualization_type"], plan["storage_type"], plan["image_format"]) == ("kvm", "fb", "qcow2")


def test_plans_of_containers(made):
    plan = made("plans", name="Container", virtualization_type="vz")
    assert (plan["virtualization_type"], plan["storage_type"], plan["image_format"]) == ("vz", "vz", "ploop")


def test_locations_take_servers(load, api):
    answer = load(
        locations=[{"name": "Amsterdam", "more": {"description": "Netherlands"}}],
        servers=[{"name": "web", "user": 1, "location": "Amsterdam"}],
    )
    location = api.get(f"locations/{answer.data['made']['locations'][0]}").data
    server = api.get(f"servers/{answer.data['made']['servers'][0]}").data
    assert location["description"] == "Netherlands"
    assert server["location"]["id"] == location["id"]


def test_users(made, api):
    user = made(
        "users",
        email="ann@example.com",
        password="geheimnis",
        billing_user_id=7,
        roles=["CLIENT", 1],
        created_at="2026-01-10T09:30:00Z",
        access_tokens=[{"secret": "anns-own-access-token", "name": "scripts"}],
        ssh_keys=[{"name": "laptop", "public_key": KEY}],
    )
    assert (user["email"], user["billing_user_id"], user["status"]) == ("ann@example.com", 7, "active")
    assert user["created_at"] == "2026-01-10T09:30:00.000000Z"
    assert [role["id"] for role in user["roles"]] == [2, 1]
    ann = api.acting_as("anns-own-access-token")
    assert ann.get("account").data["id"] == user["id"]
    assert [key["name"] for key in ann.get("ssh_keys").data] == ["laptop"]
    login = api.acting_as(None).post("auth/login", {"email": "ann@example.com", "password": "geheimnis"})
    assert login.status == 200


@pytest.mark.parametrize("status", ["locked", "suspended"])
def test_locked_and_suspended_users(load, api, status):
    answer = load(
        users=[
            {"email": "eve@example.com", "status": status, "access_tokens": [{"secret": "eves-access-token"}]}
        ],
        servers=[{"name": "mail", "user": "eve@example.com"}],
    )
    assert answer.status == 201
    assert api.get("users/2").data["status"] == status
    assert api.acting_as("eves-access-token").get("account").data["status"] == status
    server = api.get("servers/1").data
    assert server["is_suspended"] is (status == "suspended")
    assert server["is_processing"] is False


def test_one_time_access_tokens_work_once(load, api):
    load(
        users=[{"email": "a@b.example", "access_tokens": [{"secret": "only-once-please", "one_time": True}]}]
    )
    once = api.acting_as("only-once-please")
    assert [once.get("account").status, once.get("account").status] == [200, 401]


def test_projects(load, api):
    load(
        users=[{"email": "ann@example.com"}, {"email": "bob@example.com"}],
        projects=[{"name": "Shop", "owner": "ann@example.com", "members": ["bob@example.com"]}],
        servers=[{"name": "shop", "project": "Shop"}],
    )
    server = api.get("servers/1").data
    assert (server["project"]["name"], server["user"]["email"]) == ("Shop", "ann@example.com")
    assert api.as_user(3).get("servers/1").status == 200


def test_servers(load, api):
    load(
        users=[{"email": "ann@example.com", "ssh_keys": [{"name": "laptop", "public_key": KEY}]}],
        plans=[{"name": "Large", "more": {"is_additional_ips_available": True}}],
        servers=[
            {
                "name": "web",
                "user": "ann@example.com",
                "plan": "Large",
                "location": "Frankfurt",
                "os": "Ubuntu",
                "created_at": "2026-02-01T00:00:00Z",
                "additional_ips": 2,
                "ssh_keys": ["laptop"],
                "more": {"description": "the shop window", "fqdns": ["web.example.com"]},
            }
        ],
    )
    server = api.get("servers/1").data
    assert (server["status"], server["is_processing"]) == ("started", False)
    assert server["created_at"] == "2026-02-01T00:00:00.000000Z"
    assert (server["plan"]["name"], server["location"]["name"]) == ("Large", "Frankfurt")
    assert (server["description"], server["fqdns"]) == ("the shop window", ["web.example.com"])
    assert len(server["ip_addresses"]["ipv4"]) == 3
    assert [key["name"] for key in server["ssh_keys"]] == ["laptop"]
    assert all(task["status"] == "done" for task in api.get("tasks").data)


@pytest.mark.parametrize("created", [None, "2026-02-01T00:00:00Z"])
@pytest.mark.parametrize(
    ("status", "shown", "suspended"),
    [("started", "started", False), ("stopped", "stopped", False), ("suspended", "stopped", True)],
)
def test_servers_begin_as_they_shall(load, api, created, status, shown, suspended):
    load(
        servers=[{"name": "web", "user": 1, "status": status} | ({"created_at": created} if created else {})]
    )
    server = api.get("servers/1").data
    assert (server["status"], server["is_suspended"], server["is_processing"]) == (shown, suspended, False)
    assert server["created_at"] == (created or "2026-03-01T00:00:00Z").replace("Z", ".000000Z")
    action = "resume" if suspended else "start"
    assert api.post(f"servers/1/{action}").status == 200


def test_a_server_that_is_being_made(load, api, control):
    load(servers=[{"name": "web", "user": 1, "status": "processing"}])
    assert api.get("servers/1").data["is_processing"] is True
    control("POST", "/_mock/clock", {"advance": "PT1M"})
    assert api.get("servers/1").data["status"] == "started"


def test_other_servers_go_on_as_before(load, api, control, order):
    server = order()["id"]
    load(servers=[{"name": "second", "user": 1, "created_at": "2026-01-01T00:00:00Z"}])
    assert api.get(f"servers/{server}").data["is_processing"] is True
    control("POST", "/_mock/clock", {"advance": "PT1M"})
    assert api.get(f"servers/{server}").data["status"] == "started"


def test_settings(load, api):
    answer = load(
        limit_groups=[{"name": "Starter", "servers": 1}],
        settings={
            "billing_url": "https://billing.example.com/solusio/",
            "billing_token": "abc",
            "registration": False,
            "default_limit_group": "Starter",
            "more": {"hostname": "panel.example.com", "features": {"hide_plan_name": True}},
        },
        users=[{"email": "ann@example.com"}],
    )
    assert answer.status == 201
    tree = api.get("settings").data
    assert tree["billing_integration"]["type"] == "custom"
    custom = tree["billing_integration"]["drivers"]["custom"]
    assert custom == {"url": "https://billing.example.com/solusio/", "token": "abc"}
    assert tree["features"]["allow_registration"] is False
    assert (tree["hostname"], tree["features"]["hide_plan_name"]) == ("panel.example.com", True)
    assert api.get("users/2").data["limit_group"]["name"] == "Starter"


def test_the_clock_of_a_world(load):
    answer = load(
        clock={"moment": "2025-06-01T00:00:00Z", "speed": 60},
        servers=[{"name": "web", "user": 1, "created_at": "2025-05-01T00:00:00Z"}],
    )
    assert answer.data["clock"]["mode"] == "speed"
    assert answer.data["clock"]["moment"].startswith("2025-06-01T00:")
    # Beyond the clock of before, but not beyond the world's own:
    assert (
        load(
            clock={"moment": "2030-01-01T00:00:00Z"},
            users=[{"email": "a@b.example", "created_at": "2029-12-31T00:00:00Z"}],
        ).status
        == 201
    )


def test_names_of_a_world_mean_its_own_things(load, api):
    for _ in range(2):
        answer = load(plans=[{"name": "Same"}], servers=[{"name": "web", "user": 1, "plan": "Same"}])
    assert api.get("servers/2").data["plan"]["id"] == answer.data["made"]["plans"][0]


# All or nothing


def test_a_world_with_an_error_leaves_no_trace(load, api, control, order):
    # It is still being made: a clock that runs ahead would finish it.
    order()
    lists = ("users", "plans", "servers", "tasks", "limit_groups", "settings")
    before = [api.get(path).json for path in lists]
    answer = load(
        clock={"moment": "2027-01-01T00:00:00Z"},
        settings={"registration": False},
        limit_groups=[{"name": "Starter"}],
        plans=[{"name": "Large"}],
        users=[{"email": "ann@example.com"}, {"email": "ANN@example.com"}],
        servers=[{"name": "web", "user": "ann@example.com"}],
    )
    assert (answer.status, answer.errors) == (422, {"users[1].email": ["The email has already been taken."]})
    assert [api.get(path).json for path in lists] == before
    assert control("GET", "/_mock/clock").data["moment"] == "2026-03-01T00:00:00.000000Z"


# Errors


@pytest.mark.parametrize(
    ("world", "place", "text"),
    [
        ({"user": []}, "user", "is not a known field; known fields: $schema, clock, settings, roles,"),
        ({"users": [{}]}, "users[0].email", "is missing"),
        (
            {"users": [{"email": "a@b.example", "limit_group": "gold"}]},
            "users[0].limit_group",
            "there is no limit group 'gold'",
        ),
        (
            {"users": [{"email": "a@b.example", "limit_group": 99}]},
            "users[0].limit_group",
            "there is no limit group 99",
        ),
        (
            {"users": [{"email": "a@b.example", "roles": ["CLIENT", "Boss"]}]},
            "users[0].roles[1]",
            "there is no role 'Boss'",
        ),
        ({"users": [{"email": "nobody"}]}, "users[0].email", "The email "),
        (
            {"users": [{"email": "a@b.example", "status": "gone"}]},
            "users[0].status",
            "expected one of active, locked, suspended",
        ),
        (
            {"users": [{"email": "a@b.example", "created_at": "2026-03-02T00:00:00Z"}]},
            "users[0].created_at",
            "expected a moment from 1970 to now",
        ),
        (
            {"users": [{"email": "a@b.example", "created_at": "soon"}]},
            "users[0].created_at",
            'expected a moment such as 2026-03-01T00:00:00Z, got "soon"',
        ),
        (
            {"users": [{"email": "a@b.example", "access_tokens": [{"secret": "short"}]}]},
            "users[0].access_tokens[0].secret",
            "expected a string matching",
        ),
        (
            {
                "users": [
                    {"email": "a@b.example", "access_tokens": [{"secret": "administrators-own-access-token"}]}
                ]
            },
            "users[0].access_tokens[0].secret",
            "is already the secret of another",
        ),
        (
            {"users": [{"email": "a@b.example", "ssh_keys": [{"name": "k", "public_key": "none"}]}]},
            "users[0].ssh_keys[0].public_key",
            "The public key must be",
        ),
        (
            {
                "users": [
                    {"email": "a@b.example", "billing_user_id": 1},
                    {"email": "c@d.example", "billing_user_id": 1},
                ]
            },
            "users[1].billing_user_id",
            "The billing user id has already been taken.",
        ),
        (
            {"roles": [{"name": "R", "permissions": ["fly"]}]},
            "roles[0].permissions[0]",
            "expected one of view users, ",
        ),
        (
            {"roles": [{"name": "client", "permissions": []}]},
            "roles[0].name",
            "The name has already been taken.",
        ),
        (
            {"plans": [{"name": "P", "tokens_per_hour": 0.5}]},
            "plans[0].tokens_per_hour",
            "expected an integer, got 0.5",
        ),
        (
            {"plans": [{"name": "P", "more": {"is_visible": 7}}]},
            "plans[0].is_visible",
            "The is visible must be true or false.",
        ),
        ({"plans": [{"name": "P", "more": {"name": "Q"}}]}, "plans[0].more.name", "has its own place"),
        ({"plans": [{"name": "P", "storage_type": "vz"}]}, "plans[0].image_format", ""),
        (
            {"locations": [{"name": "L", "compute_resources": ["moon"]}]},
            "locations[0].compute_resources[0]",
            "there is no compute resource 'moon'",
        ),
        (
            {"projects": [{"name": "P", "owner": "x@y.example"}]},
            "projects[0].owner",
            "there is no user 'x@y.example'",
        ),
        (
            {"projects": [{"name": "P", "owner": 1, "members": ["nobody"]}]},
            "projects[0].members[0]",
            "The email must be",
        ),
        ({"servers": [{"name": "s"}]}, "servers[0]", "needs a user or a project"),
        (
            {"servers": [{"name": "s", "user": "x@y.example"}]},
            "servers[0].user",
            "there is no user 'x@y.example'",
        ),
        (
            {"servers": [{"name": "s", "user": 1, "plan": "Huge"}]},
            "servers[0].plan",
            "there is no plan 'Huge'",
        ),
        ({"servers": [{"name": "s", "user": 1, "os": "BeOS"}]}, "servers[0].os", "expected one of "),
        (
            {"servers": [{"name": "s", "user": 1, "project": "none"}]},
            "servers[0].project",
            "there is no project 'none'",
        ),
        (
            {"servers": [{"name": "s", "user": 1, "ssh_keys": ["k"]}]},
            "servers[0].ssh_keys[0]",
            "the owner has no SSH key 'k'",
        ),
        (
            {"servers": [{"name": "s", "user": 1, "more": {"boot_mode": "x"}}]},
            "servers[0].boot_mode",
            "The boot mode must be one of",
        ),
        (
            {"settings": {"default_limit_group": "gold"}},
            "settings.default_limit_group",
            "there is no limit group 'gold'",
        ),
        ({"settings": {"billing_url": "ftp://x"}}, "settings.billing_url", "expected a string matching"),
        ({"settings": {"billing_token": "x"}}, "settings.billing_token", "needs a billing_url"),
        (
            {"settings": {"more": {"registration": {"role": "Boss"}}}},
            "settings.registration.role",
            "The selected role is invalid.",
        ),
        (
            {"clock": {"moment": "1969-01-01T00:00:00Z"}},
            "clock.moment",
            "expected a moment from the year 1970",
        ),
        (
            {"limit_groups": [{"name": "", "servers": 1}]},
            "limit_groups[0].name",
            'expected a string of length >= 1, got ""',
        ),
        (
            {"limit_groups": [{"name": "A", "servers": -1}]},
            "limit_groups[0].servers",
            "expected an integer >= 0, got -1",
        ),
    ],
)
def test_errors_name_their_place(load, world, place, text):
    answer = load(**world)
    assert answer.status == 422
    assert list(answer.errors) == [place]
    assert answer.errors[place][0].startswith(text)
    assert answer.message == f"{place}: {answer.errors[place][0]}"


def test_limits_hold_for_worlds_too(load):
    answer = load(
        limit_groups=[{"name": "One", "servers": 1}],
        users=[{"email": "ann@example.com", "limit_group": "One"}],
        servers=[{"name": name, "user": "ann@example.com"} for name in ("first", "second")],
    )
    assert answer.status == 422
    ((place, _),) = answer.errors.items()
    assert place.startswith("servers[1]")


def test_names_that_mean_several_things(load):
    load(plans=[{"name": "Twin"}])
    load(plans=[{"name": "Twin"}])
    answer = load(servers=[{"name": "s", "user": 1, "plan": "Twin"}])
    assert answer.errors == {"servers[0].plan": ["there are several plans 'Twin'; use an id: 5, 6"]}


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
