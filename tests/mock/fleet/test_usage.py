"""The usage of a generated month, against a count of its own: hour by hour, from the timeline alone."""

import json
from collections import Counter
from datetime import UTC, datetime, timedelta

import pytest

from mock_solusio.clock import Clock
from mock_solusio.moment import parse_moment
from mock_solusio.options import Options
from mock_solusio.testing import started

HOUR = timedelta(hours=1)
BEGIN, END = datetime(2026, 3, 1, tzinfo=UTC), datetime(2026, 4, 1, tzinfo=UTC)

# Vendor's page, step 2. Addresses: 1 token an hour, 700 a month; backups: 10 percent, in whole tokens.
PRICES = {
    "1 Core, 1 GB RAM": {"server": (7, 5000), "additional_ip": (1, 700), "backup": (1, 500)},
    "1 Core, 2 GB RAM": {"server": (14, 10000), "additional_ip": (1, 700), "backup": (1, 1000)},
    "2 Cores, 2 GB RAM": {"server": (21, 15000), "additional_ip": (1, 700), "backup": (2, 1500)},
    "2 Cores, 4 GB RAM": {"server": (28, 20000), "additional_ip": (1, 700), "backup": (3, 2000)},
}


class Resource:
    """Something that costs: when it came and went, and which plans it had since when."""

    def __init__(self, kind, server, since, plan):
        self.kind, self.server, self.since, self.until = kind, server, since, END
        self.plans = [(since, plan)]

    def hours(self):
        """Count the hours of the month by plan, one by one: hour k starts k hours after it came."""
        counted = Counter()
        hour = self.since
        while hour < self.until:
            if hour >= BEGIN:
                counted[[plan for moment, plan in self.plans if moment <= hour][-1]] += 1
            hour += HOUR
        return counted


def metered(file):  # noqa: PLR0912 - one branch for each thing that happens
    """Return tokens and hours by server, kind and plan, and the tokens of each customer."""
    everything, present, owners, billing_ids, backups = [], {}, {}, {}, Counter()
    for text in file.read_text(encoding="utf-8").splitlines()[1:]:
        event = json.loads(text)
        at = datetime.fromisoformat(event["at"])
        do, on = event["do"], event.get("on")
        if do == "user.create":
            billing_ids[event["as"]] = event["billing_user_id"]
        elif do == "server.create":
            name = event["as"]
            owners[name] = billing_ids[event["user"]]
            present[name] = {"server": Resource("server", name, at, event["plan"])}
            everything.append(present[name]["server"])
        elif do == "server.delete":
            for resource in present.pop(on).values():
                resource.until = at
        elif do == "server.resize":
            for resource in present[on].values():
                resource.plans.append((at, event["plan"]))
        elif do == "ip.add":
            made = Resource("additional_ip", on, at, present[on]["server"].plans[-1][1])
            present[on][event["as"]] = made
            everything.append(made)
        elif do == "ip.remove":
            (owner,) = [name for name, has in present.items() if on in has]
            present[owner].pop(on).until = at
        elif do == "backup.create":
            backups[on] += 1
            if backups[on] == 1:
                made = Resource("backup", on, at, present[on]["server"].plans[-1][1])
                present[on]["backups"] = made
                everything.append(made)
        elif do == "backup.delete":
            owner = on.partition(" ")[0]
            backups[owner] -= 1
            if not backups[owner]:
                present[owner].pop("backups").until = at
    lines, customers = Counter(), Counter()
    for resource in everything:
        for plan, hours in resource.hours().items():
            per_hour, per_month = PRICES[plan][resource.kind]
            tokens = min(hours * per_hour, per_month)
            lines[resource.server, resource.kind, plan, hours, tokens] += 1
            customers[owners[resource.server]] += tokens
    return lines, customers


def read_usage(solusio):
    """Walk through all pages of the month."""
    lines, page = [], 1
    while True:
        query = {"from": "2026-03-01T00:00:00Z", "to": "2026-04-01T00:00:00Z", "page": page, "per_page": 97}
        answer = solusio.client.get("usage", params=query).raise_for_status().json()
        lines += answer["data"]
        if page >= answer["meta"]["last_page"]:
            return lines, answer["meta"]
        page += 1


def check(solusio, timeline):
    wanted, customers = metered(timeline)
    lines, meta = read_usage(solusio)
    got = Counter(
        (one["server_name"], one["resource"], one["plan"]["name"], one["hours"], one["tokens"])
        for one in lines
    )
    assert got == wanted
    by_customer = Counter()
    for one in lines:
        by_customer[one["billing_user_id"]] += one["tokens"]
    assert by_customer == customers
    assert meta["closed"] is True
    assert meta["totals"]["tokens"] == sum(customers.values())
    assert meta["totals"]["hours"] == sum(hours * number for (_, _, _, hours, _), number in wanted.items())
    assert len({one["id"] for one in lines}) == len(lines) == meta["totals"]["lines"]
    # The month has all kinds of lines, or this test shows little.
    assert {one["resource"] for one in lines} == {"server", "additional_ip", "backup"}
    assert {one["charge"] for one in lines} == {"hourly", "monthly"}
    resized = Counter(one["server_id"] for one in lines if one["resource"] == "server")
    assert max(resized.values()) > 1


def test_a_generated_month_costs_to_the_token_what_an_hourly_count_says(month, tmp_path):
    state = tmp_path / "month.db"
    state.write_bytes((month / "month.db").read_bytes())
    with started(Options(file=state, strict=True)) as solusio:
        check(solusio, month / "month.ndjson")


def test_a_replayed_month_costs_the_same(month):
    options = Options(
        replay=month / "month.ndjson", clock=Clock(parse_moment("2026-04-01T00:00:00Z"), speed=0)
    )
    with started(options) as solusio:
        check(solusio, month / "month.ndjson")


@pytest.mark.parametrize("filters", [{"filter[billing_user_id]": 1001}, {"filter[billing_user_id]": 1017}])
def test_a_customers_own_usage(month, tmp_path, filters):
    state = tmp_path / "month.db"
    state.write_bytes((month / "month.db").read_bytes())
    _, customers = metered(month / "month.ndjson")
    with started(Options(file=state)) as solusio:
        query = {"from": "2026-03-01T00:00:00Z", "to": "2026-04-01T00:00:00Z", **filters}
        answer = solusio.client.get("usage", params=query).raise_for_status().json()
    assert answer["meta"]["totals"]["tokens"] == customers[filters["filter[billing_user_id]"]]
