"""What a world makes: all of it, or nothing."""

import pytest

KEY = "ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAIHVwjUp9hXBzZ0dRxSk2h3o0lbzEcHZ5pJ8h7YvWZ5fL ann"


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
