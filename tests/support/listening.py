"""Programs of others that listen on a port of 127.0.0.1 during a test."""

import os
import signal
import socket
import subprocess
import tempfile
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager, suppress
from typing import IO

STARTING = 20.0
"""Seconds; a machine under load starts Node slowly."""


class NotListeningError(Exception):
    """The program does not listen; what it wrote to stderr is in a note."""


@contextmanager
def listening(
    command: Sequence[str], port: int, *, name: str = "", env: Mapping[str, str] | None = None
) -> Iterator[None]:
    """Run a program in the foreground and wait for its port; afterwards, its process group is gone.

    An exception in the block gets what the program wrote to stderr as a note.

    Raises:
        NotListeningError: the program ended, or does not listen in time.
    """
    name = name or command[0]
    with tempfile.TemporaryFile() as errors:
        process = subprocess.Popen(
            command,
            env=env,
            stdin=subprocess.DEVNULL,
            stdout=subprocess.DEVNULL,
            stderr=errors,
            start_new_session=True,
        )
        try:
            if not _accepts(process, port):
                raise NotListeningError(f"{name} does not start")
            yield
        except BaseException as error:
            error.add_note(f"stderr of {name}:\n{_written(errors) or '(nothing)'}")
            raise
        finally:
            with suppress(ProcessLookupError):
                os.killpg(process.pid, signal.SIGKILL)
            process.wait(STARTING)


def _accepts(process: subprocess.Popen[bytes], port: int) -> bool:
    """Return whether the port opens before the process ends or the time is up."""
    pause = 0.01
    for _ in range(int(STARTING / pause)):
        try:
            socket.create_connection(("127.0.0.1", port), timeout=STARTING).close()
        except ConnectionRefusedError:
            # The pause between two attempts ends at once when the process does.
            with suppress(subprocess.TimeoutExpired):
                process.wait(pause)
                return False
        else:
            return process.poll() is None
    return False


def _written(errors: IO[bytes]) -> str:
    """Return the last of what the program wrote, without moving where it writes next."""
    size = os.fstat(errors.fileno()).st_size
    return os.pread(errors.fileno(), 8000, max(0, size - 8000)).decode("utf-8", "replace").strip()
