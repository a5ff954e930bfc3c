"""What a change costs the database does not grow with the number of users, servers and unfinished tasks."""

import pytest

from mock_solusio.clock import Clock
from mock_solusio.domain import tasks
from mock_solusio.options import Options
from support.calls import ADMIN_TOKEN, calling

START = 1_772_323_200_000_000  # 2026-03-01T00:00:00Z
PAUSE = 10_000
"""Microseconds between two servers, so that their tasks end one after the other."""
TIMES = 3
"""How often a change is measured: the first one may read what the next ones know."""


def create_user(api, number):
    email = f"new{number}@example.com"
    api.create("users", email=email, password="Secret-7", billing_user_id=10_000 + number)


def change_user(api, number):
    assert api.patch("users/2", {"billing_token": f"token {number}"}).status == 200


def suspend_user(api, number):
    status = ("suspended", "active")[number % 2]
    assert api.put("users/2", {"status": status}).status == 200


def create_token(api, _):
    api.create("users/2/tokens", is_one_time=True)


def create_server(api, number):
    api.create("servers", name=f"new{number}")


def await_task(api, number):
    clock = api.mock.clock
    clock.set(tasks.next_due(api.mock.store))
    change_user(api, number)


CHANGES = [create_user, change_user, suspend_user, create_token, create_server, await_task]


def cost(change, size):
    """Return how many instructions SQLite runs for a change, with so many users, servers and open tasks."""
    options = Options(clock=Clock(START, speed=0), seed="s", admin_token=ADMIN_TOKEN)
    with calling(options) as api:
        for number in range(size):
            api.create("users", email=f"{number}@example.com")
            api.create("servers", name=f"server{number}")
            api.mock.clock.advance(PAUSE)
        return min(instructions(api, change, number) for number in range(TIMES))


def instructions(api, change, number):
    connection = api.mock.store._connection
    count = 0

    def step():
        nonlocal count
        count += 1
        return 0  # go on

    connection.set_progress_handler(step, 1)
    change(api, number)
    connection.set_progress_handler(None, 0)
    return count


@pytest.mark.parametrize("change", CHANGES)
def test_a_change_costs_the_same_among_few_and_many(change):
    assert cost(change, 100) == cost(change, 5) > 50
