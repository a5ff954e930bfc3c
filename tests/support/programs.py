"""Programs that tests run: our own as its users do, and others that may be missing."""

import os
import re
import shutil
import signal
import subprocess
import sys
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import NoReturn

import pytest


def missing(reason: str) -> NoReturn:
    """Skip the test; where everything must run (CI), fail it."""
    if os.environ.get("CI") == "true":
        pytest.fail(reason)
    pytest.skip(reason)


def need(program: str) -> str:
    """Return the path of a program; without it, skip the test or fail it."""
    return shutil.which(program) or missing(f"{program} is not installed")


@dataclass
class Program:
    """A running `mock-solusio`, and what it has printed since its start."""

    process: subprocess.Popen[str]
    said: str

    @property
    def url(self) -> str:
        """The address at which it listens."""
        found = re.search(r"(?:SolusIO|[Ll]istening at):? (https?://\S+)", self.said)
        assert found, self.said
        return found[1]

    def shown(self, name: str) -> str:
        """Return what stands beside a name in its list."""
        found = re.search(rf"^  {name} +(\S+)", self.said, re.MULTILINE)
        assert found, (name, self.said)
        return found[1]

    def interrupt(self, number: signal.Signals = signal.SIGINT) -> tuple[int, str, str]:
        """Press Ctrl-C, or send another signal; return the exit code and what it still printed."""
        self.process.send_signal(number)
        out, err = self.process.communicate(timeout=30)
        return self.process.returncode, out, err


@contextmanager
def program(*arguments: object, seconds: float = 60, **environment: str) -> Iterator[Program]:
    """Run `mock-solusio` until it says how to stop it, give it, and kill it in the end."""
    ours = ("MOCK_SOLUSIO_", "SOLUSIO_")
    kept = {name: value for name, value in os.environ.items() if not name.startswith(ours)}
    command = [sys.executable, "-m", "mock_solusio", *map(str, arguments)]
    pipes = {"stdout": subprocess.PIPE, "stderr": subprocess.PIPE}
    with subprocess.Popen(command, env={**kept, **environment}, text=True, **pipes) as process:
        assert process.stdout is not None
        assert process.stderr is not None
        watchdog = threading.Timer(seconds, process.kill)
        watchdog.start()
        try:
            said = []
            for line in process.stdout:
                said.append(line)
                if "Ctrl-C" in line:
                    break
            else:
                raise AssertionError("".join(said) + process.stderr.read())
            watchdog.cancel()
            yield Program(process, "".join(said))
        finally:
            watchdog.cancel()
            process.kill()
