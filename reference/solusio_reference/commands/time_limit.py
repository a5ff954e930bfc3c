"""A limit for the time that a command may take, whatever it waits for."""

import signal
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from types import FrameType

import click


class TimeIsUp(Exception):  # noqa: N818 - named for what happened
    """The command took longer than it may; the message says how long that is."""


@contextmanager
def time_limit(seconds: float | None) -> Iterator[None]:
    """Raise TimeIsUp in this block after so many seconds; None: no limit. For the main thread.

    A signal ends every wait: for a server that sends a byte a minute, and for a lock of the database. Raises
    click.BadParameter where the system has no such signal (Windows).
    """
    if seconds is None:
        yield
        return
    if sys.platform == "win32" or not hasattr(signal, "setitimer"):
        raise click.BadParameter("This works on POSIX systems only.", param_hint="--max-seconds")

    def stop(_signal: int, _frame: FrameType | None) -> None:
        raise TimeIsUp(f"the run did not finish within {seconds:g} seconds; run it again to continue")

    before = signal.signal(signal.SIGALRM, stop)
    signal.setitimer(signal.ITIMER_REAL, seconds)
    try:
        yield
    finally:
        signal.setitimer(signal.ITIMER_REAL, 0)
        signal.signal(signal.SIGALRM, before)
