"""The demo as its user runs it: a process, what it says, and the processes and files it leaves."""

import os
import re
import select
import signal
import subprocess
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import pytest

MOMENT = "2026-03-15T12:00:00Z"


@dataclass
class Demo:
    """A demo that has said everything."""

    process: subprocess.Popen[str]
    said: str

    def shown(self, name: str) -> str:
        """Return what stands beside a name in its list."""
        found = re.search(rf"^  {name} +(\S+)", self.said, re.MULTILINE)
        assert found, (name, self.said)
        return found[1]

    @property
    def solusio(self) -> str:
        return self.shown("API").removesuffix("/api/v1")

    @property
    def billing(self) -> str:
        return self.shown("Customers").removesuffix("/billing")

    @property
    def children(self) -> list[int]:
        """The processes that it has started and that are there."""
        pid = self.process.pid
        if not Path(f"/proc/{pid}").is_dir():
            pytest.skip("only /proc tells which processes another one has started")
        return [
            int(one)
            for task in Path(f"/proc/{pid}/task").iterdir()
            for one in (task / "children").read_text().split()
        ]

    def interrupt(self) -> tuple[int, str, str]:
        """Press Ctrl-C; return the exit code and what it still said."""
        self.process.send_signal(signal.SIGINT)
        out, err = self.process.communicate(timeout=30)
        return self.process.returncode, out, err


def wait_for_end(*pids: int) -> None:
    """Wait until processes, which need not be children of ours, are gone."""
    for pid in pids:
        try:
            descriptor = os.pidfd_open(pid)
        except ProcessLookupError:
            continue
        try:
            ready, _, _ = select.select([descriptor], [], [], 30)
            assert ready, f"process {pid} still runs"
        finally:
            os.close(descriptor)


@contextmanager
def _demonstrating(
    *arguments: str, environment: dict[str, str] | None = None, ports: tuple[int, int] = (0, 0)
) -> Iterator[Demo]:
    command = [sys.executable, "-m", "mock_solusio", "demo", "--clock", MOMENT, *arguments]
    command += ["--port", str(ports[0]), "--billing-port", str(ports[1])]
    with subprocess.Popen(
        command,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        env={**os.environ, **(environment or {})},
    ) as process:
        try:
            said = []
            assert process.stdout is not None
            for line in process.stdout:
                said.append(line)
                if "Ctrl-C" in line:
                    break
            else:
                assert process.stderr is not None
                raise AssertionError("".join(said) + process.stderr.read())
            yield Demo(process, "".join(said))
        finally:
            # The billing system ends with it.
            process.kill()


@pytest.fixture(scope="session")
def demonstrating() -> Callable[..., object]:
    """A context in which a demo runs, and at whose end it is killed."""
    return _demonstrating


@pytest.fixture(scope="session")
def ended() -> Callable[..., None]:
    """Wait until processes are gone: `ended(pid, pid)`."""
    return wait_for_end


@pytest.fixture(scope="module")
def demo() -> Iterator[Demo]:
    """One demo for a module, at noon of 15 March 2026."""
    with _demonstrating("--seed", "tests") as made:
        yield made
