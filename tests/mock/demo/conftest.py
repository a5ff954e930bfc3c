"""The demo as its user runs it: a process, what it says, and the processes and files it leaves."""

import os
import select
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from support.programs import Program, program

MOMENT = "2026-03-15T12:00:00Z"


class Demo(Program):
    """A demo that has said everything."""

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
def _demonstrating(*arguments: str, environment: dict[str, str] | None = None) -> Iterator[Demo]:
    command = ["demo", "--clock", MOMENT, "--port", "0", "--billing-port", "0", *arguments]
    with program(*command, **(environment or {})) as made:
        yield Demo(made.process, made.said)


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
