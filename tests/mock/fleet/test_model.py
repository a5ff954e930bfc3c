"""Fleets are what their profiles say, whatever the seed; and always the same for the same seed."""

import hashlib
import os
import subprocess
import sys
from collections import Counter
from itertools import pairwise

import msgspec
import pytest

from mock_solusio.domain import plans
from mock_solusio.fleet.people import MARKETS, people
from mock_solusio.moment import DAY, HOUR, MINUTE, utc

AZURE_MEAN = 104_371_713 / 2_013_767
"""Hours per server in the published figures of the trace: 51.8."""


def hours_within(fleet):
    """Hours that each server lives within the time of the fleet."""
    return [
        ((fleet.end if one.ended_at is None else one.ended_at) - max(one.created_at, fleet.begin)) / HOUR
        for one in fleet.servers()
    ]


@pytest.mark.parametrize("seed", ["1", "2", "another one"])
@pytest.mark.parametrize("users", [6, 60])
def test_azure2017_meets_the_published_mean_within_two_percent(fleet_of, seed, users):
    hours = hours_within(fleet_of("azure2017", users=users, seed=seed, begin="2026-06-01T00:00:00Z"))
    assert len(hours) == round(2_013_767 * users / 5_958)
    assert sum(hours) / len(hours) == pytest.approx(AZURE_MEAN, rel=0.02)


def test_azure2017_is_heavy_tailed(fleet_of):
    hours = sorted(hours_within(fleet_of("azure2017", users=60, seed="1", begin="2026-06-01T00:00:00Z")))
    tenth = len(hours) // 10
    assert sum(hours[-tenth:]) > 0.8 * sum(hours)
    assert hours[len(hours) // 2] < 2
    assert hours[-1] == 720


@pytest.mark.parametrize("profile", ["startup", "hoster"])
def test_most_servers_of_a_hoster_are_short_lived_and_few_have_the_hours(fleet_of, profile):
    hours = sorted(hours_within(fleet_of(profile, seed="1", months=3)))
    assert hours[len(hours) // 2] < 24
    longest = len(hours) * 3 // 10
    assert sum(hours[-longest:]) > 0.8 * sum(hours)


@pytest.mark.parametrize("profile", ["startup", "hoster", "azure2017"])
def test_servers_come_in_the_order_of_their_creation_and_live_within_their_customers(fleet_of, profile):
    users = {"startup": 25, "hoster": 80, "azure2017": 5}[profile]
    fleet = fleet_of(profile, users=users, seed="order")
    customers = {one.number: one for one in fleet.customers}
    servers = list(fleet.servers())
    assert len(servers) == fleet.count
    assert [one.number for one in servers] == list(range(1, fleet.count + 1))
    assert len({one.name for one in servers}) == fleet.count
    assert all(before.created_at <= after.created_at for before, after in pairwise(servers))
    for server in servers:
        customer = customers[server.customer]
        assert server.created_at > customer.joined_at
        assert server.created_at < fleet.end
        moments = [server.created_at, *(change.at for change in server.changes)]
        if server.ended_at is not None:
            assert max(server.created_at, fleet.begin) < server.ended_at < fleet.end
            moments.append(server.ended_at)
        if customer.left_at is not None:
            assert server.ended_at is not None
            assert server.ended_at < customer.left_at
        assert all(later - earlier >= MINUTE for earlier, later in pairwise(moments))


def test_hosters_have_everything_that_happens(fleet_of):
    fleet = fleet_of("hoster", users=300, months=2, seed="all")
    did = Counter(change.do for server in fleet.servers() for change in server.changes)
    assert set(did) == {
        *("server.resize", "server.stop", "server.start", "server.suspend", "server.resume"),
        *("ip.add", "ip.remove", "backup.create", "backup.delete"),
    }
    assert any(one.left_at is not None for one in fleet.customers)
    assert {pause.status for one in fleet.customers for pause in one.pauses} == {"locked", "suspended"}
    assert any(one.joined_at > fleet.begin for one in fleet.customers)


def test_more_is_created_by_day_and_on_working_days(fleet_of):
    fleet = fleet_of("hoster", users=600, seed="rhythm", begin="2026-06-01T00:00:00Z")
    created = [utc(one.created_at) for one in fleet.servers() if one.created_at >= fleet.begin]
    afternoon = sum(12 <= one.hour < 16 for one in created)
    night = sum(one.hour < 4 for one in created)
    assert afternoon > 2 * night
    # 30 days from a Monday on: 8 days at weekends, 22 others.
    weekend = sum(one.weekday() >= 5 for one in created) / 8
    assert weekend < 0.75 * (len(created) - weekend * 8) / 22


def test_plans_are_those_of_the_vendors_page():
    assert [
        (plan.name, plan.tokens_per_hour, plan.tokens_per_month, plan.tokens_per_hour * 744)
        for plan in plans.default_plans()
    ] == [
        ("1 Core, 1 GB RAM", 7, 5000, 5208),
        ("1 Core, 2 GB RAM", 14, 10000, 10416),
        ("2 Cores, 2 GB RAM", 21, 15000, 15624),
        ("2 Cores, 4 GB RAM", 28, 20000, 20832),
    ]


def test_people_are_of_many_currencies_and_reachable_nowhere(fleet_of):
    found = list(people(fleet_of("hoster", users=300, seed="people")))
    assert {one.market.currency for one in found} == {"USD", "EUR", "GBP", "JPY", "CHF", "KWD"}
    assert {market.locale for market in MARKETS} == {one.market.locale for one in found}
    assert len({one.email for one in found}) == 300
    for one in found:
        assert one.email.isascii()
        assert one.email.endswith(".example")
        assert one.name
        assert one.company
    assert [one.customer.billing_user_id for one in found] == list(range(1001, 1301))


def test_a_customer_who_is_there_has_a_server_of_his_own(fleet_of):
    fleet = fleet_of("azure2017", users=60, seed="1", begin="2026-06-01T00:00:00Z")
    owners = Counter(one.customer for one in fleet.servers())
    assert set(owners) == {one.number for one in fleet.customers}
    assert owners.most_common(1)[0][1] > 3 * fleet.count / 60


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"users": 0}, "one customer"),
        ({"months": 0}, "one month"),
        ({"profile": "azure2017", "months": 2}, "covers 30 days"),
    ],
)
def test_what_cannot_be_a_fleet(fleet_of, options, message):
    with pytest.raises(ValueError, match=message):
        fleet_of(options.pop("profile", "hoster"), **options)


def test_several_months_end_with_a_month(fleet_of):
    fleet = fleet_of("startup", months=2)
    assert utc(fleet.end).isoformat() == "2026-03-01T00:00:00+00:00"
    assert fleet_of("azure2017").end - fleet.begin == 30 * DAY


_DIGEST = """
import sys, hashlib, msgspec
from mock_solusio.fleet.events import events
from mock_solusio.fleet.model import Fleet
from mock_solusio.fleet.profiles import PROFILES
from solusio_contracts.timeline import encode
digest = hashlib.sha256()
for event in events(Fleet(PROFILES["hoster"], users=20, seed="same", begin=1767225600000000)):
    digest.update(encode(event))
print(digest.hexdigest())
"""


def test_the_same_seed_gives_the_same_bytes_in_every_process():
    digests = set()
    for hash_seed in ("0", "4711"):
        done = subprocess.run(
            [sys.executable, "-c", _DIGEST],
            env={**os.environ, "PYTHONHASHSEED": hash_seed},
            capture_output=True,
            text=True,
            check=True,
            timeout=60,
        )
        digests.add(done.stdout)
    assert len(digests) == 1


def test_another_seed_gives_another_fleet(fleet_of):
    def digest(seed):
        servers = list(fleet_of("hoster", users=20, seed=seed).servers())
        return hashlib.sha256(msgspec.json.encode(servers)).hexdigest()

    assert digest("1") == digest("1")
    assert digest("1") != digest("2")
