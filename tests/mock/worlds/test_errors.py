"""Errors of a world name their place."""

import pytest

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
