"""Roles and permissions; nobody gets or gives more than they have (facts, sections 0.14 and 4)."""

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from mock_solusio.domain import access_tokens, authority, role_permissions, roles, users
from mock_solusio.domain import settings as solusio_settings
from mock_solusio.domain.errors import DomainError
from mock_solusio.domain.permissions import CLIENT_PERMISSIONS, Permission
from mock_solusio.domain.records.roles import CLIENT_ROLE, ROLES
from mock_solusio.domain.records.user import USERS
from mock_solusio.domain.role_permissions import PERMISSIONS


def test_two_roles_come_with_solusio(api):
    listed = api.get("roles").data
    assert [(row["id"], row["name"], row["is_default"]) for row in listed] == [
        (1, "ADMIN", True),
        (2, "CLIENT", True),
    ]
    assert {row["name"] for row in listed[0]["permissions"]} == set(Permission)
    assert [row["name"] for row in listed[1]["permissions"]] == [
        "get applications",
        "get os images",
        "get locations",
        "resize servers",
    ]


@pytest.mark.parametrize(("key", "name"), [(1, "ADMIN"), (2, "CLIENT")])
def test_built_in_roles_are_neither_edited_nor_deleted(api, key, name):
    before = api.get(f"roles/{key}").data
    edited = api.put(f"roles/{key}", {"name": "Mine", "permissions": [1]})
    assert (edited.status, edited.message) == (409, f"The role {name} is built in and cannot be changed.")
    deleted = api.delete(f"roles/{key}")
    assert (deleted.status, deleted.message) == (409, f"The role {name} is built in and cannot be deleted.")
    assert api.get(f"roles/{key}").data == before


READ_BY_CUSTOMERS = (
    "applications",
    "os_images",
    "os_images/1",
    "os_images/1/versions",
    "locations",
    "locations/1",
)


def test_a_client_reads_what_an_order_needs_and_resizes_servers(person, order):
    ada = person("ada")
    for path in READ_BY_CUSTOMERS:
        assert ada.get(path).status == 200, path
    server = order(user=ada.id)
    assert ada.post(f"servers/{server['id']}/resize", {"plan_id": 2}).status == 200


def test_a_role_without_these_permissions_lacks_them(person, order):
    eve = person("eve", "view users")
    for path in READ_BY_CUSTOMERS:
        assert eve.get(path).status == 403, path
    server = order(user=eve.id)
    assert eve.post(f"servers/{server['id']}/resize", {"plan_id": 2}).status == 403
    assert eve.post(f"servers/{server['id']}/stop").status == 200, "their own servers need no permission"


@pytest.mark.parametrize(
    ("permission", "included"),
    [
        ("view locations", {"get locations"}),
        ("manage locations", {"view locations", "get locations"}),
        ("manage images", {"get applications", "get os images"}),
        ("manage servers", {"view servers", "resize servers"}),
    ],
)
def test_operators_have_what_customers_have_of_the_same_thing(api, permission, included):
    number = list(Permission).index(permission) + 1
    made = api.post("roles", {"name": "Operator", "permissions": [number]}).data
    assert {row["name"] for row in made["permissions"]} == {permission, *included}


def test_permissions_have_ids_and_names(api):
    listed = api.get("permissions?per_page=100").data
    assert [row["name"] for row in listed] == list(Permission)
    assert [row["id"] for row in listed] == list(range(1, len(Permission) + 1))


def test_who_may_manage_may_view(api):
    made = api.post("roles", {"name": "Manager", "permissions": [2]}).data
    assert {row["name"] for row in made["permissions"]} == {"view users", "manage users"}


def test_names_are_unique_and_permissions_exist(api):
    assert list(api.post("roles", {"name": "CLIENT"}).errors) == ["name"]
    assert list(api.post("roles", {"name": " "}).errors) == ["name"]
    assert list(api.post("roles", {"name": "x", "permissions": [999]}).errors) == ["permissions"]


def test_a_role_in_use_stays(api):
    role = api.post("roles", {"name": "Support"}).data
    user = api.post("users", {"email": "a@b.c", "roles": [role["id"]]}).data
    refused = api.delete(f"roles/{role['id']}")
    assert refused.status == 409
    assert refused.message == "The role Support cannot be deleted: it is in use by 1 user."
    assert api.get(f"roles/{role['id']}").data["users_count"] == 1
    api.put(f"users/{user['id']}", {"roles": [2]})
    assert api.patch("settings", {"registration": {"role": "support"}}).status == 200
    assert api.delete(f"roles/{role['id']}").status == 409
    api.patch("settings", {"registration": {"role": "CLIENT"}})
    assert api.delete(f"roles/{role['id']}").status == 204


def test_settings_follow_a_role_that_is_renamed(api):
    role = api.post("roles", {"name": "Guest"}).data
    api.patch("settings", {"registration": {"role": "Guest"}})
    api.put(f"roles/{role['id']}", {"name": "Visitor"})
    assert api.get("settings").data["registration"]["role"] == "Visitor"


def test_a_customer_reads_their_account_and_the_languages(person):
    ada = person("ada")
    for path in (
        "account",
        f"users/{ada.id}",
        f"users/{ada.id}/projects",
        f"users/{ada.id}/tokens",
        "languages",
    ):
        assert ada.get(path).status == 200, path


def test_a_viewer_does_not_manage(person):
    eve = person("eve", "view users")
    assert eve.get("users").status == 200
    assert eve.post("users", {"email": "x@y.z"}).status == 403


@pytest.mark.parametrize(
    ("method", "path", "body"),
    [
        ("POST", "users", {"email": "x@y.z", "roles": [1]}),
        ("PUT", "users/{own}", {"roles": [1]}),
        ("PUT", "users/{ada}", {"roles": [1]}),
        ("PUT", "users/1", {"email": "x@y.z"}),
        ("PUT", "users/1", {"password": "mine now"}),
        ("PUT", "users/1", {"status": "locked"}),
        ("DELETE", "users/1", None),
        ("POST", "users/1/tokens", {"is_one_time": True}),
        ("POST", "api_tokens", {"name": "x", "user_id": 1}),
        ("POST", "roles", {"name": "x", "permissions": [10]}),
        ("PUT", "roles/{role}", {"name": "role of eve", "permissions": [2, 4, 10]}),
        ("PATCH", "settings", {"registration": {"role": "ADMIN"}}),
    ],
)
def test_ways_up_are_barred(api, person, method, path, body):
    eve, ada = person("eve", "manage users", "manage roles", "manage settings"), person("ada")
    own_role = eve.get("account").data["roles"][0]["id"]
    answer = eve.call(method, path.format(own=eve.id, ada=ada.id, role=own_role), body)
    assert answer.status == 403, answer
    assert [role["id"] for role in api.get("users/1").data["roles"]] == [1]


def test_what_is_within_her_reach_eve_may_do(person):
    eve, ada = person("eve", "manage users", "manage roles"), person("ada")
    assert eve.put(f"users/{ada.id}", {"status": "suspended"}).status == 200
    made = eve.post("roles", {"name": "Helper", "permissions": [1]})
    assert made.status == 201
    assert eve.put(f"users/{ada.id}", {"roles": [made.data["id"]], "status": "active"}).status == 200
    assert eve.post(f"users/{ada.id}/tokens").status == 201
    assert eve.delete(f"users/{ada.id}").status == 204


OWN = st.sets(st.sampled_from(sorted(PERMISSIONS)), max_size=6)
STEPS = st.lists(
    st.tuples(
        st.sampled_from(["user", "roles", "token", "role", "widen", "registration", "touch", "remove"]),
        st.integers(0, 9),
        st.sets(st.sampled_from(sorted(PERMISSIONS)), max_size=3),
    ),
    max_size=12,
)


@settings(max_examples=40, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(own=OWN, steps=STEPS)
def test_no_sequence_of_steps_raises_permissions(mock, own, steps):
    """Managers of users, roles and settings never give anybody more permissions than they have."""
    before = mock.store.snapshot()
    try:
        with mock.transaction() as world:
            own |= {2, 4, 23}  # manage users, manage roles, manage settings
            role = roles.create(world, "managers", sorted(own))
            manager = users.create(world, email="manager@x.y", roles=[role.id])
            users.create(world, email="helper@x.y", roles=[role.id, CLIENT_ROLE])
            allowed = role_permissions.permissions_of(world, manager).union(CLIENT_PERMISSIONS)
            touched = {manager.id}
        for what, number, permissions in steps:
            try:
                with mock.transaction() as world:
                    _step(world, manager.id, touched, what, number, sorted(permissions))
            except DomainError:
                continue
        with mock.transaction() as world:
            for key in touched:
                user = world[USERS].get(key)
                assert user is None or role_permissions.permissions_of(world, user) <= allowed
            for role in world[ROLES].find()[2:]:
                assert role_permissions.permissions_of_role(role) <= allowed
            assert role_permissions.permissions_of_role(solusio_settings.registration_role(world)) <= allowed
    finally:
        mock.store.restore(before)


def _step(world, manager_id, touched, what, number, permissions):
    actor = world[USERS].get_or_404(manager_id)  # NotFound after deleting their own account
    all_users, all_roles = world[USERS].find(), world[ROLES].find()
    user, role = all_users[number % len(all_users)], all_roles[number % len(all_roles)]
    if what == "user":
        touched.add(
            users.create(world, actor=actor, email=f"{world.now}{len(all_users)}@x.y", roles=[role.id]).id
        )
    elif what == "roles":
        users.update(world, user, actor=actor, roles=[role.id, CLIENT_ROLE])
        touched.add(user.id)
    elif what == "touch":
        users.update(world, user, actor=actor, billing_token=f"{number}-{len(permissions)}")
        touched.add(user.id)
    elif what == "token":
        authority.check_user(world, actor, user)
        access_tokens.issue(world, user, one_time=True)
        touched.add(user.id)
    elif what == "role":
        roles.create(world, f"role {len(all_roles)}", permissions, actor=actor)
    elif what == "widen":
        roles.update(world, role, role.name, permissions, actor=actor)
    elif what == "remove":
        users.remove(world, user, actor=actor)
        touched.discard(user.id)
    else:
        solusio_settings.patch(world, {"registration": {"role": role.name}}, actor=actor)
