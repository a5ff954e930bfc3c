"""Does work in several jobs at a time, each in a thread, and leaves nothing running at Ctrl-C."""

import threading
import time
from collections.abc import Callable, Sequence
from concurrent.futures import FIRST_EXCEPTION, CancelledError, Future, ThreadPoolExecutor, wait
from typing import Final, TypeVar

from solusio_contracts.adapter.command_runner import end_running

T = TypeVar("T")

NOTICED: Final = 0.2
"""Seconds within which Ctrl-C is noticed: a wait without a limit misses one that comes as it begins."""


def do_concurrently(works: Sequence[Callable[[], T]], jobs: int, stop: threading.Event) -> list[T]:
    """Call functions, up to `jobs` at a time; return their results, in order.

    With one job, they run in the calling thread. With several, if one raises, or at Ctrl-C, `stop` is set:
    what has not begun is left out, running commands of the billing system are ended, and the exception is
    raised once all threads are done.
    """
    if jobs == 1:
        return [work() for work in works]
    # Nothing starts before all is known here: an interrupt in between must find every command.
    all_known = threading.Event()

    def start(work: Callable[[], T]) -> T:
        all_known.wait()
        if stop.is_set():
            raise CancelledError
        return work()

    begun: list[Future[T]] = []
    with ThreadPoolExecutor(jobs) as pool:
        try:
            begun.extend(pool.submit(start, work) for work in works)
            all_known.set()
            left = set(begun)
            while left:
                done, left = wait(left, NOTICED, FIRST_EXCEPTION)
                for one in done:
                    one.result()
        except BaseException:
            stop.set()
            all_known.set()
            pool.shutdown(wait=False, cancel_futures=True)
            # A command may start just now.
            while not all(future.done() for future in begun):
                end_running()
                time.sleep(0.05)
            raise
    return [future.result() for future in begun]
