"""When a request may be sent: not faster than asked, not during a pause, not after the end of the run."""

import threading
import time

WAITING = 30.0
"""Seconds that a run may spend on waiting for an endpoint that refuses valid requests."""
SLOWEST = 0.2
"""The most seconds between requests that a run imposes on its own."""


class UndecidedError(Exception):
    """A rule applies, but something stands in the way of testing it; the text says what."""


class Pace:
    """The pace of one run, shared by its threads. Every request waits for its turn."""

    def __init__(self, *, rate: float | None = None, seconds: float | None = None) -> None:
        """Send at most `rate` requests a second, and none when `seconds` have passed."""
        self._began = time.monotonic()
        self._seconds = seconds
        self._interval = 1 / rate if rate else 0.0
        self._delay = 0.0
        self._free_at = 0.0
        self._waiting = WAITING
        self._stopped = threading.Event()
        self._reason = ""
        self._lock = threading.Lock()

    @property
    def stopped(self) -> str:
        """Why nothing more is sent, or an empty text."""
        if not self._reason and self._seconds is not None and self.elapsed >= self._seconds:
            self.stop(f"not run: the time of --max-seconds ({self._seconds:g} s) is over")
        return self._reason

    @property
    def elapsed(self) -> float:
        """Seconds since the run began."""
        return time.monotonic() - self._began

    def stop(self, reason: str) -> None:
        """Send nothing more from now on."""
        self._reason = self._reason or reason
        self._stopped.set()

    def turn(self, requests: int = 1) -> None:
        """Wait until a request, or so many at once, may be sent.

        Raises:
            UndecidedError: the run is over.
        """
        with self._lock:
            now = time.monotonic()
            free_at = max(now, self._free_at)
            # A crowd keeps to the rate that was asked for, but not to our own caution: it would be none.
            step = max(self._interval, self._delay) if requests == 1 else self._interval
            self._free_at = free_at + step * requests
        self._sleep(free_at - now)

    def pause(self, seconds: float) -> bool:
        """Send nothing for a while; return False at once if a run does not wait that long.

        Raises:
            UndecidedError: the run is over.
        """
        with self._lock:
            if seconds > self._waiting:
                return False
            self._waiting -= seconds
            self._free_at = max(self._free_at, time.monotonic() + seconds)
        self._sleep(seconds)
        return True

    def slow_down(self, requests_a_second: float) -> None:
        """Send at half this rate from now on."""
        with self._lock:
            self._delay = max(self._delay, min(2 / requests_a_second, SLOWEST))

    def timeout(self, seconds: float) -> float:
        """Return the time that a response may take: `seconds`, or what is left of the run."""
        left = seconds if self._seconds is None else self._seconds - self.elapsed
        return max(min(seconds, left), 0.01)

    def _sleep(self, seconds: float) -> None:
        if self._seconds is not None:
            seconds = min(seconds, self._seconds - self.elapsed)
        if not self.stopped and seconds > 0:
            self._stopped.wait(seconds)
        if self.stopped:
            raise UndecidedError(self._reason)
