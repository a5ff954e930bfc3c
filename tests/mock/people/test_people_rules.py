"""Invariants after any sequence of changes to users (property-based)."""

from collections import Counter

from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from mock_solusio.domain import users
from mock_solusio.domain.errors import DomainError
from mock_solusio.domain.limit_groups import create
from mock_solusio.domain.records.installation import LANGUAGES
from mock_solusio.domain.records.limit_groups import LIMIT_GROUPS
from mock_solusio.domain.records.roles import ADMINISTRATOR_ROLE, ROLES
from mock_solusio.domain.records.user import USERS
from mock_solusio.domain.world import Has

FIELDS = st.fixed_dictionaries(
    {},
    optional={
        "email": st.sampled_from(["a@x.y", "A@x.y", "b@x.y", "B@X.Y", "straße@x.y", "STRASSE@x.y", "c@x.y"]),
        "billing_user_id": st.sampled_from([None, "", 1, "1", 2, 3, "3"]),
        "status": st.sampled_from(["active", "locked", "suspended"]),
        "roles": st.lists(st.sampled_from([1, 2, 2, 3]), max_size=3),
        "limit_group_id": st.sampled_from([None, 1, 2, "2", 9]),
        "language_id": st.sampled_from([None, 1, 2]),
    },
)
STEPS = st.lists(
    st.tuples(st.sampled_from(["create", "update", "update", "remove"]), st.integers(0, 5), FIELDS),
    max_size=25,
)


@settings(max_examples=60, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(steps=STEPS)
def test_whatever_happens(mock, steps):
    before = mock.store.snapshot()
    try:
        with mock.transaction() as world:
            create(world, {"name": "second"})
        for what, number, fields in steps:
            try:
                with mock.transaction() as world:
                    everybody = world[USERS].find()
                    user = everybody[number % len(everybody)]
                    if what == "create":
                        users.create(world, **{"email": "d@x.y", **fields})
                    elif what == "update":
                        users.update(world, user, **fields)
                    else:
                        users.remove(world, user)
            except DomainError:
                continue
        with mock.transaction() as world:
            check(world)
    finally:
        mock.store.restore(before)


def check(world):
    everybody = world[USERS].find()
    addresses = Counter(user.email.casefold() for user in everybody)
    billing = Counter(user.billing_user_id for user in everybody if user.billing_user_id is not None)
    assert set(addresses.values()) <= {1}
    assert set(billing.values()) <= {1}
    assert all(type(number) is int for number in billing)
    assert any(user.status == "active" and ADMINISTRATOR_ROLE in user.roles for user in everybody)
    count = world[USERS].count
    for role in world[ROLES].find():
        assert count(roles=Has(role.id)) == sum(role.id in user.roles for user in everybody)
    for group in world[LIMIT_GROUPS].find():
        assert count(limit_group_id=group.id) == sum(user.limit_group_id == group.id for user in everybody)
    for language in world[LANGUAGES].find():
        assert count(language_id=language.id) == sum(user.language_id == language.id for user in everybody)
