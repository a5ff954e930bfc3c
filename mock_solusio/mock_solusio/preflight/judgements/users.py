"""Steps 8 and 9: rights, the users of customers, and their login."""

from collections import defaultdict
from collections.abc import Iterator

from mock_solusio.preflight.installation import (
    ADMINISTRATOR,
    CLIENT,
    Installation,
    permissions_of,
    role_names,
)
from mock_solusio.preflight.judgement import Note, NotJudged, Undecided, judgement
from mock_solusio.preflight.listing import Row
from mock_solusio.preflight.login import try_login
from mock_solusio.preflight.rights import NEEDED_TO_BILL, USED
from mock_solusio.preflight.words import listed
from solusio_contracts.checking.rule import Expect
from solusio_contracts.http.first_line import looks_like_html
from solusio_contracts.reporting.words import plural


@judgement("PF-050", title="the access token has the rights that its work needs, and no more")
def token_has_no_more_rights(site: Installation) -> Iterator[Expect | Note]:
    """Anyone who reads the configuration of the billing system can do what its access token may."""
    names = role_names(site.account)
    exchange = site.answer("getAccount")
    expected = "a role that manages users and views usage"
    if ADMINISTRATOR in (name.upper() for name in names):
        yield Expect.that(
            False, "access token", expected, f"the role {ADMINISTRATOR}, which may do everything", exchange
        )
        return
    roles = [role for role in site.roles.rows if str(role.get("name")) in names]
    given: set[str] = set()
    for role in roles:
        permissions = permissions_of(role)
        if permissions is None:
            raise Undecided("the roles do not show their permissions")
        given |= permissions
    if not roles:
        raise Undecided("the user of the access token does not show a role")
    known = {str(one) for one in USED}
    missing = [one for one in NEEDED_TO_BILL if one not in given]
    # Only our own names are known, so what is missing by name may be there by another.
    if missing:
        yield Note(f"Not among its rights by the names we know: {', '.join(missing)}. Only a write can tell.")
    more = sorted(given - known)
    yield Expect.that(not more, "access token", expected, f"also: {listed(more)}", exchange)


@judgement("UM-002", title="customers have a billing_user_id")
def customers_have_billing_user_id(site: Installation) -> Iterator[Expect | Note]:
    """SolusIO asks for prices with this id, and reports usage under it: without one, nobody is billed."""
    customers = _customers(site)
    without = [user for user in customers if user.get("billing_user_id") is None]
    yield Expect.that(
        not without,
        "customers",
        "a billing_user_id for each customer",
        f"{plural(len(without), 'customer')} without one: {listed(map(site.user, without))}",
        site.answer("listUsers"),
    )
    yield from _extent(site)


@judgement("UM-004", title="each billing_user_id belongs to one user")
def one_user_per_billing_user_id(site: Installation) -> Iterator[Expect | Note]:
    """Two users with one id are two customers on one invoice."""
    users = _users(site)
    by_id: dict[str, list[Row]] = defaultdict(list)
    for user in users:
        if user.get("billing_user_id") is not None:
            same = by_id[str(user["billing_user_id"])]
            # While a list is read, a user may change and come again.
            if user.get("id") not in [one.get("id") for one in same]:
                same.append(user)
    site.witness("UM-004", (len(same) == 1 for same in by_id.values()))
    for number, same in by_id.items():
        yield Expect.that(
            len(same) == 1,
            f"billing_user_id {number}",
            "one user",
            f"{plural(len(same), 'user')}: {listed(map(site.user, same))}",
            site.answer("listUsers"),
        )
    if not by_id:
        raise NotJudged("no user has a billing_user_id")
    yield from _extent(site)


@judgement("UM-050", title="users with a billing_user_id are customers, not staff")
def customers_are_not_staff(site: Installation) -> Iterator[Expect | Note]:
    """The login link of such a customer opens the administrator's panel."""
    numbered = [user for user in _users(site) if user.get("billing_user_id") is not None]
    if not numbered:
        raise NotJudged("no user has a billing_user_id")
    staff = [user for user in numbered if site.is_staff(user)]
    yield Expect.that(
        not staff,
        "users with a billing_user_id",
        f"the role {CLIENT}, or one that may do no more",
        f"{plural(len(staff), 'user')} with more: {listed(map(site.user, staff))}",
        site.answer("listUsers"),
    )
    yield from _extent(site)


@judgement("UM-030", title="the built-in roles are there")
def built_in_roles(site: Installation) -> Iterator[Expect | Note]:
    """What is judged about customers and staff rests on their names."""
    names = {str(role.get("name")) for role in site.roles.rows}
    for name in (ADMINISTRATOR, CLIENT):
        others = sorted(one for one in names if one.upper() == name and one != name)
        yield Expect.that(
            name in names,
            f"role {name}",
            "there",
            f"spelled {others[0]}" if others else "missing",
            site.answer("listRoles"),
        )
    site.add_fact(
        "Roles",
        ", ".join(
            f"{role.get('name')} (users: {role.get('users_count', '?')})" for role in site.roles.rows[:8]
        ),
    )


@judgement("PF-051", title="the user area answers")
def user_area_answers(site: Installation) -> Iterator[Expect | Note]:
    """A login link leads there."""
    url = site.questions.user_area or site.reader.access.url
    exchange = site.reader.elsewhere(url)
    status = exchange.status
    if status is not None and 300 <= status < 400:
        where = (exchange.header("location") or "").partition("?")[0][:200]
        yield Note(f"{url} redirects to {where}, which was not followed.")
        yield Expect.that(True, url, "a page", f"a redirect to {where}", exchange)
        return
    page = status == 200 and looks_like_html(exchange.content)
    found = exchange.failure_text or (f"status {status}" if status != 200 else "no HTML page")
    yield Expect.that(page, url, "an HTML page with status 200", found, exchange)


@judgement("SSO-001", title="a login link logs a user in")
def login_link(site: Installation) -> Iterator[Expect | Note]:
    """Only a link that was opened shows that customers get in."""
    user = site.questions.try_login
    if user is None:
        raise NotJudged("a login link is a write: give --try-login USER to create and open one")
    made, opened = try_login(site, user)
    yield Expect.that(
        opened is not None,
        f"POST /users/{user}/tokens",
        "a one-time access token",
        made.failure_text or f"status {made.status}",
        made,
    )
    if opened is None:
        return
    logged_in = opened.failure is None and opened.status is not None and opened.status < 400
    yield Expect.that(
        logged_in,
        "GET /auth/by_token/{access_token}",
        "the user is logged in: a redirect to the user area, or its page",
        opened.failure_text or f"status {opened.status}",
        opened,
    )
    if opened.status == 200:
        yield Note(
            "The link answered with a page. Look at it in a browser: a page can also say that it failed."
        )


def _users(site: Installation) -> tuple[Row, ...]:
    users = site.users.rows
    if users and not any("billing_user_id" in user for user in users):
        raise Undecided("the users do not show a billing_user_id")
    return users


def _customers(site: Installation) -> list[Row]:
    found = [user for user in _users(site) if not site.is_staff(user)]
    if not found:
        raise NotJudged("there are no customers")
    return found


def _extent(site: Installation) -> Iterator[Note]:
    if not site.users.whole:
        yield Note(site.users.sampled("users"))
