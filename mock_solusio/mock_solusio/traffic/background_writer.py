"""Writes lines from a thread of its own, so that a slow, blocked or closed output never holds up the mock."""

import os
import sys
import threading
import time
from collections.abc import Callable
from contextlib import suppress
from queue import Empty, SimpleQueue
from typing import Final, Generic, TextIO, TypeVar

T = TypeVar("T")

LIMIT: Final = 2000
"""How many items wait at most; further ones are dropped and counted."""
PAUSE: Final = 0.01
"""Seconds in which items gather that are then written at once."""
PATIENCE: Final = 1.0
"""Seconds that the rest may take at the end."""


class BackgroundWriter(Generic[T]):
    """Renders and writes items in order. `write` is called from the thread and may block or raise OSError.

    `left_out` renders how many items were dropped, since more than `limit` were waiting.
    """

    def __init__(
        self,
        render: Callable[[T], str],
        write: Callable[[str], None],
        *,
        left_out: Callable[[int], str],
        limit: int = LIMIT,
    ) -> None:
        self._render = render
        self._write = write
        self._left_out = left_out
        self._limit = limit
        self._waiting: SimpleQueue[T | None] = SimpleQueue()
        self._closed = False
        self._dropped = 0
        self._thread = threading.Thread(target=self._run, name="log", daemon=True)
        self._thread.start()

    def put(self, item: T) -> None:
        """Write an item soon. Never blocks and never raises."""
        if self._closed:
            return
        if self._waiting.qsize() >= self._limit:
            self._dropped += 1
        else:
            self._waiting.put(item)

    def close(self) -> None:
        """Write what is left, as far as the output takes it in time."""
        self._closed = True
        self._waiting.put(None)
        self._thread.join(PATIENCE)

    def _run(self) -> None:
        told = 0
        with suppress(OSError):  # nobody reads it any more
            while True:
                items = [self._waiting.get()]
                if items[0] is not None and not self._closed:
                    time.sleep(PAUSE)
                with suppress(Empty):
                    while True:
                        items.append(self._waiting.get_nowait())
                text = "".join(self._render(item) for item in items if item is not None)
                dropped = self._dropped
                if dropped > told:
                    text += self._left_out(dropped - told)
                    told = dropped
                if text:
                    self._write(text)
                if None in items:
                    return
        self._closed = True


def to_standard_error() -> Callable[[str], None]:
    """Return a function that writes to standard error without its lock.

    A thread that is blocked there must hold nothing that others, or Python at its exit, need.
    """
    stream = sys.stderr
    try:
        descriptor = stream.fileno()
    except (OSError, ValueError, AttributeError):  # replaced, as in tests
        return _through(stream)
    if os.name == "nt" and stream.isatty():
        # A console of Windows takes text, not bytes.
        return _through(stream)
    encoding = stream.encoding or "utf-8"

    def write(text: str) -> None:
        data = text.encode(encoding, "backslashreplace")
        while data:
            data = data[os.write(descriptor, data) :]

    return write


def _through(stream: TextIO) -> Callable[[str], None]:
    def write(text: str) -> None:
        stream.write(text)
        stream.flush()

    return write
