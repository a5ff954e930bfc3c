"""A circuit breaker: leaves a server that fails again and again alone for a while, then tries it once."""

import enum
from collections.abc import Callable


class Admission(enum.Enum):
    """What may be done now."""

    ORDINARY = "ordinary"
    PROBE = "probe"
    """The one request that finds out whether the server is back. Report how it went, or `abandon` it."""
    REFUSED = "refused"


class Circuit:
    """Counts consecutive failures of one server; its times are real seconds, as the server is real.

    Closed: everything is admitted. After `failures` consecutive failures it opens: for `pause` seconds
    nothing is admitted, then a single probe. If that works the circuit closes, else the next pause begins.
    """

    def __init__(self, *, failures: int, pause: float, monotonic: Callable[[], float]) -> None:
        self._limit = failures
        self._pause = pause
        self._monotonic = monotonic
        self._failed = 0
        self._open_until: float | None = None
        self._probing = False
        self._announced = False
        self.last_failure = ""
        """What went wrong at last, in words."""

    def admit(self) -> Admission:
        """Say whether a request may be made now."""
        if self._open_until is None:
            return Admission.ORDINARY
        if self._probing or self._monotonic() < self._open_until:
            return Admission.REFUSED
        self._probing = True
        return Admission.PROBE

    def announce(self) -> bool:
        """Return True for the first refusal since the circuit opened, and False for all others."""
        first = not self._announced
        self._announced = True
        return first

    def worked(self) -> None:
        """The server answered: whichever request that was, it is back."""
        self._failed = 0
        self._open_until = None
        self._probing = self._announced = False

    def failed(self, admission: Admission, reason: str) -> None:
        """Count a failure. Requests that were under way when the circuit opened do not prolong the pause."""
        if self._open_until is not None and admission is not Admission.PROBE:
            return
        self._probing = False
        self._failed += 1
        self.last_failure = reason
        if self._failed >= self._limit:
            self._open_until = self._monotonic() + self._pause

    def abandon(self, admission: Admission) -> None:
        """Say that a request came to nothing and tells nothing of the server; another may be the probe."""
        if admission is Admission.PROBE:
            self._probing = False
