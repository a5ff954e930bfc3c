"""What happens to a server between its creation and its end: resizes, suspensions, addresses, backups."""

from collections.abc import Callable
from typing import TYPE_CHECKING, NamedTuple

from mock_solusio.fleet.profiles import Profile
from mock_solusio.fleet.randomness import draw, exponential, pick
from mock_solusio.moment import DAY, HOUR, MINUTE, SECOND, Micros

if TYPE_CHECKING:
    from mock_solusio.fleet.model import Customer

APART = 2 * MINUTE
"""Changes are at least so far from each other, so that the task of one is finished before the next."""

_MONTH = 30 * DAY


class Change(NamedTuple):
    """Something that happens to a server."""

    at: Micros
    do: str
    """As in a timeline: `server.resize`, `ip.add` ..."""
    plan: int = -1
    """Index of the new plan, of a resize."""
    item: int = 0
    """Which of the server's addresses or backups, from 1."""


class Fates:
    """Draws what happens to servers, by the rates of a profile."""

    def __init__(self, profile: Profile, begin: Micros, end: Micros, seed: str) -> None:
        self._profile = profile
        self._rates = profile.rates
        self._begin = begin
        self._end = end
        self._plan = draw(seed, "plans")
        self._following = draw(seed, "changes")
        self._quiet = not any(
            (
                self._rates.resize,
                self._rates.stop,
                self._rates.suspend,
                self._rates.additional_ip,
                self._rates.backup,
            )
        )

    def of(
        self, created: Micros, ended: Micros | None, customer: "Customer"
    ) -> tuple[int, tuple[Change, ...]]:
        """Return the plan that a server begins with, and what happens to it, in order of time."""
        plan = pick(self._plan(), self._profile.plans)
        # Nothing happens before the beginning, and nothing after the end.
        first = max(created, self._begin) + 5 * MINUTE
        last = (self._end if ended is None else ended) - 5 * MINUTE
        if self._quiet or last - first < HOUR:
            return plan, ()
        wanted: list[tuple[Micros, Change]] = []
        for rate, make in (
            (self._rates.resize, self._resize),
            (self._rates.stop, self._stop),
            (self._rates.suspend, self._suspend),
            (self._rates.additional_ip, self._address),
            (self._rates.backup, self._backup),
        ):
            for number in range(1, self._count(rate, last - first) + 1):
                at = first + int(self._following() * (last - first))
                wanted += [(change.at, change) for change in make(at, number)]
        wanted.sort()
        return plan, tuple(_possible([change for _, change in wanted], plan, last, customer))

    def _count(self, rate: float, span: Micros) -> int:
        return min(20, int(rate * span / _MONTH + self._following()))

    def _resize(self, at: Micros, number: int) -> list[Change]:  # noqa: ARG002 - one of several makers
        # Which plan it gets depends on the one it has then: 1 up, -1 down, for now.
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


_Step = Callable[["_Present", Change], Change | None]


class _Present:
    """What a server is after the changes so far."""

    def __init__(self, plan: int) -> None:
        self.plan = plan
        self.runs = True
        self.suspended = False
        self.items: set[tuple[str, int]] = set()


def _possible(wanted: list[Change], plan: int, last: Micros, customer: "Customer") -> list[Change]:
    """Return those of the wanted changes that can happen, one after the other and apart from each other."""
    present = _Present(plan)
    done: list[Change] = []
    free = 0
    for change in wanted:
        at = max(change.at, free) // SECOND * SECOND
        if at > last or customer.paused(at):
            continue
        real = _STEPS[change.do](present, change._replace(at=at))
        if real is not None:
            done.append(real)
            free = at + APART
    return done


def _resized(present: _Present, change: Change) -> Change | None:
    plan = present.plan + change.plan
    if present.suspended or not 0 <= plan <= 3:
        return None
    present.plan = plan
    return change._replace(plan=plan)


def _stopped(present: _Present, change: Change) -> Change | None:
    if present.suspended or not present.runs:
        return None
    present.runs = False
    return change


def _started(present: _Present, change: Change) -> Change | None:
    if present.suspended or present.runs:
        return None
    present.runs = True
    return change


def _suspended(present: _Present, change: Change) -> Change | None:
    if present.suspended:
        return None
    present.suspended = True
    return change


def _resumed(present: _Present, change: Change) -> Change | None:
    if not present.suspended:
        return None
    present.suspended = False
    return change


def _made(present: _Present, change: Change) -> Change | None:
    if present.suspended:
        return None
    present.items.add((change.do.partition(".")[0], change.item))
    return change


def _removed(present: _Present, change: Change) -> Change | None:
    key = change.do.partition(".")[0], change.item
    if present.suspended or key not in present.items:
        return None
    present.items.remove(key)
    return change


_STEPS: dict[str, _Step] = {
    "server.resize": _resized,
    "server.stop": _stopped,
    "server.start": _started,
    "server.suspend": _suspended,
    "server.resume": _resumed,
    "ip.add": _made,
    "ip.remove": _removed,
    "backup.create": _made,
    "backup.delete": _removed,
}
