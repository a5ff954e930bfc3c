"""Step 5: limit groups, and a default one for new users."""

from collections.abc import Iterator
from typing import Final

from mock_solusio.preflight.installation import Installation
from mock_solusio.preflight.judgement import Note, NotJudged, Undecided, judgement
from mock_solusio.preflight.listing import Row
from mock_solusio.preflight.words import listed
from solusio_contracts.checking.rule import Expect
from solusio_contracts.reporting.words import plural

LIMITS: Final = ("vms", "running_vms", "additional_ips")
"""What the vendor's guide names (page Limiting Users' Resources Consumption)."""


@judgement("PF-030", title="new users get a default limit group")
def default_limit_group(site: Installation) -> Iterator[Expect | Note]:
    """A new customer without limits can order more servers on the first day than they will ever pay for."""
    group = site.settings.get("limit_group")
    yield Expect.that(
        isinstance(group, dict | int) and not isinstance(group, bool),
        "limit_group",
        "a default limit group",
        "none, so a new user has no limits" if group is None else "something that names no limit group",
        site.settings_answer.exchange,
    )


@judgement("PF-031", title="every limit group limits something")
def limit_groups_limit(site: Installation) -> Iterator[Expect | Note]:
    """A group whose limits are all off looks like a limit in the list of users, and limits nothing."""
    groups = site.limit_groups
    if not groups.rows:
        raise NotJudged("there are no limit groups")
    for group in groups.rows:
        yield Expect.that(
            any(_limits(group, name) for name in LIMITS),
            f"limit group {group.get('id')} ({group.get('name')})",
            "a limit on servers, running servers or additional addresses",
            "all limits are off",
            site.answer("listLimitGroups"),
        )
    if not groups.whole:
        yield Note(groups.sampled("limit groups"))


@judgement("PF-032", title="every customer has a limit group")
def customers_have_limit_group(site: Installation) -> Iterator[Expect | Note]:
    """The default group is for new users alone: those who were there before it have no limits."""
    users = site.users
    customers = [user for user in users.rows if not site.is_staff(user)]
    if not customers:
        raise NotJudged("there are no customers")
    if not all("limit_group" in user for user in customers):
        raise Undecided("the users do not show their limit group")
    without = [user for user in customers if user["limit_group"] is None]
    yield Expect.that(
        not without,
        "customers",
        "a limit group for each customer",
        f"{plural(len(without), 'customer')} without one: {listed(map(site.user, without))}",
        site.answer("listUsers"),
    )
    if not users.whole:
        yield Note(users.sampled("users"))


def _limits(group: Row, name: str) -> bool:
    limit = group.get(name)
    return isinstance(limit, dict) and limit.get("is_enabled") is True
