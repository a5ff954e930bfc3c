"""The mock's own time: it follows the machine, is frozen, or runs at a speed; it can be set and advanced.

Nothing else in the package reads the machine's time, so a month passes in one call.
"""

import math
import re
import time
from calendar import monthrange
from collections.abc import Callable, Mapping
from typing import Any, Final, Literal, Self

import msgspec

from mock_solusio.moment import DAY, HOUR, MINUTE, SECOND, Micros, micros, parse_moment, rfc3339, utc

Source = Callable[[], Micros]
"""Gives a clock the real time, in microseconds since 1970."""

Mode = Literal["real", "frozen", "speed"]

FIRST: Final[Micros] = 0
LAST: Final[Micros] = parse_moment("9999-12-31T23:59:59.999999Z")
RANGE: Final = "expected a moment from the year 1970 to the year 9999"
FASTEST: Final = 100_000_000
"""Three years a second: enough for any test, and nothing overflows."""

_SPAN = re.compile(
    r"P(?=.)(?:(?P<years>\d{1,5})Y)?(?:(?P<months>\d{1,6})M)?(?:(?P<weeks>\d{1,7})W)?(?:(?P<days>\d{1,8})D)?"
    r"(?:T(?=.)(?:(?P<hours>\d{1,9})H)?(?:(?P<minutes>\d{1,10})M)?(?:(?P<seconds>\d{1,12})(?:\.(?P<fraction>\d{1,6}))?S)?)?",
    re.ASCII,
)
_UNITS = {"weeks": 7 * DAY, "days": DAY, "hours": HOUR, "minutes": MINUTE, "seconds": SECOND}


def machine() -> Micros:
    """Return the time of the machine."""
    return time.time_ns() // 1000


class _State(msgspec.Struct, frozen=True):
    real: Micros
    moment: Micros
    speed: float
    began: tuple[Micros | None, float] = (None, 1.0)


class _Anchor:
    """A moment of the clock, the real time at that moment, the speed since, and the latest reading.

    The latest reading belongs to the anchor, not to the clock: a thread that still reads the old time while
    another one sets a new time cannot hold back the new one.
    """

    __slots__ = ("last", "moment", "real", "speed")

    def __init__(self, real: Micros, moment: Micros, speed: float) -> None:
        self.real = real
        self.moment = moment
        self.speed = speed
        self.last = moment


class Clock:
    """A clock that goes back only when it is set, even if the machine's clock goes back.

    It stops at the last moment of the year 9999.
    """

    __slots__ = ("_anchor", "_began", "_source")

    def __init__(self, moment: Micros | None = None, *, speed: float = 1.0, source: Source = machine) -> None:
        """Start at a moment, or at the machine's time; `speed` 0 is frozen, 1 is real time.

        Raises:
            ValueError: the moment is before 1970 or after 9999, or the speed is out of bounds.
        """
        self._source = source
        self._anchor: _Anchor
        self.go(moment, speed)
        self._began = (moment, self.speed)

    @classmethod
    def parse(cls, text: str, *, source: Source = machine) -> Self:
        """Return the clock for a value of the option `--clock`.

        `real`: the machine's time. A moment such as `2026-03-01T00:00:00Z`: frozen there. `@60`: 60 times as
        fast from now on. `2026-03-01T00:00:00Z@60`: 60 times as fast from that moment on.

        Raises:
            ValueError: the text is not one of these; the message says why.
        """
        if text == "real":
            return cls(source=source)
        start, at, speed = text.partition("@")
        if not start and not at:
            raise ValueError(
                "expected 'real', a moment such as 2026-03-01T00:00:00Z, @SPEED or MOMENT@SPEED, got ''"
            )
        moment = parse_moment(start) if start else None
        if not at:
            return cls(moment, speed=0, source=source)
        try:
            factor = float(speed)
        except ValueError:
            raise ValueError(f"expected a number as the speed, as in @60, got {speed!r}") from None
        return cls(moment, speed=_fast(factor), source=source)

    @classmethod
    def from_state(cls, state: Mapping[str, Any], *, source: Source = machine) -> Self:
        """Return a clock that continues from `state`, as if it had kept running in the meantime.

        Raises:
            ValueError: this is not the state of a clock.
        """
        try:
            taken = msgspec.convert(state, _State)
        except msgspec.ValidationError as wrong:
            raise ValueError(f"this is not the state of a clock: {wrong}") from None
        clock = cls(taken.moment, speed=taken.speed, source=source)
        clock._anchor.real = taken.real
        clock._began = taken.began
        return clock

    def restore(self, state: Mapping[str, Any]) -> None:
        """Continue from `state`, as `from_state` does.

        Raises:
            ValueError: this is not the state of a clock; then nothing changes.
        """
        other = self.from_state(state, source=self._source)
        self._anchor, self._began = other._anchor, other._began

    def state(self) -> dict[str, Any]:
        """Return what `from_state` needs, as JSON types."""
        anchor, real = self._anchor, self._source()
        moment = self._at(real, anchor) if anchor.speed else anchor.moment
        return {"real": real, "moment": moment, "speed": anchor.speed, "began": self._began}

    def now(self) -> Micros:
        """Return the moment: never before the one returned last, unless the clock was set since."""
        anchor = self._anchor
        return self._at(self._source(), anchor) if anchor.speed else anchor.moment

    @property
    def speed(self) -> float:
        """Seconds of this clock per real second; 0 if it is frozen."""
        return self._anchor.speed

    @property
    def mode(self) -> Mode:
        """`real` (as fast as real time, at any distance from it), `frozen` or `speed`."""
        return pace(self._anchor.speed)

    def described(self) -> str:
        """Return moment and speed for people: `2026-03-01T00:00:00.000000Z, frozen`."""
        pace = {"frozen": "frozen", "real": "in real time", "speed": f"{self.speed:g} times as fast"}
        return f"{rfc3339(self.now())}, {pace[self.mode]}"

    def set(self, moment: Micros) -> None:
        """Go to a moment, earlier or later, and continue from there at the same speed.

        Raises:
            ValueError: the moment is before 1970 or after 9999.
        """
        self.go(moment, self.speed)

    def advance(self, span: Micros) -> None:
        """Move forward by a span of time.

        Raises:
            ValueError: the span is negative, or leads beyond the year 9999.
        """
        if span < 0:
            raise ValueError("the clock advances forwards only; set it to go back")
        real, anchor = self._source(), self._anchor
        self._anchor = _Anchor(real, _within(self._at(real, anchor) + span), anchor.speed)

    def freeze(self) -> None:
        """Stop at the present moment."""
        self._restart(0.0)

    def run(self, speed: float = 1.0) -> None:
        """Run from the present moment at a speed (1 = real time).

        Raises:
            ValueError: the speed is not above 0, or above `FASTEST`.
        """
        self._restart(_fast(speed))

    def follow(self) -> None:
        """Follow the machine's time from now on."""
        self.go(None, 1.0)

    def reset(self) -> None:
        """Return to the moment and speed at which the clock was created."""
        self.go(*self._began)

    def go(self, moment: Micros | None, speed: float) -> None:
        """Go to a moment (None: the machine's time) and run from there at a speed, 0 to freeze.

        Raises:
            ValueError: the moment or the speed is out of bounds; then nothing changes.
        """
        real = self._source()
        start = _within(real if moment is None else moment)
        self._anchor = _Anchor(real, start, 0.0 if speed == 0 else _fast(speed))

    def _restart(self, speed: float) -> None:
        real = self._source()
        self._anchor = _Anchor(real, self._at(real, self._anchor), speed)

    @staticmethod
    def _at(real: Micros, anchor: _Anchor) -> Micros:
        moment = anchor.moment + int((real - anchor.real) * anchor.speed)
        if moment <= anchor.last:
            return anchor.last
        anchor.last = min(moment, LAST)
        return anchor.last


def later(moment: Micros, span: str) -> Micros:
    """Return the moment an ISO 8601 span after this one, such as `P1M` or `P1DT12H`.

    Years and months are calendar ones (31 January plus `P1M` is the last day of February, as in billing
    systems) and are added first.

    Raises:
        ValueError: the text is not such a span, or it leads beyond the year 9999.
    """
    found = _SPAN.fullmatch(span)
    if found is None:
        raise ValueError(f"expected a span of time such as PT1H, P1D or P1M, got {span!r}")
    months = 12 * int(found["years"] or 0) + int(found["months"] or 0)
    reached = _months_later(_within(moment), months)
    reached += sum(int(found[name] or 0) * unit for name, unit in _UNITS.items())
    return _within(reached + int((found["fraction"] or "").ljust(6, "0")))


def _months_later(moment: Micros, months: int) -> Micros:
    start = utc(moment)
    years, month = divmod(start.month - 1 + months, 12)
    year = start.year + years
    if year > 9999:
        raise ValueError(RANGE)
    day = min(start.day, monthrange(year, month + 1)[1])
    return micros(start.replace(year=year, month=month + 1, day=day))


def pace(speed: float) -> Mode:
    """Return the mode of a clock at this speed."""
    return "frozen" if speed == 0 else "real" if speed == 1 else "speed"


def _within(moment: Micros) -> Micros:
    if not FIRST <= moment <= LAST:
        raise ValueError(RANGE)
    return moment


def _fast(speed: float) -> float:
    if not (math.isfinite(speed) and 0 < speed <= FASTEST):
        raise ValueError(
            f"expected a speed above 0 and at most {FASTEST}, got {speed:g}; to stop the clock, freeze it"
        )
    return float(speed)
