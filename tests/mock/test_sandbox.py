"""The worlds of scenarios: each begins as a fresh installation, and none sees what another changed."""

import sqlite3
from contextlib import closing

import pytest

from mock_solusio.app import Mock
from mock_solusio.clock import Clock
from mock_solusio.domain import users
from mock_solusio.moment import HOUR
from mock_solusio.options import Options
from mock_solusio.sandbox import installed

MOMENT = 1_772_323_200_000_000
TOKEN = "access-token-of-the-test"


def fresh():
    return Mock(Options(clock=Clock(MOMENT, speed=0), seed="s", admin_token=TOKEN))


def content(mock):
    """Return everything that a mock has stored, as SQL, but when its clock was set by the machine's."""
    with closing(sqlite3.connect(":memory:")) as copy:
        copy.deserialize(mock.store.snapshot())
        copy.execute("DELETE FROM meta WHERE name = 'clock'")
        return sorted(copy.iterdump())


def test_each_copy_of_an_installation_is_like_one_that_was_just_made():
    for _ in range(2):
        with (
            closing(fresh()) as made,
            closing(installed(MOMENT, seed="s", access_token=TOKEN)) as copy,
        ):
            assert copy.admin_token == TOKEN
            assert content(copy) == content(made)
            for mock in (copy, made):
                with mock.transaction() as world:
                    users.create(world, email="ann@example.com")
            assert content(copy) == content(made)


@pytest.mark.parametrize("other", [{"moment": MOMENT + HOUR}, {"seed": "t"}, {"access_token": TOKEN[::-1]}])
def test_another_moment_seed_or_access_token_is_another_installation(other):
    usual = {"moment": MOMENT, "seed": "s", "access_token": TOKEN}
    with closing(installed(**usual)) as one, closing(installed(**{**usual, **other})) as two:
        assert content(one) != content(two)
