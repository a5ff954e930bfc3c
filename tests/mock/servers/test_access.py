"""Who may do what to which server (facts, sections 0.14 and 7)."""

import pytest

UNAUTHORIZED = "This action is unauthorized."


@pytest.fixture
def client(api, customer):
    """Create a customer to act as; `id` is their user id."""

    def make(**fields):
        user = customer(**fields)
        acting = api.as_user(user)
        acting.id = user
        acting.project = api.get(f"users/{user}/projects").data[0]["id"]
        return acting

    return make


def test_a_client_lists_by_project(client):
    me, other = client(), client()
    mine = me.post(f"projects/{me.project}/servers", {"name": "mine"})
    assert mine.status == 201
    refused = me.get("servers")
    assert (refused.status, refused.message) == (403, UNAUTHORIZED)
    assert [one["id"] for one in me.get(f"projects/{me.project}/servers").data] == [mine.data["id"]]
    assert me.get(f"projects/{other.project}/servers").status == 403
    assert me.post(f"projects/{other.project}/servers", {"name": "theirs"}).status == 403


def test_a_client_acts_only_on_their_own(client, wait):
    me, other = client(), client()
    key = me.post("servers", {"name": "mine"}).data["id"]
    me.post(f"servers/{key}/backups")
    me.post(f"servers/{key}/snapshots", {"name": "before"})
    wait(10)
    image = other.get("iso_images").data[0]["id"]
    calls = [
        ("GET", f"servers/{key}", None),
        ("PATCH", f"servers/{key}", {"name": "renamed"}),
        ("POST", f"servers/{key}/stop", None),
        ("POST", f"servers/{key}/start", None),
        ("POST", f"servers/{key}/restart", None),
        ("POST", f"servers/{key}/reset_password", None),
        ("POST", f"servers/{key}/vnc_up", None),
        ("POST", f"servers/{key}/resize", {"plan_id": 2}),
        ("POST", f"servers/{key}/reinstall", {"os": 1}),
        ("POST", f"servers/{key}/ips", {"count": 1}),
        ("POST", f"servers/{key}/boot", {"mode": "iso", "iso_image_id": image}),
        ("GET", f"servers/{key}/boot", None),
        ("GET", f"servers/{key}/disks", None),
        ("POST", f"servers/{key}/backups", None),
        ("GET", f"servers/{key}/backups", None),
        ("GET", "backups/1", None),
        ("POST", f"servers/{key}/snapshots", {"name": "now"}),
        ("GET", f"servers/{key}/snapshots", None),
        ("GET", "snapshots/1", None),
        ("GET", "tasks/1", None),
        ("DELETE", f"servers/{key}", None),
    ]
    for method, path, body in calls:
        refused = other.call(method, path, body)
        assert (refused.status, refused.message) == (403, UNAUTHORIZED), (method, path)
    for method, path, body in calls:
        assert me.call(method, path, body).status in (200, 201), (method, path)


@pytest.mark.parametrize("verb", ["suspend", "resume", "reset_usage"])
def test_what_only_an_operator_may(client, wait, verb):
    me = client()
    key = me.post("servers", {"name": "mine"}).data["id"]
    wait(10)
    assert me.post(f"servers/{key}/{verb}").status == 403
    assert me.post("compute_resources/1/servers", {"name": "x"}).status == 403


@pytest.mark.parametrize(
    "more",
    [
        {"user": 1},
        {"compute_resource": 1},
        {"primary_ip": "203.0.113.9"},
        {"custom_plan": {"tokens_per_hour": 0}},
    ],
)
def test_what_a_client_may_not_ask_for(client, more):
    me = client()
    assert me.post("servers", {"name": "x", **more}).status == 403
    key = me.post("servers", {"name": "x"}).data["id"]
    assert me.post(f"servers/{key}/ips", {"ip": "203.0.113.9"}).status == 403
    assert me.post(f"servers/{key}/update_ip", {"ip": "203.0.113.9"}).status == 403
    cheap = {"plan_id": 2, "custom_plan": {"params": {"vcpu": 64}}}
    assert me.post(f"servers/{key}/resize", cheap).status == 403


def test_a_client_does_not_get_what_is_hidden(api, client, wait):
    api.patch("plans/2", {"is_visible": False})
    api.patch("plans/3", {"is_additional_ips_available": False})
    me = client()
    assert me.post("servers", {"name": "x", "plan": 2}).errors.keys() == {"plan"}
    assert me.post("servers", {"name": "x", "plan": 3, "additional_ip_count": 1}).status == 422
    key = me.post("servers", {"name": "x", "plan": 3}).data["id"]
    wait(10)
    assert me.post(f"servers/{key}/resize", {"plan_id": 2}).errors.keys() == {"plan_id"}
    assert me.post(f"servers/{key}/ips", {"count": 1}).errors.keys() == {"count"}
    assert api.post(f"servers/{key}/ips", {"count": 1}).status == 200, "an operator may"


def test_members_of_a_project_share_its_servers(api, client, wait):
    owner, member = client(), client()
    email = api.get(f"users/{member.id}").data["email"]
    assert owner.post(f"projects/{owner.project}/members", {"email": email}).status == 201
    made = member.post(f"projects/{owner.project}/servers", {"name": "shared"})
    assert made.status == 201
    assert made.data["user"]["id"] == owner.id, "the owner of the project pays"
    wait(10)
    assert member.post(f"servers/{made.data['id']}/stop").status == 200
    assert member.get("tasks/1").status == 200


def test_a_client_sees_the_tasks_of_their_servers(client):
    me, other = client(), client()
    me.post("servers", {"name": "mine"})
    other.post("servers", {"name": "theirs"})
    assert [task["compute_resource_vm_id"] for task in me.get("tasks").data] == [1]


def test_a_suspended_server_is_out_of_its_owners_reach(api, client, wait):
    me = client()
    key = me.post("servers", {"name": "mine"}).data["id"]
    wait(10)
    api.post(f"servers/{key}/suspend")
    assert me.get(f"servers/{key}").data["is_suspended"] is True
    for method, path, body in (
        ("POST", "start", None),
        ("POST", "reinstall", {}),
        ("POST", "resize", {"plan_id": 2}),
        ("POST", "backups", None),
    ):
        assert me.call(method, f"servers/{key}/{path}", body).status == 409
    assert me.delete(f"servers/{key}").status == 409
    assert api.post(f"servers/{key}/resize", {"plan_id": 2}).status == 200


def test_nobody_without_an_access_token(api):
    nobody = api.acting_as(None)
    for path in ("servers", "servers/1", "tasks", "usage/cpu/x"):
        assert nobody.get(path).status == 401
