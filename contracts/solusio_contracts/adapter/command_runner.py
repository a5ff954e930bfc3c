"""Runs a command with limits on time and output, and leaves no process behind."""

import os
import shlex
import shutil
import signal
import subprocess
import threading
import time
from collections.abc import Callable, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass
from types import FrameType
from typing import IO, Any, Final

GRACE: Final = 2.0
"""Seconds that a process has to end after SIGTERM, and to write output after its end."""
_LARGEST_ERRORS: Final = 1024 * 1024
_PIECE: Final = 65_536


_running: "Final[set[subprocess.Popen[bytes]]]" = set()


class CommandError(Exception):
    """A command cannot be started."""


@dataclass(frozen=True, slots=True)
class CommandResult:
    """A command that has ended, or was ended."""

    code: int
    """Exit code; if negative, the signal that ended it."""
    output: bytes
    errors: bytes
    """The end of its standard error."""
    problem: str = ""
    """Why it was ended: it took too long, or printed too much."""


def words_of(command: str, *, windows: bool = os.name == "nt") -> list[str]:
    """Split a command line as a POSIX shell does; on Windows, a backslash is a plain character.

    Raises:
        ValueError: a quote is left open.
    """
    lexer = shlex.shlex(command, posix=True, punctuation_chars=False)
    lexer.whitespace_split = True
    lexer.commenters = ""
    if windows:
        lexer.escape = ""
    return list(lexer)


def run_command(
    words: Sequence[str], environment: Mapping[str, str], *, timeout: float, largest: int
) -> CommandResult:
    """Run a command without a shell, in a process group of its own that ends with this call.

    Windows has no such groups: there, what the command started itself may run on. `timeout` is in seconds;
    `largest` limits standard output, in bytes.

    Raises:
        CommandError: the command cannot be started.
    """
    # Windows finds php.exe on its own, but neither composer.bat nor npm.cmd.
    program = (shutil.which(words[0]) or words[0]) if os.name == "nt" else words[0]
    interrupts = _HeldInterrupts()
    try:
        process = subprocess.Popen(  # noqa: S603 - the command is what the user asked to run
            [program, *words[1:]],
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            env={**os.environ, **environment},
            start_new_session=True,
        )
    except OSError as error:
        interrupts.release()
        raise CommandError(error.strerror or str(error)) from None
    except ValueError as error:
        interrupts.release()
        raise CommandError(str(error)) from None
    with process:
        try:
            _running.add(process)
            interrupts.release()
            return _watched(process, timeout, largest)
        finally:
            _running.discard(process)
            _end(process)


class _HeldInterrupts:
    """Holds back Ctrl-C and SIGTERM: one that came while a process starts would leave it running."""

    def __init__(self) -> None:
        self._came: list[int] = []
        self._before: dict[int, Callable[[int, FrameType | None], Any] | int | None] = {}
        if threading.current_thread() is threading.main_thread():  # the only one that gets signals
            for number in (signal.SIGINT, signal.SIGTERM):
                self._before[number] = signal.signal(number, lambda came, _: self._came.append(came))

    def release(self) -> None:
        """Let them through, those that came meanwhile first."""
        for number, handler in self._before.items():
            signal.signal(number, handler)
        for number in self._came:
            signal.raise_signal(number)


def end_running() -> None:
    """End all commands that other threads run: Ctrl-C reaches only the main one."""
    for process in tuple(_running):
        with suppress(OSError):
            process.terminate()


def _watched(process: "subprocess.Popen[bytes]", timeout: float, largest: int) -> CommandResult:
    assert process.stdout is not None  # noqa: S101 - asked for
    assert process.stderr is not None  # noqa: S101
    too_much = threading.Event()
    output = _Reader(process.stdout, largest, too_much)
    errors = _Reader(process.stderr, _LARGEST_ERRORS, None)
    deadline = time.monotonic() + timeout
    problem = ""
    while process.poll() is None:
        left = deadline - time.monotonic()
        if left <= 0:
            problem = f"did not end within {timeout:g} s"
            break
        # Usually, the output ends with the process.
        if too_much.wait(0) or output.ended.wait(min(left, 0.05)):
            if too_much.is_set():
                break
            with suppress(subprocess.TimeoutExpired):
                process.wait(max(0.0, deadline - time.monotonic()))
    if not problem and not too_much.is_set():
        # A process that it started may still hold the output open.
        output.ended.wait(GRACE)
        errors.ended.wait(GRACE)
    if too_much.is_set():
        problem = f"printed more than {largest // 1024 // 1024} MiB"
    code = process.poll()
    _end(process)
    errors.ended.wait(GRACE)
    return CommandResult(0 if code is None else code, output.content(), errors.content(), problem)


class _Reader:
    """Reads a pipe in a thread: up to a limit, or, without `too_much`, only its end."""

    def __init__(self, pipe: IO[bytes], largest: int, too_much: threading.Event | None) -> None:
        self._pipe = pipe
        self._largest = largest
        self._too_much = too_much
        self._pieces: list[bytes] = []
        self._size = 0
        self.ended = threading.Event()
        threading.Thread(target=self._read, name="output of the billing system", daemon=True).start()

    def content(self) -> bytes:
        """Return the content so far."""
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
            pass  # closed by `run_command`
        finally:
            self.ended.set()


def _end(process: "subprocess.Popen[bytes]") -> None:
    """End a process and its whole group, and wait for it."""
    if not hasattr(os, "killpg"):
        process.kill()
        process.wait()
        return
    # The id stays reserved until the process was waited for, and while its group has members.
    for number in (signal.SIGTERM, signal.SIGKILL):
        try:
            os.killpg(process.pid, number)
        except (ProcessLookupError, PermissionError):
            break
        deadline = time.monotonic() + GRACE
        while time.monotonic() < deadline and _is_alive(process):
            time.sleep(0.005)
    process.wait()


def _is_alive(process: "subprocess.Popen[bytes]") -> bool:
    process.poll()  # a zombie counts as a member of the group
    try:
        os.killpg(process.pid, 0)
    except (ProcessLookupError, PermissionError):
        return False
    return True
