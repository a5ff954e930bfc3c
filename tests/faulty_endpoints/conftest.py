"""The catalogue of billing endpoints, and a way to run each as a process of its own.

A test gets every endpoint by an argument `entry`, or those of one kind by `faulty` or `correct`, and
the fixture `serve` to run one.
"""

from __future__ import annotations

import contextlib
import os
import sys
import tempfile
import tomllib
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from functools import cache
from pathlib import Path
from typing import Any

import pytest

from support.listening import listening
from support.ports import reserved_port
from support.programs import need

HERE = Path(__file__).parent


@dataclass(frozen=True)
class Entry:
    """One endpoint of catalogue.toml, where the keys are explained."""

    id: str
    language: str
    file: str
    kind: str
    area: str
    why: str
    path: str
    token: str
    args: tuple[str, ...]
    fault: str = ""
    style: str = ""
    level: str = "must"
    clauses: tuple[str, ...] = ()
    clauses_any: tuple[str, ...] = ()
    warns: tuple[str, ...] = ()
    visible: bool = True
    probe: tuple[str, ...] = ()
    probe_status: int | None = None
    probe_text: str | None = None
    probe_body: str | None = None
    expect: dict[int, dict[str, Any]] = field(default_factory=dict)

    @property
    def check_options(self) -> list[str]:
        """The options of `mock-solusio check URL` for this endpoint, the token among them."""
        return [*(["--token", self.token] if self.token else []), *self.args]


@cache
def load() -> tuple[Entry, ...]:
    data = tomllib.loads((HERE / "catalogue.toml").read_text(encoding="utf-8"))
    return tuple(entry_of(data["defaults"] | row, data["prices"]) for row in data["endpoint"])


def entry_of(row: dict[str, Any], prices: dict[str, Any]) -> Entry:
    """Return the entry, with the whole answer that each customer must get under `expect`."""
    special = row.get("expect", {})
    row["expect"] = {int(user): price | special.get(user, {}) for user, price in prices.items()}
    values: dict[str, Any] = {k: tuple(v) if isinstance(v, list) else v for k, v in row.items()}
    return Entry(**values)


def pytest_generate_tests(metafunc: pytest.Metafunc) -> None:
    groups = {
        "entry": load(),
        "faulty": [entry for entry in load() if entry.kind == "faulty"],
        "correct": [entry for entry in load() if entry.kind == "correct"],
    }
    for name, entries in groups.items():
        if name in metafunc.fixturenames:
            metafunc.parametrize(name, entries, ids=[entry.id for entry in entries])


@pytest.fixture(scope="session")
def catalogue() -> tuple[Entry, ...]:
    return load()


@pytest.fixture(scope="session")
def serve() -> Callable[[Entry], contextlib.AbstractContextManager[str]]:
    """Return the context manager that runs an endpoint and yields its URL; threads may share it."""
    return run_endpoint


@contextlib.contextmanager
def run_endpoint(entry: Entry) -> Iterator[str]:
    """Yield the URL of the running endpoint; whatever happens, its process group is gone after."""
    with tempfile.TemporaryDirectory() as folder, reserved_port() as port:
        command = [*interpreter(entry.language), *options(entry, port), str(HERE / entry.file)]
        # A program's own TMPDIR: what a PHP endpoint keeps between two requests goes with it.
        environment = {**os.environ, "BILLING_TOKEN": entry.token, "TMPDIR": folder, "PORT": str(port)}
        environment.pop("PHP_CLI_SERVER_WORKERS", None)
        with listening(command, port, name=entry.id, env=environment):
            yield f"http://127.0.0.1:{port}{entry.path}"


def interpreter(language: str) -> list[str]:
    """Return the command before the file."""
    if language == "python":
        return [sys.executable]
    return [need(language)]


def options(entry: Entry, port: int) -> list[str]:
    """Return what the interpreter is told besides the file."""
    if entry.language != "php":
        return []
    # As in php.ini-production; a machine without php.ini would show errors to everybody.
    return ["-d", "display_errors=0", "-d", "log_errors=1", "-S", f"127.0.0.1:{port}"]
