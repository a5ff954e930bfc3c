"""A mock in this process, strict and on a frozen clock, and ways to call it without sockets."""

import asyncio
from collections.abc import Callable, Iterator
from datetime import timedelta
from itertools import count
from typing import Any

import pytest

from mock_solusio.app import Mock
from mock_solusio.clock import Clock
from mock_solusio.moment import SECOND
from mock_solusio.options import Options
from support.calls import ADMIN_TOKEN, START, Caller
from support.commands import invoke
from support.control import Controller


@pytest.fixture
def mock() -> Iterator[Mock]:
    """A fresh mock: strict, seeded, its clock frozen at 2026-03-01T00:00:00Z."""
    made = Mock(Options(clock=Clock(START, speed=0), seed="test", admin_token=ADMIN_TOKEN, strict=True))
    yield made
    made.close()


@pytest.fixture
def api(mock: Mock) -> Iterator[Caller]:
    """Calls the mock as the administrator."""
    with asyncio.Runner() as runner:
        yield Caller(mock, runner)


@pytest.fixture
def control(mock: Mock) -> Iterator[Controller]:
    """Call the control API of the mock: `control("POST", "/_mock/clock", {"advance": "P1M"})`."""
    with asyncio.Runner() as runner:
        yield Controller(mock, runner)


@pytest.fixture(scope="session")
def month(tmp_path_factory):
    """A month of a small provider, as a timeline, a state file and a world: the folder that they are in.

    Customers join, leave, are suspended and let in again, and everything happens to servers that can.
    """
    folder = tmp_path_factory.mktemp("month")
    timeline, state, world = (str(folder / f"month.{ending}") for ending in ("ndjson", "db", "toml"))
    common = ["fleet", "generate", "--users", "40", "--begin", "2026-03", "--seed", "month 16"]
    for files in (["--out", timeline, "--state", state], ["--out", world]):
        made = invoke(*common, *files)
        assert made.exit_code == 0, made.output
    return folder


@pytest.fixture
def person(api: Caller) -> Callable[..., Caller]:
    """Make a user who acts: `person("ada")` is a customer, `person("eve", "manage users")` an operator.

    The returned caller has `id`, `email` and `password`.
    """

    def make(name: str, *permissions: str, **fields: Any) -> Caller:
        email, password = f"{name}@example.com", f"password of {name}"
        body = {"email": email, "password": password, **fields}
        if permissions:
            numbers = {row["name"]: row["id"] for row in api.get("permissions?per_page=100").data}
            wanted = [numbers[one] for one in permissions]
            role = api.create("roles", name=f"role of {name}", permissions=wanted)
            body["roles"] = [role["id"]]
        caller = api.as_user(api.create("users", **body)["id"])
        caller.email, caller.password = email, password
        return caller

    return make


@pytest.fixture
def customer(api: Caller) -> Callable[..., int]:
    """Make a customer; return their id."""
    numbers = count(1)
    return lambda **fields: api.create(
        "users", **{"email": f"customer{next(numbers)}@example.com", "password": "secret-1", **fields}
    )["id"]


@pytest.fixture
def order(api: Caller) -> Callable[..., dict[str, Any]]:
    """Order a server, of the administrator unless told otherwise; return what is shown of it."""
    usual = {"name": "web", "plan": 1, "location": 1, "os": 1}
    return lambda **fields: api.create("servers", **{**usual, **fields})


@pytest.fixture
def wait(mock: Mock) -> Callable[..., None]:
    """Let time pass: `wait(60)` seconds, `wait(hours=700)`."""

    def wait_for(seconds: float = 0, **span: float) -> None:
        mock.clock.advance(round(timedelta(seconds=seconds, **span).total_seconds() * SECOND))

    return wait_for
