"""SSH keys: facts, sections 0.15 and 9."""

import pytest

ED25519 = "ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAIJqmOZqKcHz1Pz0Ch7XJ8N0zVgV5oTm2m3a8wq4F6c9d"


def ids(answer):
    assert answer.status == 200, answer
    return [row["id"] for row in answer.data]


@pytest.mark.parametrize("field", ["body", "public_key"])
def test_a_key_comes_by_either_name(api, field):
    made = api.post("ssh_keys", {"name": "laptop", field: f"  {ED25519} me@laptop\n"})
    assert made.status == 201
    assert made.data["body"] == f"{ED25519} me@laptop"
    assert api.get(f"ssh_keys/{made.data['id']}").data == made.data


def test_both_names_and_nothing(api):
    assert api.post("ssh_keys", {"name": "k", "body": ED25519, "public_key": None}).status == 201
    assert api.post("ssh_keys", {"name": "k", "body": None, "public_key": ED25519}).status == 201
    for nothing in ({}, {"body": None}, {"body": "  "}, {"public_key": ""}):
        refused = api.post("ssh_keys", {"name": "k", **nothing})
        assert refused.errors == {"body": ["The body field is required."]}
    assert list(api.post("ssh_keys", {"body": ED25519}).errors) == ["name"]


@pytest.mark.parametrize(
    "text",
    [
        "ssh-rsa AAAAB3NzaC1yc2EAAAADAQABAAAAQQC7",
        "ecdsa-sha2-nistp256 AAAAE2VjZHNhLXNoYTItbmlzdHAyNTYAAAAIbmlzdHAyNTYAAABB work",
        "sk-ssh-ed25519@openssh.com AAAAGnNrLXNzaC1lZDI1NTE5QG9wZW5zc2guY29tAAAAIA==",
    ],
)
def test_kinds_of_keys(api, text):
    assert api.post("ssh_keys", {"name": "k", "body": text}).status == 201


@pytest.mark.parametrize(
    "text",
    [
        "hello",
        "ssh-ed25519",
        "ssh-ed25519 !!!!",
        "ssh-ed25519 AAAA",
        ED25519.replace("ssh-ed25519", "ssh-rsa"),
        f"{ED25519}\n{ED25519}",
        "-----BEGIN OPENSSH PRIVATE KEY-----",
    ],
)
def test_an_invalid_key(api, text):
    assert list(api.post("ssh_keys", {"name": "k", "public_key": text}).errors) == ["public_key"]
    assert list(api.post("ssh_keys", {"name": "k", "body": text}).errors) == ["body"]


def test_whose_a_key_is(api, person):
    ada, eve = person("ada"), person("eve")
    own = ada.post("ssh_keys", {"name": "own", "body": ED25519, "user_id": 0}).data
    given = api.post("ssh_keys", {"name": "given", "body": ED25519, "user_id": ada.id}).data
    assert own["user_id"] == given["user_id"] == ada.id
    assert api.post("ssh_keys", {"name": "of the boss", "body": ED25519}).data["user_id"] == 1
    assert ids(ada.get("ssh_keys")) == [own["id"], given["id"]]
    assert ids(eve.get("ssh_keys")) == []
    assert len(ids(api.get("ssh_keys"))) == 3
    assert eve.post("ssh_keys", {"name": "k", "body": ED25519, "user_id": ada.id}).status == 403
    assert list(api.post("ssh_keys", {"name": "k", "body": ED25519, "user_id": 99}).errors) == ["user_id"]
    assert eve.get(f"ssh_keys/{own['id']}").status == 403
    assert eve.delete(f"ssh_keys/{own['id']}").status == 403
    assert ada.delete(f"ssh_keys/{own['id']}").status == 204
    assert ada.get(f"ssh_keys/{own['id']}").status == 404


def test_search(api):
    for name in ("laptop", "old laptop"):
        api.post("ssh_keys", {"name": name, "body": ED25519})
    assert [one["name"] for one in api.get("ssh_keys?filter[search]=LAPTOP").data] == ["laptop", "old laptop"]
    assert api.get("ssh_keys?filter[search]=desktop").json["meta"]["last_page"] == 1
