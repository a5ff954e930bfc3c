"""The compared servers: how each is installed, started, monitored and stopped."""

from __future__ import annotations

import http.client
import importlib.util
import json
import os
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from mock_speed_load import FOUR, KINDS, cores

PACKAGES = ("@stoplight/prism-cli@5.16.0", "@mockoon/cli@9.9.0")
GRANIAN = "2.8.7"
START_LIMIT = 60.0
"""Seconds until a server must answer."""

MOCK, STARLETTE, UVICORN, GRANIAN_MOCK, GRANIAN_STARLETTE, PRISM, PRISM_WHOLE, MOCKOON = (
    "mock-solusio serve",
    "Starlette, uvicorn",
    "uvicorn alone",
    "the mock, granian",
    "Starlette, granian",
    "Prism",
    "Prism, whole document",
    "Mockoon",
)
APPS = Path(__file__).with_name("mock_speed_apps.py")
_TICK = os.sysconf("SC_CLK_TCK")
_PAGE = os.sysconf("SC_PAGE_SIZE")


@dataclass(frozen=True, slots=True)
class Place:
    """Files and folders that the servers need."""

    work: Path
    token: str

    @property
    def answers(self) -> Path:
        """Folder of the recorded responses."""
        return self.work / "answers"

    @property
    def document(self) -> Path:
        """The OpenAPI document with the recorded responses as examples."""
        return self.work / "solusio-api.json"

    @property
    def short(self) -> Path:
        """The same with only the operations under test."""
        return self.work / "short.json"

    @property
    def npm(self) -> Path:
        """Folder of the npm packages."""
        return self.work / "npm"


@dataclass(frozen=True, slots=True)
class Server:
    """One of the compared servers."""

    name: str
    command: Callable[[Place, int], list[str]]
    kinds: tuple[str, ...] = tuple(KINDS)
    warm_up: float = 0.3
    """Seconds of warm-up before each counted run; just-in-time compilers need more."""


@dataclass(frozen=True, slots=True)
class Running:
    """A running server. Its processes share a session, by which they are found."""

    name: str
    port: int
    pid: int
    started: float
    """Seconds from its start to its first 200."""

    @property
    def url(self) -> str:
        """URL without a trailing slash."""
        return f"http://127.0.0.1:{self.port}"

    def cpu(self) -> float:
        """Return the processor time of its processes in seconds."""
        return sum(int(stat[11]) + int(stat[12]) for stat in self._stats()) / _TICK

    def memory(self) -> float:
        """Return the memory of its processes in MiB."""
        return sum(int(stat[21]) for stat in self._stats()) * _PAGE / 1_048_576

    def _stats(self) -> Iterator[list[str]]:
        for path in Path("/proc").glob("[0-9]*/stat"):
            try:
                fields = path.read_text().rpartition(")")[2].split()
            except OSError:
                continue  # it has ended
            if fields[3] == str(self.pid):
                yield fields


def _python(*arguments: str) -> list[str]:
    return [sys.executable, *arguments]


def _granian(port: int, factory: str) -> list[str]:
    return _python(
        *("-m", "granian", "--interface", "asgi", "--loop", "uvloop", "--no-ws", "--workers", "1"),
        *("--host", "127.0.0.1", "--port", str(port), "--no-log", "--working-dir", str(APPS.parent)),
        *("--factory", f"{APPS.stem}:{factory}"),
    )


def _npm(place: Place, package: str, *arguments: str) -> list[str]:
    return [str(place.npm / "node_modules" / ".bin" / package), *arguments]


def _prism(place: Place, port: int, document: Path) -> list[str]:
    return [
        *_npm(place, "prism", "mock"),
        *("--port", str(port), "--verboseLevel", "silent", "--multiprocess", "false", str(document)),
    ]


SERVERS = (
    Server(
        MOCK,
        lambda place, port: _python(
            "-m", "mock_solusio", "serve", "--quiet", "--port", str(port), "--admin-token", place.token
        ),
    ),
    Server(STARLETTE, lambda _, port: _python(str(APPS), "starlette", str(port))),
    Server(UVICORN, lambda _, port: _python(str(APPS), "alone", str(port))),
    Server(GRANIAN_MOCK, lambda _, port: _granian(port, "mock")),
    Server(GRANIAN_STARLETTE, lambda _, port: _granian(port, "starlette")),
    Server(PRISM, lambda place, port: _prism(place, port, place.short), FOUR, 1.5),
    Server(
        PRISM_WHOLE, lambda place, port: _prism(place, port, place.document), ("get_user", "list_users"), 1.5
    ),
    Server(
        MOCKOON,
        lambda place, port: [
            *_npm(place, "mockoon-cli", "start"),
            *("--port", str(port), "--disable-log-to-file", "--data", str(place.short)),
        ],
        FOUR,
        1.5,
    ),
)


def available(place: Place) -> tuple[Server, ...]:
    """Return the servers that can run here; print which cannot, and why."""
    missing: set[str] = set()
    if importlib.util.find_spec("granian") is None:
        print(f"Without granian: pip install granian=={GRANIAN}")
        missing |= {GRANIAN_MOCK, GRANIAN_STARLETTE}
    if not (place.npm / "node_modules").is_dir():
        place.npm.mkdir(parents=True, exist_ok=True)
        subprocess.run(
            ["npm", "install", "--no-audit", "--no-fund", "--prefix", str(place.npm), *PACKAGES], check=True
        )
    return tuple(server for server in SERVERS if server.name not in missing)


@contextmanager
def started(server: Server, place: Place) -> Iterator[Running]:
    """Run a server on the server's core until the end of the block.

    Raises:
        SystemExit: it does not answer in time.
    """
    with socket.create_server(("127.0.0.1", 0)) as probe:
        port = probe.getsockname()[1]
    command = ["taskset", "-c", str(cores()[0]), *server.command(place, port)]
    environment = os.environ | {
        "MOCK_SPEED_ANSWERS": str(place.answers),
        "MOCK_SPEED_TOKEN": place.token,
        # pip compiles what it installs; a checkout is compiled at its first start.
        "PYTHONPYCACHEPREFIX": str(place.work / "bytecode"),
        # express and others are slower without it.
        "NODE_ENV": "production",
    }
    environment.pop("PYTHONDONTWRITEBYTECODE", None)
    log = place.work / "server.log"
    with log.open("wb") as output:
        began = time.perf_counter()
        process = subprocess.Popen(
            command, cwd=place.work, env=environment, stdout=output, stderr=output, start_new_session=True
        )
    try:
        while not _answers(port, place.token):
            if process.poll() is not None or time.perf_counter() - began > START_LIMIT:
                raise SystemExit(f"{command} does not answer:\n{log.read_text()[-3000:]}")
            time.sleep(0.002)
        yield Running(server.name, port, process.pid, time.perf_counter() - began)
    finally:
        try:
            os.killpg(process.pid, signal.SIGTERM)
            process.wait(10)
        except subprocess.TimeoutExpired:
            os.killpg(process.pid, signal.SIGKILL)
            process.wait()
        except ProcessLookupError:
            process.wait()


def _answers(port: int, token: str) -> bool:
    try:
        return ask(port, token, "GET", "/users")[0] == 200
    except OSError:
        return False


def ask(port: int, token: str, method: str, path: str, body: Any = None) -> tuple[int, bytes]:
    """Send a request below `/api/v1`, or below the root if the path begins with `//`."""
    connection = http.client.HTTPConnection("127.0.0.1", port, timeout=30)
    try:
        connection.request(
            method,
            path[1:] if path.startswith("//") else f"/api/v1{path}",
            None if body is None else json.dumps(body),
            {
                "Authorization": f"Bearer {token}",
                "Accept": "application/json",
                "Content-Type": "application/json",
            },
        )
        response = connection.getresponse()
        return response.status, response.read()
    finally:
        connection.close()
