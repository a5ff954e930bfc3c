"""The body of POST /_mock/clock, checked as a whole before anything changes."""

from typing import Annotated

import msgspec
from msgspec import Meta

from mock_solusio.clock import Clock, later
from mock_solusio.decoding import invalid
from mock_solusio.moment import SECOND, Micros, parse_moment


class ClockChange(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """The body of POST /_mock/clock; several members take effect in this order."""

    set: str | None = None
    """A moment, such as 2026-03-01T00:00:00Z."""
    advance: Annotated[float, Meta(ge=0, le=315_569_520_000)] | str | None = None
    """Seconds, or an ISO 8601 span such as PT1H, P1D or P1M."""
    freeze: bool = False
    run: float | None = None
    """Speed: 1 is real time, 60 a minute per second."""
    follow: bool = False
    """Follow the machine's time again."""

    def applied(self, clock: Clock) -> tuple[Micros | None, float]:
        """Return the moment and speed after the change; None stands for the machine's time.

        Raises:
            Invalid: members contradict each other, or a value is out of bounds.
        """
        if self == ClockChange():
            raise invalid("", "expected set, advance, freeze, run or follow, got nothing")
        if sum((self.freeze, self.run is not None, self.follow)) > 1:
            raise invalid("run", "expected one of freeze, run and follow, got several")
        if self.follow:
            if self.set is not None or self.advance is not None:
                raise invalid(
                    "follow", "expected without set and advance, since it takes the time of the machine"
                )
            return None, 1.0
        moment = clock.now()
        speed = 0.0 if self.freeze else clock.speed
        try:
            name = "set"
            if self.set is not None:
                moment = parse_moment(self.set)
            name = "advance"
            if isinstance(self.advance, str):
                moment = later(moment, self.advance)
            elif self.advance is not None:
                moment += round(self.advance * SECOND)
            name = "set" if self.advance is None else name
            Clock(moment, speed=0)
            name = "run"
            if self.run is not None:
                speed = self.run
                Clock(speed=speed)
                if speed == 0:
                    raise ValueError("the speed must be above 0; use freeze to stop the clock")
        except ValueError as error:
            raise invalid(name, str(error)) from None
        return moment, speed
