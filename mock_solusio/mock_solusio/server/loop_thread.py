"""Work in the thread of an event loop, between two requests: the state of a mock belongs to that thread."""

import asyncio
from collections.abc import Callable
from concurrent.futures import Future
from typing import TypeVar

T = TypeVar("T")


class LoopThread:
    """The thread of an event loop, once that has entered."""

    def __init__(self) -> None:
        self._loop: asyncio.AbstractEventLoop | None = None

    def enter(self) -> None:
        """Take the event loop that runs in this thread."""
        self._loop = asyncio.get_running_loop()

    def run(self, work: Callable[[], T]) -> T:
        """Do something there, from another thread; return its result. Raises what `work` raises."""
        assert self._loop is not None  # noqa: S101 - a server has started it
        done: Future[T] = Future()

        def run() -> None:
            try:
                done.set_result(work())
            except BaseException as error:
                done.set_exception(error)

        self._loop.call_soon_threadsafe(run)
        return done.result()
