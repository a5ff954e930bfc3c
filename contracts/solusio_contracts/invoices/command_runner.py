"""Runs a command to its end, within bounds, and leaves nothing of it behind."""

import os
import signal
import subprocess
import threading
import time
from collections.abc import Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass
from typing import IO, Final

GRACE: Final = 2.0
"""Seconds that a process has to end after SIGTERM, and that output may come in after the end."""
_LARGEST_ERRORS: Final = 1024 * 1024
_PIECE: Final = 65_536


class ProcessError(Exception):
    """A command cannot be started."""


@dataclass(frozen=True, slots=True)
class Done:
    """A command that came to its end, or was brought to it."""

    code: int
    """Exit code; negative: the signal that ended it."""
    output: bytes
    errors: bytes
    """The end of what it wrote on standard error."""
    trouble: str = ""
    """Why it was ended: it took too long, or said too much."""


def run_process(
    words: Sequence[str], environment: Mapping[str, str], *, timeout: float, largest: int
) -> Done:
    """Run a command without a shell, in a process group of its own that does not outlive this call.

    `timeout` is in seconds, `largest` bounds standard output in bytes.

    Raises:
        ProcessError: it cannot be started.
    """
    try:
        process = subprocess.Popen(  # noqa: S603 - the command is what the user asked to run
            list(words),
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            env={**os.environ, **environment},
            start_new_session=True,
        )
    except OSError as error:
        raise ProcessError(error.strerror or str(error)) from None
    except ValueError as error:
        raise ProcessError(str(error)) from None
    with process:
        try:
            return _watched(process, timeout, largest)
        finally:
            _end(process)


def _watched(process: "subprocess.Popen[bytes]", timeout: float, largest: int) -> Done:
    assert process.stdout is not None  # noqa: S101 - asked for
    assert process.stderr is not None  # noqa: S101
    too_much = threading.Event()
    output = _Reader(process.stdout, largest, too_much)
    errors = _Reader(process.stderr, _LARGEST_ERRORS, None)
    deadline = time.monotonic() + timeout
    trouble = ""
    while process.poll() is None:
        left = deadline - time.monotonic()
        if left <= 0:
            trouble = f"did not come to its end within {timeout:g} s"
            break
        # The output ends with the process, as a rule; then there is nothing to wait for.
        if too_much.wait(0) or output.ended.wait(min(left, 0.05)):
            if too_much.is_set():
                break
            with suppress(subprocess.TimeoutExpired):
                process.wait(max(0.0, deadline - time.monotonic()))
    if not trouble and not too_much.is_set():
        # Somebody it has started may still hold the output; what came by then is all there is.
        output.ended.wait(GRACE)
        errors.ended.wait(GRACE)
    if too_much.is_set():
        trouble = f"printed more than {largest // 1024 // 1024} MiB"
    code = process.poll()
    _end(process)
    errors.ended.wait(GRACE)
    return Done(0 if code is None else code, output.content(), errors.content(), trouble)


class _Reader:
    """Reads a pipe to its end from a thread: all of it up to a bound, or its end."""

    def __init__(self, pipe: IO[bytes], largest: int, too_much: threading.Event | None) -> None:
        self._pipe = pipe
        self._largest = largest
        self._too_much = too_much
        self._pieces: list[bytes] = []
        self._size = 0
        self.ended = threading.Event()
        threading.Thread(target=self._read, name="output of the billing system", daemon=True).start()

    def content(self) -> bytes:
        """Return what was read so far."""
        return b"".join(self._pieces)

    def _read(self) -> None:
        try:
            while piece := os.read(self._pipe.fileno(), _PIECE):
                self._pieces.append(piece)
                self._size += len(piece)
                if self._size > self._largest:
                    if self._too_much is not None:
                        self._too_much.set()
                        return
                    self._size -= len(self._pieces.pop(0))
        except (OSError, ValueError):
            pass  # closed by `run_process`
        finally:
            self.ended.set()


def _end(process: "subprocess.Popen[bytes]") -> None:
    """End a process and everything in its group; wait until it is gone."""
    # While it was not waited for, its id is its own; afterwards the group has it while anybody is left in it.
    for number in (signal.SIGTERM, signal.SIGKILL):
        try:
            os.killpg(process.pid, number)
        except (ProcessLookupError, PermissionError):
            break
        deadline = time.monotonic() + GRACE
        while time.monotonic() < deadline and _lives(process):
            time.sleep(0.005)
    process.wait()


def _lives(process: "subprocess.Popen[bytes]") -> bool:
    process.poll()  # a zombie would count as a member of the group
    try:
        os.killpg(process.pid, 0)
    except (ProcessLookupError, PermissionError):
        return False
    return True
