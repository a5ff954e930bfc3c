"""Fleets of different sizes, made once."""

from collections.abc import Callable

import pytest

from mock_solusio.fleet.model import Fleet
from mock_solusio.fleet.profiles import PROFILES
from mock_solusio.moment import parse_moment


@pytest.fixture(scope="session")
def fleet_of() -> Callable[..., Fleet]:
    """Make a fleet: `fleet_of("hoster", users=40)`; it begins with the year 2026."""

    def make(profile: str, **options) -> Fleet:
        begin = parse_moment(options.pop("begin", "2026-01-01T00:00:00Z"))
        return Fleet(PROFILES[profile], begin=begin, **options)

    return make
