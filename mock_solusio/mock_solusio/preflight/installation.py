"""What preflight has read of one SolusIO: each thing when it is first needed, and once."""

import datetime
import email.utils
from collections.abc import Callable, Collection, Iterable, Mapping
from dataclasses import dataclass, field
from functools import cached_property
from typing import Any, Final, TypeVar

from mock_solusio.domain import metering
from mock_solusio.domain.permissions import CLIENT_PERMISSIONS
from mock_solusio.moment import micros, rfc3339
from mock_solusio.preflight.client import Answer, Reader, UnreadableError
from mock_solusio.preflight.listing import Listing, Row, read_list
from mock_solusio.price_list.model import PlanPrice
from solusio_contracts.contract.overlay import NO_OVERLAY, Overlay
from solusio_contracts.http.exchange import Exchange
from solusio_contracts.reporting.report import Fact

ADMINISTRATOR: Final = "ADMIN"
CLIENT: Final = "CLIENT"
"""The roles that come with SolusIO (page User Access Control)."""
OTHERS: Final = 20
"""Requests for everything but the pages of users, servers and usage."""
SHARES: Final = {"users": (2, 5), "servers": (1, 5), "usage": (1, 5)}
"""Which part of the other requests is for the pages of long lists; the rest is for repetitions."""
LINES_PER_PAGE: Final = 1000
"""Usage lines asked for in a page."""

T = TypeVar("T")


@dataclass(frozen=True, slots=True, kw_only=True)
class Month:
    """A calendar month (UTC)."""

    name: str
    """Such as `2026-10`."""
    since: int
    until: int
    """Microseconds since 1970; half-open."""

    @property
    def query(self) -> dict[str, str]:
        """The period, as `GET /usage` takes it."""
        return {name: f"{rfc3339(one)[:19]}Z" for name, one in (("from", self.since), ("to", self.until))}

    @classmethod
    def of(cls, number: int) -> "Month":
        """Return a month by its number, as `metering.month_of` counts them."""
        since, until = metering.month_start(number), metering.month_start(number + 1)
        return cls(name=rfc3339(since)[:7], since=since, until=until)


@dataclass(frozen=True, slots=True, kw_only=True)
class Questions:
    """What the user of preflight wants to know beyond what SolusIO shows."""

    prices: tuple[PlanPrice, ...] | None = None
    """The prices that plans should have."""
    billing_url: str | None = None
    """The URL of the billing endpoint that was checked."""
    checked: str = ""
    """How that check ended, such as `not conformant on 2026-03-01`; empty if well, or unknown."""
    try_login: int | None = None
    """The id of a user: try a login link of theirs."""
    user_area: str | None = None
    """The URL of the user area; None: that of SolusIO."""
    month: Month | None = None
    """The month whose usage is judged; None: the last one that is over."""
    overlay: Overlay = NO_OVERLAY
    """What is already known of this SolusIO, instead of what is assumed."""
    show_customers: bool = False
    """Whether email addresses and names of servers may be shown."""


@dataclass(frozen=True, slots=True)
class Witness:
    """How often something was as a clause says, of how often it could have been."""

    clause: str
    fits: int
    of: int

    @property
    def confirms(self) -> bool:
        """Whether every case fits; otherwise it contradicts the clause."""
        return self.fits == self.of


@dataclass(slots=True)
class Once:
    """Remembers what was read by name, and what could not be."""

    found: dict[str, Any] = field(default_factory=dict)

    def __call__(self, name: str, read: Callable[[], T]) -> T:
        """Return what `read` returned or raised the first time."""
        if name not in self.found:
            try:
                self.found[name] = read()
            except UnreadableError as error:
                self.found[name] = error
        value: Any = self.found[name]
        if isinstance(value, UnreadableError):
            raise value
        return value  # type: ignore[no-any-return]  # it is what `read` returned


class Installation:
    """One SolusIO. Methods and properties raise `UnreadableError` for what cannot be read."""

    def __init__(self, reader: Reader, questions: Questions) -> None:
        self.reader = reader
        self.questions = questions
        self.facts: list[Fact] = []
        """What was found that is neither good nor bad."""
        self.witnesses: list[Witness] = []
        """What was seen of clauses; without cases, nothing was."""
        self._pages = most_pages(reader.access.requests)
        self._once = Once()

    def add_fact(self, name: str, text: str) -> None:
        """Note something that is neither good nor bad."""
        self.facts.append(Fact(name=name, text=text))

    def witness(self, clause: str, cases: Iterable[bool]) -> None:
        """Note for each case whether it is as a clause says."""
        seen = list(cases)
        self.witnesses.append(Witness(clause, sum(seen), len(seen)))

    # Things of the API

    @property
    def account(self) -> Row:
        """The user of the access token."""
        return self._object("account", "getAccount", "account").data  # type: ignore[no-any-return]

    @property
    def settings_answer(self) -> Answer:
        """The settings, with the exchange that shows them."""
        return self._object("settings", "getSettings", "settings")

    @property
    def settings(self) -> Row:
        """The settings."""
        return self.settings_answer.data  # type: ignore[no-any-return]

    @property
    def plans(self) -> Listing:
        """The plans."""
        return self._list("plans", "listPlans", pages=3)

    @property
    def limit_groups(self) -> Listing:
        """The limit groups."""
        return self._list("limit_groups", "listLimitGroups", pages=2)

    @property
    def roles(self) -> Listing:
        """The roles."""
        return self._list("roles", "listRoles", pages=2)

    @property
    def users(self) -> Listing:
        """The users; of many, a sample."""
        return self._list("users", "listUsers", pages=self._pages["users"])

    @property
    def servers(self) -> Listing:
        """The servers; of many, a sample."""
        return self._list("servers", "listServers", pages=self._pages["servers"])

    @property
    def usage(self) -> Listing:
        """The usage lines of the last closed month; of many, a sample."""
        month = self.month
        return self._once(
            "usage",
            lambda: read_list(
                self.reader,
                "listUsage",
                "usage",
                pages=self._pages["usage"],
                per_page=LINES_PER_PAGE,
                query=month.query,
            ),
        )

    def usage_of(self, user_id: int) -> Listing:
        """Return the usage lines of one user in the last closed month."""
        query = {**self.month.query, "filter[user_id]": user_id}
        return self._once(
            f"usage of {user_id}",
            lambda: read_list(
                self.reader, "listUsage", "usage", pages=2, per_page=LINES_PER_PAGE, query=query
            ),
        )

    def answer(self, operation: str) -> Exchange | None:
        """Return the first exchange that read this operation; None if none did."""
        return next((one.exchange for one in self.reader.answers if one.operation == operation), None)

    def _object(self, name: str, operation: str, path: str) -> Answer:
        def read() -> Answer:
            answer = self.reader.get(operation, path)
            if not isinstance(answer.data, dict):
                raise UnreadableError(f"the response of GET /api/v1/{path} has no object `data`")
            return answer

        return self._once(name, read)

    def _list(self, name: str, operation: str, *, pages: int) -> Listing:
        return self._once(name, lambda: read_list(self.reader, operation, name, pages=pages))

    # What follows from them

    @cached_property
    def month(self) -> Month:
        """The month whose usage is judged."""
        return self.questions.month or Month.of(metering.month_of(micros(self.time)) - 1)

    @property
    def time(self) -> datetime.datetime:
        """The time by SolusIO's clock at its first response; if it does not say, by that of this machine."""
        dated = self.dated
        if dated:
            return dated[0][0]
        return datetime.datetime.now(datetime.UTC)

    @property
    def dated(self) -> list[tuple[datetime.datetime, datetime.datetime, float]]:
        """For each response with a Date: that moment, the one here, and the seconds it took."""
        found = []
        for exchange, here in self.reader.received:
            moment = _date(exchange)
            if moment is not None:
                found.append((moment, here, exchange.seconds))
        return found

    @cached_property
    def staff_roles(self) -> Collection[str]:
        """The names, in capitals, of roles that may do more than a customer."""
        allowed = {one.value for one in CLIENT_PERMISSIONS}
        names = {ADMINISTRATOR}
        for role in self.roles.rows:
            name, given = str(role.get("name")), permissions_of(role)
            if given is not None and name.upper() == CLIENT:
                allowed |= given
        for role in self.roles.rows:
            given = permissions_of(role)
            if given is not None and given - allowed:
                names.add(str(role.get("name")).upper())
        return names

    def is_staff(self, user: Row) -> bool:
        """Tell whether a user has a role that may do more than a customer."""
        return any(name.upper() in self.staff_roles for name in role_names(user))

    def user(self, user: Mapping[str, Any]) -> str:
        """Return a user for people: the id, and the email address if it may be shown."""
        shown = f"user {user.get('id')}"
        return f"{shown} ({user.get('email')})" if self.questions.show_customers else shown


def most_pages(requests: int) -> dict[str, int]:
    """Return the most pages that are read of each long list, for a number of requests in all."""
    return {name: max(1, (requests - OTHERS) * part // of) for name, (part, of) in SHARES.items()}


def permissions_of(role: Row) -> set[str] | None:
    """Return the names of a role's permissions; None if it does not show them."""
    given = role.get("permissions")
    if not isinstance(given, list):
        return None
    return {str(one.get("name")) if isinstance(one, dict) else str(one) for one in given}


def role_names(user: Mapping[str, Any]) -> tuple[str, ...]:
    """Return the names of a user's roles."""
    roles = user.get("roles")
    if not isinstance(roles, list):
        return ()
    return tuple(str(one.get("name")) for one in roles if isinstance(one, dict))


def _date(exchange: Exchange) -> datetime.datetime | None:
    try:
        return email.utils.parsedate_to_datetime(exchange.header("date") or "").astimezone(datetime.UTC)
    except ValueError:
        return None
