"""Real servers: the reference endpoint, PostgreSQL, a mock SolusIO, and one that serves only usage."""

import json
import os
import pwd
import shutil
import subprocess
import tempfile
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from itertools import count
from pathlib import Path
from typing import Any
from urllib.parse import parse_qs, urlsplit

import psycopg
import pytest

from mock_solusio.testing import Solusio, started
from solusio_reference.app import create_app
from solusio_reference.serving import running
from solusio_reference.storage.customers import CustomerStore, seed_demo
from support.endpoint import Asked, Response, endpoint
from support.programs import missing

TOKEN = "s3cret Tökén+&="


@pytest.fixture(scope="session")
def token() -> str:
    """Return an authorization token whose characters need escaping in a form."""
    return TOKEN


@pytest.fixture(scope="session")
def demo_store() -> Iterator[CustomerStore]:
    with CustomerStore.in_memory() as store:
        seed_demo(store)
        yield store


@pytest.fixture(scope="session")
def open_url(demo_store: CustomerStore) -> Iterator[str]:
    """Serve the endpoint without an authorization token."""
    with running(create_app(demo_store, token=None)) as url:
        yield url


@pytest.fixture(scope="session")
def guarded_url(demo_store: CustomerStore) -> Iterator[str]:
    """Serve the endpoint with an authorization token."""
    with running(create_app(demo_store, token=TOKEN)) as url:
        yield url


@pytest.fixture(scope="session")
def postgresql_server() -> Iterator[Callable[[], str]]:
    """Run a PostgreSQL of our own; yield a function that creates an empty database and returns its URL."""
    initdb = _initdb()
    if initdb is None:
        missing("PostgreSQL (initdb) is not installed")
    folder = Path(tempfile.mkdtemp(prefix="pg-"))  # short: a socket's path may have 107 characters
    user = _unprivileged() if os.getuid() == 0 else None  # PostgreSQL refuses to run as root
    if user is not None:
        shutil.chown(folder, user)
    data = folder / "data"
    options = f"-k {folder} -c listen_addresses= -c fsync=off -c synchronous_commit=off"

    def run(program: str, *arguments: str) -> None:
        command = [str(initdb.with_name(program)), "-D", str(data), *arguments]
        subprocess.run(
            command, check=True, timeout=120, cwd=folder, user=user, stdout=subprocess.DEVNULL, stderr=None
        )

    made = count(1)

    def new_database() -> str:
        name = f"test{next(made)}"
        with psycopg.connect(host=str(folder), user="postgres", dbname="postgres", autocommit=True) as admin:
            admin.execute(f"CREATE DATABASE {name}")
        return f"postgresql://postgres@/{name}?host={folder}"

    try:
        run("initdb", "-U", "postgres", "-A", "trust", "-E", "UTF8", "--locale=C", "--no-sync")
        run("pg_ctl", "-w", "-t", "60", "-l", str(folder / "log"), "-o", options, "start")
        try:
            yield new_database
        finally:
            run("pg_ctl", "-w", "-m", "immediate", "stop")
    finally:
        shutil.rmtree(folder, ignore_errors=True)


def _initdb() -> Path | None:
    found = shutil.which("initdb")
    if found is not None:
        return Path(found).resolve()
    return max(Path("/usr/lib/postgresql").glob("*/bin/initdb"), default=None)


def _unprivileged() -> str:
    with suppress(KeyError):
        return pwd.getpwnam("postgres").pw_name
    return "nobody"


@pytest.fixture
def postgresql(postgresql_server: Callable[[], str]) -> str:
    """Return the URL of an empty PostgreSQL database."""
    return postgresql_server()


@pytest.fixture(params=["sqlite", "postgresql"])
def place(request: pytest.FixtureRequest, tmp_path: Path) -> str:
    """Return the path or URL of an empty database."""
    if request.param == "sqlite":
        return str(tmp_path / "billing.db")
    url: str = request.getfixturevalue("postgresql")
    return url


class UsageServer:
    """A SolusIO that has only /usage; tests can disturb its responses page by page."""

    def __init__(self) -> None:
        self.lines: list[dict[str, Any]] = []
        self.per_page = 10
        self.closed = True
        self.requested: list[int] = []
        """The requested pages, in order."""
        self.disturbed: dict[int, Callable[[dict[str, Any]], bytes | int | None]] = {}
        """By page, called once: changes the document, or returns the status of an error, or raw bytes."""
        self.url = ""

    def use(self, customer: int | None, tokens: int = 7, *, lines: int = 1, user: int | None = None) -> None:
        """Add lines of a customer, each with this number of tokens and as many hours."""
        for _ in range(lines):
            number = len(self.lines) + 1
            self.lines.append(
                {
                    "id": number,
                    "user_id": user or 100_000 + (customer or 0),
                    "billing_user_id": customer,
                    "server_id": number,
                    "server_name": f"server {number}",
                    "resource": "server",
                    "resource_id": number,
                    "plan": {"id": 1, "name": "small"},
                    "from": "2026-03-01T00:00:00.000000Z",
                    "to": "2026-03-02T00:30:00.123456Z",
                    "hours": tokens,
                    "tokens_per_hour": 1,
                    "tokens_per_month": 0,
                    "charge": "hourly",
                    "tokens": tokens,
                }
            )

    def page(self, number: int, query: str) -> dict[str, Any]:
        """Return a page of /usage."""
        begin = (number - 1) * self.per_page
        more = begin + self.per_page < len(self.lines)
        following = f"{self.url}/api/v1/usage?{query}&page={number + 1}"
        return {
            "data": [dict(line) for line in self.lines[begin : begin + self.per_page]],
            "links": {"next": following if more else None},
            "meta": {
                "period": {"from": "2026-03-01T00:00:00.000000Z", "to": "2026-04-01T00:00:00.000000Z"},
                "closed": self.closed,
                "metered_until": "2026-04-01T00:00:00.000000Z" if self.closed else "2026-03-20T07:30:00Z",
                "totals": {
                    "lines": len(self.lines),
                    "hours": sum(line["hours"] for line in self.lines),
                    "tokens": sum(line["tokens"] for line in self.lines),
                },
            },
        }

    def answer(self, target: str) -> bytes | int:
        """Return the body for a request, or the status of an error."""
        query, _, page = urlsplit(target).query.partition("&page=")
        if query == "per_page=1":  # to read its clock
            return json.dumps(self.page(1, query)).encode()
        if parse_qs(query)["from"] != ["2026-03-01T00:00:00Z"]:
            return 404
        number = int(page or 1)
        self.requested.append(number)
        document = self.page(number, query)
        disturb = self.disturbed.pop(number, None)
        instead = None if disturb is None else disturb(document)
        return json.dumps(document).encode() if instead is None else instead


@pytest.fixture
def usage_server() -> Iterator[UsageServer]:
    """Serve the usage of March 2026 over HTTP."""
    with serving_usage() as usage:
        yield usage


@pytest.fixture(scope="module")
def usage_of_march() -> Iterator[UsageServer]:
    """Serve the usage of March 2026 to all tests of a module; each begins with `lines.clear()`."""
    with serving_usage() as usage:
        yield usage


@contextmanager
def serving_usage() -> Iterator[UsageServer]:
    usage = UsageServer()

    def answer(asked: Asked) -> Response:
        instead = usage.answer(asked.target)
        if isinstance(instead, int):
            return instead, {}, b"{}"
        whole = instead.endswith(b"}")
        # The header of a truncated body claims more than it has.
        cut = {"Content-Length": str(len(instead) + 1), "Connection": "close"}
        return 200, {} if whole else cut, instead

    with endpoint(answer) as made:
        usage.url = made.url
        yield usage


@pytest.fixture(scope="module")
def server() -> Iterator[Solusio]:
    """Run a mock SolusIO for the tests of a module."""
    with started() as running_mock:
        yield running_mock


@pytest.fixture
def solusio(server: Solusio) -> Solusio:
    """Return that mock after a reset."""
    server.client.post(f"{server.url}/_mock/reset").raise_for_status()
    return server
