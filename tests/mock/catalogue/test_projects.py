"""Projects and their people: facts, section 6."""

import pytest

from mock_solusio.domain.records.projects import MEMBERSHIPS

KEY = "ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAIJqmOZqKcHz1Pz0Ch7XJ8N0zVgV5oTm2m3a8wq4F6c9d"


def ids(answer):
    assert answer.status == 200, answer
    return [row["id"] for row in answer.data]


def test_every_user_has_a_default_project(person):
    ada = person("ada")
    (project,) = ada.get("projects").data
    assert project["name"] == "Default"
    assert project["is_default"] is True
    assert project["is_owner"] is True
    assert project["owner"]["email"] == "ada@example.com"
    assert (project["members"], project["servers"], project["description"]) == (1, 0, "")
    assert project["created_at"] == "2026-03-01T00:00:00.000000Z"


def test_a_default_project_stays(api, person):
    project = person("ada").get("projects").data[0]
    refused = api.delete(f"projects/{project['id']}")
    assert (refused.status, refused.message) == (409, "A default project cannot be deleted.")


def test_a_project_with_servers_stays(person, order):
    ada = person("ada")
    project = ada.post("projects", {"name": "workshop"}).data
    assert ada.put(f"projects/{project['id']}", {"name": "shop"}).data["name"] == "shop"
    made = order(project=project["id"])
    assert made["user"]["id"] == ada.id
    assert ada.get(f"projects/{project['id']}").data["servers"] == 1
    refused = ada.delete(f"projects/{project['id']}")
    assert (refused.status, refused.message) == (409, "The project cannot be deleted: it has 1 server.")


def test_who_sees_which_projects(api, person):
    ada, bob = person("ada"), person("bob")
    shared = ada.post("projects", {"name": "shared"}).data["id"]
    own = ids(bob.get("projects"))
    assert bob.get(f"projects/{shared}").status == 403
    ada.post(f"projects/{shared}/members", {"email": "BOB@example.com"})
    assert ids(bob.get("projects")) == sorted([*own, shared])
    seen = bob.get(f"projects/{shared}").data
    assert (seen["is_owner"], seen["members"]) == (False, 2)
    assert len(ids(api.get("projects"))) == 4
    # Members do not own the project.
    for refused in (
        bob.put(f"projects/{shared}", {"name": "mine"}),
        bob.delete(f"projects/{shared}"),
        bob.post(f"projects/{shared}/members", {"email": "eve@example.com"}),
    ):
        assert refused.status == 403
    assert api.put(f"projects/{shared}", {"name": "by an operator"}).status == 200


def test_members_come_and_go(person):
    ada, bob = person("ada"), person("bob")
    members = f"projects/{ada.post('projects', {'name': 'shared'}).data['id']}/members"
    made = ada.post(members, {"email": bob.email})
    assert made.status == 201
    assert made.data["status"] == "active"
    assert made.data["user"] == {"id": bob.id, "email": bob.email}
    assert (made.data["user_id"], made.data["is_owner"]) == (bob.id, False)
    assert made.data["invite_sent_at"] is None
    owner, member = ada.get(members).data
    assert (owner["user_id"], owner["is_owner"], owner["status"]) == (ada.id, True, "active")
    assert member == made.data
    assert bob.get(members).status == 200
    for email in (bob.email, "Bob@Example.com", ada.email):
        assert list(ada.post(members, {"email": email}).errors) == ["email"]
    for email in ("nobody", "@b.c", "a@", "a b@c.d"):
        assert list(ada.post(members, {"email": email}).errors) == ["email"]
    again = ada.post(f"{members}/{made.data['id']}/resend_invite")
    assert again.status == 409
    assert ada.delete(f"{members}/{made.data['id']}").status == 204
    assert ada.delete(f"{members}/{made.data['id']}").status == 404
    assert bob.get(members).status == 403


def test_a_member_may_leave(person):
    ada, bob, eve = person("ada"), person("bob"), person("eve")
    members = f"projects/{ada.post('projects', {'name': 'shared'}).data['id']}/members"
    first, second = (ada.post(members, {"email": one.email}).data["id"] for one in (bob, eve))
    assert bob.delete(f"{members}/{second}").status == 403
    assert bob.delete(f"{members}/{first}").status == 204
    assert bob.get(members).status == 403
    assert ids(eve.get(members))[1:] == [second]


def test_the_owner_stays(api, person):
    ada, bob = person("ada"), person("bob")
    members = f"projects/{ada.post('projects', {'name': 'shared'}).data['id']}/members"
    (owner,) = ada.get(members).data
    assert (owner["email"], owner["is_owner"]) == (ada.email, True)
    for who in (ada, api):
        refused = who.delete(f"{members}/{owner['id']}")
        assert refused.status == 409
        assert refused.message == f"{ada.email} owns the project and cannot be removed from it."
    assert ada.post(f"{members}/{owner['id']}/resend_invite").status == 409
    # Another user has the owner's former address.
    assert api.patch(f"users/{ada.id}", {"email": "ada@example.org"}).status == 200
    assert api.patch(f"users/{bob.id}", {"email": "ada@example.com"}).status == 200
    assert ada.post(members, {"email": "ada@example.com"}).data["user_id"] == bob.id
    assert [one["email"] for one in ada.get(members).data] == ["ada@example.org", "ada@example.com"]


def test_a_membership_is_found_in_its_own_project_only(person):
    ada, bob = person("ada"), person("bob")
    one, other = (ada.post("projects", {"name": name}).data["id"] for name in "ab")
    member = ada.post(f"projects/{one}/members", {"email": bob.email}).data["id"]
    assert ada.delete(f"projects/{other}/members/{member}").status == 404
    assert bob.get(f"projects/{one}").status == 200


def test_an_unknown_address_is_invited_and_becomes_a_member(person):
    ada = person("ada")
    shared = ada.post("projects", {"name": "shared"}).data["id"]
    invited = ada.post(f"projects/{shared}/members", {"email": "New@example.com"}).data
    assert (invited["status"], invited["user"], invited["user_id"]) == ("invited", None, None)
    assert invited["invite_sent_at"] == "2026-03-01T00:00:00.000000Z"
    assert ada.get(f"projects/{shared}").data["members"] == 2
    again = ada.post(f"projects/{shared}/members/{invited['id']}/resend_invite")
    assert (again.status, again.data) == (200, invited)
    new = person("new")
    assert new.get(f"projects/{shared}").status == 200
    _, member = ada.get(f"projects/{shared}/members").data
    assert (member["id"], member["status"]) == (invited["id"], "active")
    assert member["user"]["id"] == new.id


def test_a_withdrawn_invitation_lets_nobody_in(person):
    ada = person("ada")
    shared = ada.post("projects", {"name": "shared"}).data["id"]
    invited = ada.post(f"projects/{shared}/members", {"email": "new@example.com"}).data
    assert ada.delete(f"projects/{shared}/members/{invited['id']}").status == 204
    assert person("new").get(f"projects/{shared}").status == 403


def test_a_deleted_user_leaves_nothing_behind(api, person):
    ada, bob = person("ada"), person("bob")
    shared = ada.post("projects", {"name": "shared"}).data["id"]
    of_bob = bob.post("projects", {"name": "of bob"}).data["id"]
    ada.post(f"projects/{shared}/members", {"email": bob.email})
    bob.post("ssh_keys", {"name": "k", "body": KEY})
    bob.post("iso_images", {"name": "own", "iso_url": "https://images.example/own.iso"})
    assert api.delete(f"users/{bob.id}").status == 204
    assert [one["user_id"] for one in ada.get(f"projects/{shared}/members").data] == [ada.id]
    assert ada.get(f"projects/{shared}").data["members"] == 1
    assert api.get(f"projects/{of_bob}").status == 404
    assert api.mock.store[MEMBERSHIPS].find(user_id=bob.id) == []
    assert api.get("ssh_keys").data == []
    assert "own" not in [one["name"] for one in api.get("iso_images").data]
    assert "of bob" not in [one["name"] for one in api.get("projects").data]


def test_search(person):
    ada = person("ada")
    for name in ("shop", "workshop", "blog"):
        ada.post("projects", {"name": name})
    assert [one["name"] for one in ada.get("projects?filter[search]=SHOP").data] == ["shop", "workshop"]
    assert ada.get("projects?filter[search]=%25").data == []


def test_ssh_keys_of_a_project(api, person):
    ada, bob, eve = person("ada"), person("bob"), person("eve")
    shared = ada.post("projects", {"name": "shared"}).data["id"]
    ada.post(f"projects/{shared}/members", {"email": bob.email})
    keys = f"projects/{shared}/ssh_keys"
    by_bob = bob.post(keys, {"name": "laptop", "public_key": KEY, "user_id": bob.id})
    assert by_bob.status == 201
    assert by_bob.data == {"id": by_bob.data["id"], "name": "laptop", "body": KEY, "user_id": bob.id}
    eve.post("ssh_keys", {"name": "of eve", "body": KEY})
    by_admin = api.post(keys, {"name": "rescue", "public_key": KEY})
    assert by_admin.data["user_id"] == ada.id
    assert [one["name"] for one in ada.get(keys).data] == ["laptop", "rescue"]
    assert bob.post(keys, {"name": "k", "public_key": KEY, "user_id": ada.id}).status == 403
    assert list(api.post(keys, {"name": "k", "public_key": KEY, "user_id": eve.id}).errors) == ["user_id"]
    assert eve.get(keys).status == 403


@pytest.mark.parametrize("path", ["", "/members", "/ssh_keys", "/plans"])
def test_a_strangers_project_is_closed(person, path):
    ada, eve = person("ada"), person("eve")
    project = ada.get("projects").data[0]["id"]
    assert ada.get(f"projects/{project}{path}").status == 200
    assert eve.get(f"projects/{project}{path}").status == 403
    assert eve.get(f"projects/999{path}").status == 404
