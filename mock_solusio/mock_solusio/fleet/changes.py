"""The changes of a server between its creation and its end: resizes, suspensions, addresses, backups."""

from collections.abc import Iterable
from dataclasses import dataclass, field
from typing import NamedTuple

from mock_solusio.fleet.customers import Customer
from mock_solusio.fleet.profiles import Profile
from mock_solusio.fleet.randomness import draw, exponential, pick
from mock_solusio.moment import DAY, HOUR, MINUTE, SECOND, Micros

APART = 2 * MINUTE
"""Changes are at least this far apart, so that the task of one ends before the next."""

_MONTH = 30 * DAY
_LAST_PLAN = 3


class Change(NamedTuple):
    """A change of a server."""

    at: Micros
    do: str
    """As in a timeline: `server.resize`, `ip.add` ..."""
    plan: int = -1
    """Index of the new plan, for a resize."""
    item: int = 0
    """Number of the server's address or backup, from 1."""


@dataclass(slots=True)
class ServerState:
    """The state of a server after its changes so far."""

    plan: int
    since: Micros
    """When it was last started, stopped, suspended or resumed."""
    runs: bool = True
    suspended: bool = False
    items: dict[tuple[str, int], Micros] = field(default_factory=dict)
    """Its addresses (`ip`) and backups (`backup`) by number, and when it got them."""

    def apply(self, changes: Iterable[Change]) -> "ServerState":
        """Make some changes; return itself."""
        for change in changes:
            kind, _, verb = change.do.partition(".")
            match verb:
                case "resize":
                    self.plan = change.plan
                case "start" | "stop":
                    self.runs, self.since = verb == "start", change.at
                case "suspend" | "resume":
                    self.suspended, self.since = verb == "suspend", change.at
                case "add" | "create":
                    self.items[kind, change.item] = change.at
                case "remove" | "delete":
                    del self.items[kind, change.item]
        return self

    def permits(self, change: Change) -> bool:
        """Tell whether SolusIO would accept a change now."""
        kind, _, verb = change.do.partition(".")
        if self.suspended:
            return verb == "resume"
        match verb:
            case "resize":
                return 0 <= change.plan <= _LAST_PLAN
            case "start":
                return not self.runs
            case "stop":
                return self.runs
            case "remove" | "delete":
                return (kind, change.item) in self.items
        return verb != "resume"


class ChangeGenerator:
    """Draws the changes of servers, by the rates of a profile."""

    def __init__(self, profile: Profile, begin: Micros, end: Micros, seed: str) -> None:
        self._profile = profile
        rates = profile.rates
        self._makers = (
            (rates.resize, self._resize),
            (rates.stop, self._stop),
            (rates.suspend, self._suspend),
            (rates.additional_ip, self._address),
            (rates.backup, self._backup),
        )
        self._begin = begin
        self._end = end
        self._plan = draw(seed, "plans")
        self._following = draw(seed, "changes")
        self._quiet = not any(rate for rate, _ in self._makers)

    def generate(
        self, created: Micros, ended: Micros | None, customer: Customer
    ) -> tuple[int, tuple[Change, ...]]:
        """Return the plan that a server begins with, and its changes in order of time."""
        plan = pick(self._plan(), self._profile.plans)
        # No changes before the beginning, and none after the end.
        first = max(created, self._begin) + 5 * MINUTE
        last = (self._end if ended is None else ended) - 5 * MINUTE
        if self._quiet or last - first < HOUR:
            return plan, ()
        wanted: list[Change] = []
        for rate, make in self._makers:
            for number in range(1, self._count(rate, last - first) + 1):
                at = first + int(self._following() * (last - first))
                wanted += make(at, number)
        return plan, tuple(_possible(sorted(wanted), plan, last, customer))

    def _count(self, rate: float, span: Micros) -> int:
        return min(20, int(rate * span / _MONTH + self._following()))

    def _resize(self, at: Micros, number: int) -> list[Change]:  # noqa: ARG002 - one of several makers
        # The new plan depends on the one it has then: for now, 1 is the next and -1 the one before.
        return [Change(at, "server.resize", 1 if self._following() < 0.75 else -1)]

    def _stop(self, at: Micros, number: int) -> list[Change]:  # noqa: ARG002 - one of several makers
        return [Change(at, "server.stop"), Change(self._after(at, 20 * HOUR), "server.start")]

    def _suspend(self, at: Micros, number: int) -> list[Change]:  # noqa: ARG002 - one of several makers
        return [Change(at, "server.suspend"), Change(self._after(at, 2 * DAY), "server.resume")]

    def _address(self, at: Micros, number: int) -> list[Change]:
        made = [Change(at, "ip.add", item=number)]
        if self._following() < 0.4:
            made.append(Change(self._after(at, 10 * DAY), "ip.remove", item=number))
        return made

    def _backup(self, at: Micros, number: int) -> list[Change]:
        made = [Change(at, "backup.create", item=number)]
        if self._following() < 0.6:
            made.append(Change(self._after(at, 7 * DAY), "backup.delete", item=number))
        return made

    def _after(self, at: Micros, mean: Micros) -> Micros:
        return at + 10 * MINUTE + int(exponential(self._following(), mean))


def _possible(wanted: list[Change], plan: int, last: Micros, customer: Customer) -> list[Change]:
    """Return the wanted changes that can happen, one after the other and apart from each other."""
    state = ServerState(plan, 0)
    done: list[Change] = []
    free = 0
    for change in wanted:
        at = max(change.at, free) // SECOND * SECOND
        if at > last or customer.paused(at):
            continue
        real = change._replace(at=at)
        if change.do == "server.resize":
            real = real._replace(plan=state.plan + change.plan)
        if state.permits(real):
            state.apply([real])
            done.append(real)
            free = at + APART
    return done
