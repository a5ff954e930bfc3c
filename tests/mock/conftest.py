"""A mock in this process, strict and on a frozen clock, and ways to call it without sockets."""

import asyncio
from collections.abc import Iterator

import pytest

from mock_solusio.app import Mock
from mock_solusio.clock import Clock
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
    """A month of a small hoster, as a timeline, a state file and a world: the folder that they are in.

    Customers join, leave, are suspended and let in again, and everything happens to servers that can.
    """
    folder = tmp_path_factory.mktemp("month")
    timeline, state, world = (str(folder / f"month.{ending}") for ending in ("ndjson", "db", "toml"))
    common = ["fleet", "generate", "--users", "40", "--begin", "2026-03", "--seed", "month 16"]
    for files in (["--out", timeline, "--state", state], ["--out", world]):
        made = invoke(*common, *files)
        assert made.exit_code == 0, made.output
    return folder
