"""The hosting provider of the demo: a mock SolusIO with customers of several years and running servers."""

from dataclasses import replace
from typing import Final

from mock_solusio.app import Mock
from mock_solusio.clock import Clock
from mock_solusio.demo.prices import discounts_of
from mock_solusio.demo.story import PATH, Story
from mock_solusio.domain import settings, users
from mock_solusio.domain.records.servers import SERVERS
from mock_solusio.domain.records.user import ACTIVE, SUSPENDED, USERS, User
from mock_solusio.fleet.model import Fleet
from mock_solusio.fleet.people import Person, people
from mock_solusio.fleet.profiles import PROFILES
from mock_solusio.fleet.state_file import populate
from mock_solusio.moment import DAY, Micros, micros, utc
from mock_solusio.options import Options
from mock_solusio.server.asgi import App
from mock_solusio.ui.models import Neighbours

MONTHS: Final = 3
"""Closed calendar months of history."""

FIRST_YEAR, LAST_YEAR = 1980, 9000
"""Years in which there is room for the past and the future of a demo."""

_MONTH = 30 * DAY
_SHOWN = range(3, 9)
"""Number of running servers that fills a customer's page without making it long."""


def months_before(moment: Micros) -> list[str]:
    """Return the closed months of the history, oldest first, such as `2026-03`."""
    first = _first_of_month(moment)
    return [utc(_months_earlier(first, count)).strftime("%Y-%m") for count in range(MONTHS, 0, -1)]


def fleet_until(moment: Micros, *, users: int, seed: str) -> Fleet:
    """Return the fleet from the first of those months until the last midnight (UTC).

    Raises:
        ValueError: the moment is outside `FIRST_YEAR` to `LAST_YEAR`.
    """
    if not FIRST_YEAR <= utc(moment).year <= LAST_YEAR:
        raise ValueError(f"expected a moment in the years from {FIRST_YEAR} to {LAST_YEAR}")
    begin = _months_earlier(_first_of_month(moment), MONTHS)
    days = (moment - begin) // DAY
    usual = PROFILES["hoster"]
    # The usual profile states activity per 30 days; a profile with its own number of days, in total.
    created = usual.servers_per_user * (1 - usual.standing) * days * DAY / _MONTH
    standing = usual.servers_per_user * usual.standing
    profile = replace(
        usual,
        name="demo",
        days=days,
        servers_per_user=standing + created,
        standing=standing / (standing + created),
    )
    return Fleet(profile, users=users, seed=seed, begin=begin)


class HostingProvider(Mock):
    """A mock that starts, and after a reset restarts, with the customers and servers of a provider."""

    def __init__(self, options: Options, *, users: int, seed: str) -> None:
        """Generate everything up to the time of the clock in the options.

        Raises:
            ValueError: the clock is outside `FIRST_YEAR` to `LAST_YEAR`.
        """
        super().__init__(options)
        try:
            self.fleet = fleet_until(self.clock.now(), users=users, seed=seed)
            self.people: list[Person] = list(people(self.fleet))
            self._populate()
            self.neighbours = Neighbours(tour=PATH)
            self.story = Story(len(self.people), self.servers)
        except BaseException:
            self.close()
            raise

    def make_ui(self) -> App:
        """Build the user area with the page of the demo."""
        from mock_solusio.demo.pages import DemoPages
        from mock_solusio.ui.app import create_ui

        pages = DemoPages(self, self.neighbours, lambda: self.story)
        return create_ui(self, neighbours=self.neighbours, routes=pages.routes)

    def reset(self) -> None:
        """Restore all customers and servers as they were at the start; the integration settings stay."""
        tree = settings.read(self.store).tree
        super().reset()
        with self.store.transaction() as world:
            settings.patch(world, {name: tree[name] for name in ("features", "billing_integration")})
        self._populate()

    def _populate(self) -> None:
        clock = self.store.clock
        self.store.clock = Clock(self.fleet.end, speed=0)
        try:
            populate(self.fleet, self.store, self.people)
            if not self.restricted():
                self._suspend_somebody()
        finally:
            self.store.clock = clock

    def _suspend_somebody(self) -> None:
        """Suspend the newest customer with a server, other than the one to show: a demo needs a debtor."""
        shown, _ = self.one_to_show()
        with self.store.transaction() as world:
            for one in reversed(self.people):
                user = world[USERS].first(billing_user_id=one.customer.billing_user_id)
                if one != shown and user is not None and world[SERVERS].count(user_id=user.id):
                    users.update(world, user, status=SUSPENDED)
                    return

    @property
    def servers(self) -> int:
        """How many servers there are."""
        return self.store[SERVERS].count()

    def restricted(self) -> list[tuple[Person, User]]:
        """Return the customers who are locked or suspended."""
        known = {user.billing_user_id: user for user in self.store[USERS].find() if user.status != ACTIVE}
        found = ((one, known.get(one.customer.billing_user_id)) for one in self.people)
        return [(one, user) for one, user in found if user is not None]

    def one_to_show(self) -> tuple[Person, User]:
        """Return the customer whose pages show most: some running servers, all months, another currency."""
        known = {user.billing_user_id: user for user in self.store[USERS].find(status=ACTIVE)}
        there = [one for one in self.people if one.customer.billing_user_id in known]
        # Never empty: the first customer of a fleet stays, and pays.
        discounts = discounts_of(self.people)

        def interest(one: Person) -> tuple[int, ...]:
            user = known[one.customer.billing_user_id]
            running = self.store[SERVERS].count(user_id=user.id, status="started")
            return (
                running in _SHOWN,
                one.customer.joined_at < self.fleet.begin,
                one.market.currency == "EUR",
                bool(discounts[one.customer.number]),
                min(running, _SHOWN[-1]),
            )

        chosen = max(there, key=interest)
        return chosen, known[chosen.customer.billing_user_id]


def _first_of_month(moment: Micros) -> Micros:
    return micros(utc(moment).replace(day=1, hour=0, minute=0, second=0, microsecond=0))


def _months_earlier(first: Micros, count: int) -> Micros:
    month = utc(first)
    years, index = divmod(month.month - 1 - count, 12)
    return micros(month.replace(year=month.year + years, month=index + 1))
