"""A project that is shared shares its servers, and nothing else of its owner."""

from typing import Any

import pytest

from mock_solusio.domain.permissions import Permission
from mock_solusio.domain.role_permissions import PERMISSIONS


@pytest.fixture
def owner(api: Any) -> int:
    made = api.post(
        "users", {"email": "owner@example.com", "billing_user_id": 7, "billing_token": "credential-of-owner"}
    )
    return int(made.data["id"])


@pytest.fixture
def shared(api: Any, owner: int) -> int:
    return int(api.get(f"users/{owner}/projects").data[0]["id"])


def operator(api: Any, *permissions: Permission) -> Any:
    """Return who may do this and nothing else."""
    numbers = [number for number, one in PERMISSIONS.items() if one in permissions]
    role = api.post("roles", {"name": "of the test", "permissions": numbers}).data["id"]
    return api.as_user(api.post("users", {"email": "op@example.com", "roles": [role]}).data["id"])


def test_a_member_does_not_see_the_billing_token_of_the_owner(api, shared):
    member = api.as_user(api.post("users", {"email": "member@example.com"}).data["id"])
    server = api.post("servers", {"name": "web", "project": shared}).data["id"]
    assert api.post(f"projects/{shared}/members", {"email": "member@example.com"}).status == 201
    for path in ("projects", f"projects/{shared}", f"projects/{shared}/servers", f"servers/{server}"):
        answer = member.get(path)
        assert answer.status == 200
        assert b"owner@example.com" in answer.body
        assert b"credential-of-owner" not in answer.body
    assert member.get(f"projects/{shared}").data["owner"]["billing_token"] is None


def test_the_owner_and_who_may_view_users_see_it(api, owner):
    assert api.as_user(owner).get("account").data["billing_token"] == "credential-of-owner"
    assert api.as_user(owner).get("projects").data[0]["owner"]["billing_token"] == "credential-of-owner"
    assert api.get(f"users/{owner}").data["billing_token"] == "credential-of-owner"
    viewer = operator(api, Permission.VIEW_USERS)
    assert viewer.get(f"users/{owner}").data["billing_token"] == "credential-of-owner"


def test_another_operator_does_not_see_it(api, shared):
    viewer = operator(api, Permission.VIEW_PROJECTS)
    assert viewer.get(f"projects/{shared}").data["owner"]["billing_token"] is None


def test_who_manages_projects_does_not_get_at_servers_by_becoming_a_member(api, shared):
    server = api.post("servers", {"name": "web", "project": shared}).data["id"]
    manager = operator(api, Permission.MANAGE_PROJECTS)
    assert manager.post(f"projects/{shared}/members", {"email": "op@example.com"}).status == 403
    assert manager.delete(f"servers/{server}").status == 403
    assert manager.get(f"projects/{shared}").status == 200


def test_who_manages_projects_and_servers_lets_members_in(api, shared):
    manager = operator(api, Permission.MANAGE_PROJECTS, Permission.MANAGE_SERVERS)
    assert manager.post(f"projects/{shared}/members", {"email": "op@example.com"}).status == 201


def test_who_manages_projects_shares_his_own(api):
    manager = operator(api, Permission.MANAGE_PROJECTS)
    own = manager.post("projects", {"name": "own"}).data["id"]
    assert manager.post(f"projects/{own}/members", {"email": "somebody@example.com"}).status == 201
