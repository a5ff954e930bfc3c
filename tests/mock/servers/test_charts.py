"""Usage charts and traffic counters (facts, sections 7 and 11)."""

import math

import pytest
from hypothesis import given
from hypothesis import strategies as st

from mock_solusio.domain.charts import Curve
from mock_solusio.moment import DAY, SECOND, parse_moment

DAYS = 86400
START = parse_moment("2026-03-01T00:00:00Z")


def items(api, what, uuid):
    answer = api.get(f"usage/{what}/{uuid}")
    assert answer.status == 200
    assert list(answer.data) == ["items"]
    return answer.data["items"]


def test_a_point_each_five_minutes_for_a_day(api, server, wait):
    uuid = api.get(f"servers/{server()}").data["uuid"]
    assert items(api, "cpu", uuid) == [], "nothing before it existed"
    wait(600)
    assert [one["time"] for one in items(api, "cpu", uuid)] == [
        "2026-03-01T00:05:00.000000Z",
        "2026-03-01T00:10:00.000000Z",
    ]
    wait(3 * DAYS)
    for what, member in (("cpu", "load_average"), ("memory", "memory")):
        rows = items(api, what, uuid)
        assert len(rows) == 288
        assert all(row[member] > 0 for row in rows)
        assert len({row[member] for row in rows}) > 100, "it moves"
    for what in ("network", "disks"):
        assert all(
            row["derivative"]["read_kb"] > 0 and row["derivative"]["write_kb"] > 0
            for row in items(api, what, uuid)
        )
    assert all(row["memory"] <= 1024 for row in items(api, "memory", uuid)), "MiB of a plan with 1 GiB"
    assert all(row["load_average"] <= 100 for row in items(api, "cpu", uuid))


def test_the_past_does_not_change(api, server, wait):
    uuid = api.get(f"servers/{server()}").data["uuid"]
    wait(7200)
    before = items(api, "network", uuid)
    wait(3600)
    assert items(api, "network", uuid)[: len(before)] == before


def test_nothing_moves_once_it_is_stopped(api, server, wait):
    key = server()
    uuid = api.get(f"servers/{key}").data["uuid"]
    wait(3600)
    api.post(f"servers/{key}/stop")
    wait(3600)
    loads = [row["load_average"] for row in items(api, "cpu", uuid)]
    assert all(loads[:12])
    assert not any(loads[13:])
    counted = api.get(f"servers/{key}").data["usage"]["network"]
    wait(3600)
    assert api.get(f"servers/{key}").data["usage"]["network"] == counted
    assert counted["incoming"]["value"] > 0
    api.post(f"servers/{key}/start")
    wait(3600)
    now = api.get(f"servers/{key}").data["usage"]["network"]
    assert all(now[way]["value"] > counted[way]["value"] for way in now)


def test_what_is_counted_is_what_the_chart_shows(api, server, wait):
    key = server()
    wait(12 * 3600 - 60)
    shown = api.get(f"servers/{key}").data
    rows = items(api, "network", shown["uuid"])
    # The first slot includes the three seconds in which the server was built.
    for way, member in (("incoming", "read_kb"), ("outgoing", "write_kb")):
        drawn = sum(row["derivative"][member] for row in rows) * 300 * 1024
        assert shown["usage"]["network"][way]["value"] == pytest.approx(drawn, rel=0.001)


def test_the_traffic_counters_can_be_reset(api, server, wait):
    key = server()
    wait(3600)
    assert api.get(f"servers/{key}").data["usage"]["network"]["incoming"]["value"] > 0
    now = api.post(f"servers/{key}/reset_usage")
    assert now.status == 200
    assert now.data["usage"]["network"] == {"incoming": {"value": 0}, "outgoing": {"value": 0}}


def test_unknown_servers(api, customer, server):
    assert api.get("usage/cpu/nonsense").status == 404
    uuid = api.get(f"servers/{server()}").data["uuid"]
    assert api.as_user(customer()).get(f"usage/disks/{uuid}").status == 403


phases = st.tuples(*[st.floats(0, math.tau)] * 4)


@given(phases, st.integers(0, 400 * DAY), st.integers(0, 400 * DAY))
def test_a_curve_is_never_negative_and_neither_is_its_integral(angles, begin, span):
    curve = Curve(1.0, angles)
    assert 0 < curve.at(START + begin) < 2
    assert curve.over(START + begin, START + begin + span) >= 0


@given(phases, st.lists(st.integers(0, 10 * DAY), min_size=3, max_size=3))
def test_spans_add_up(angles, moments):
    first, second, third = (START + moment for moment in sorted(moments))
    curve = Curve(1000.0, angles)
    whole = curve.over(first, third)
    assert curve.over(first, second) + curve.over(second, third) == pytest.approx(whole, abs=0.01)


@given(phases, st.integers(0, 30 * DAY))
def test_the_integral_is_that_of_the_curve(angles, begin):
    curve, step = Curve(1.0, angles), 10 * SECOND
    begin += START
    brute = sum(curve.at(begin + step // 2 + number * step) * 10 for number in range(60))
    assert curve.over(begin, begin + 600 * SECOND) == pytest.approx(brute, rel=1e-3)
