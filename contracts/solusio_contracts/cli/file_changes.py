"""Wakes up when a file in a folder changes, or when somebody presses Enter."""

import os
import queue
import sys
import threading
from collections.abc import Collection, Iterator
from contextlib import contextmanager
from fnmatch import fnmatch
from pathlib import Path
from typing import Final

IGNORED: Final = (
    *(".git", ".hg", ".svn", ".idea", ".vscode"),
    *("node_modules", "vendor", ".venv", "venv"),
    *("__pycache__", ".mypy_cache", ".pytest_cache", ".ruff_cache", ".hypothesis"),
    *("*.log", "*.db", "*.db-*", "*.sqlite", "*.sqlite-*", "*.sqlite3", "*.sqlite3-*"),
    *("*.pyc", "*.swp", "*.swx", "*.tmp", "*~", ".#*", "4913"),  # 4913: Vim tries whether it can write
)
"""Names of files and folders whose changes do not count: what versions, tools, editors and requests write."""

SHOWN = 3
"""Changed files that are named."""

_READY_AFTER = 100
"""Milliseconds after which the watcher says that it is watching."""


class WatchError(Exception):
    """The folder cannot be watched; the text says why."""


class FileChanges:
    """What happens below a folder while it is watched."""

    def __init__(self, folder: Path, unless: Collection[Path] = ()) -> None:
        """`unless`: files that do not count."""
        self._folder = folder.resolve()
        self._unless = {file.resolve() for file in unless}
        self._happened: queue.SimpleQueue[list[Path] | WatchError | None] = queue.SimpleQueue()
        self._ready = threading.Event()
        self._stop = threading.Event()

    @contextmanager
    def open(self) -> Iterator[None]:
        """Watch the folder and standard input."""
        watching = threading.Thread(target=self._watch, name="file changes", daemon=True)
        watching.start()
        self._ready.wait()
        threading.Thread(target=self._listen, name="Enter", daemon=True).start()
        try:
            yield
        finally:
            self._stop.set()
            watching.join()

    def wait(self) -> str:
        """Wait until files change or Enter is pressed; return what happened, for people.

        What has happened since the last call counts. Raises `WatchError`.
        """
        changed: dict[Path, None] = {}
        one = self._next()
        while True:
            if isinstance(one, WatchError):
                raise one
            changed.update(dict.fromkeys(one or ()))
            try:
                one = self._happened.get_nowait()
            except queue.Empty:
                break
        if not changed:
            return "Enter"
        names = [str(path.relative_to(self._folder)) for path in changed]
        more = f" and {len(names) - SHOWN} more" if len(names) > SHOWN else ""
        return f"Changed: {', '.join(names[:SHOWN])}{more}"

    def _next(self) -> "list[Path] | WatchError | None":
        while True:
            try:
                return self._happened.get(timeout=0.5)  # on Windows, Ctrl-C does not end a longer wait
            except queue.Empty:
                continue

    def _watch(self) -> None:
        from watchfiles import watch

        try:
            for changes in watch(
                self._folder,
                watch_filter=lambda _, path: self._counts(Path(path)),
                stop_event=self._stop,
                rust_timeout=_READY_AFTER,
                yield_on_timeout=True,
            ):
                self._ready.set()
                if changes:
                    self._happened.put(sorted(Path(path) for _, path in changes))
        except Exception as error:  # the watcher is Rust, and says little about its errors
            self._happened.put(WatchError(f"cannot watch {self._folder}: {error}"))
        finally:
            self._ready.set()

    def _counts(self, path: Path) -> bool:
        if path in self._unless:
            return False
        return not any(
            fnmatch(part, pattern) for part in path.relative_to(self._folder).parts for pattern in IGNORED
        )

    def _listen(self) -> None:
        try:
            # Not `sys.stdin.readline`: Python cannot exit while a thread holds its lock.
            while data := os.read(sys.stdin.fileno(), 4096):
                if b"\n" in data:
                    self._happened.put(None)
        except (OSError, ValueError):
            return  # there is no standard input
