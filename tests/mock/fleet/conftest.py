"""Fleets of different sizes, made once; and the command line, in this process."""

from collections.abc import Callable

import pytest
from click.testing import CliRunner, Result

from mock_solusio.cli import cli
from mock_solusio.fleet.model import Fleet
from mock_solusio.fleet.profiles import PROFILES
from mock_solusio.moment import parse_moment


@pytest.fixture
def run() -> Callable[..., Result]:
    """Run the command line: `run("fleet", "describe", file)`."""

    def call(*arguments: object) -> Result:
        return CliRunner().invoke(cli, [str(one) for one in arguments])

    return call


@pytest.fixture(scope="session")
def fleet_of() -> Callable[..., Fleet]:
    """Make a fleet: `fleet_of("hoster", users=40)`; it begins with the year 2026."""

    def make(profile: str, **options) -> Fleet:
        begin = parse_moment(options.pop("begin", "2026-01-01T00:00:00Z"))
        return Fleet(PROFILES[profile], begin=begin, **options)

    return make


@pytest.fixture(scope="session")
def month(tmp_path_factory):
    """A month of a small hoster, as a timeline, a state file and a world: the folder that they are in.

    Customers join, leave, are suspended and let in again, and everything happens to servers that can.
    """
    folder = tmp_path_factory.mktemp("month")
    timeline, state, world = (str(folder / f"month.{ending}") for ending in ("ndjson", "db", "toml"))
    common = ["fleet", "generate", "--users", "40", "--begin", "2026-03", "--seed", "month 16"]
    for files in (["--out", timeline, "--state", state], ["--out", world]):
        made = CliRunner().invoke(cli, [*common, *files])
        assert made.exit_code == 0, made.output
    return folder
