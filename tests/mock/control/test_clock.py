"""The clock: it stands, runs, is set and advanced, and never goes back by itself."""

import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from mock_solusio.clock import LAST, Clock, later
from mock_solusio.moment import DAY, HOUR, MINUTE, SECOND, parse_moment, rfc3339

MARCH = parse_moment("2026-03-01T00:00:00Z")
REAL = parse_moment("2030-05-05T05:05:05Z")


class Machine:
    """The time of a machine that a test turns."""

    def __init__(self, moment: int = REAL) -> None:
        self.moment = moment

    def __call__(self) -> int:
        return self.moment

    def passes(self, span: int) -> None:
        self.moment += span


@pytest.fixture
def machine():
    return Machine()


def test_a_real_clock_shows_the_time_of_the_machine(machine):
    clock = Clock(source=machine)
    machine.passes(HOUR)
    assert (clock.now(), clock.mode, clock.speed) == (REAL + HOUR, "real", 1.0)


def test_a_frozen_clock_stands_still(machine):
    clock = Clock(MARCH, speed=0, source=machine)
    machine.passes(HOUR)
    assert (clock.now(), clock.mode, clock.speed) == (MARCH, "frozen", 0.0)


def test_a_fast_clock_runs_from_where_it_began(machine):
    clock = Clock(MARCH, speed=60, source=machine)
    machine.passes(MINUTE)
    assert (clock.now(), clock.mode, clock.speed) == (MARCH + HOUR, "speed", 60.0)


def test_time_does_not_go_back_with_the_machine(machine):
    clock = Clock(source=machine)
    machine.passes(HOUR)
    shown = clock.now()
    machine.passes(-DAY)
    assert clock.now() == shown
    machine.passes(DAY + SECOND)
    assert clock.now() == shown + SECOND


def test_advancing_keeps_the_pace(machine):
    clock = Clock(MARCH, speed=60, source=machine)
    clock.advance(DAY)
    machine.passes(SECOND)
    assert clock.now() == MARCH + DAY + MINUTE


def test_setting_may_go_back_and_keeps_the_pace(machine):
    clock = Clock(MARCH, source=machine)
    machine.passes(HOUR)
    assert clock.now() == MARCH + HOUR
    clock.set(MARCH - DAY)
    machine.passes(SECOND)
    assert clock.now() == MARCH - DAY + SECOND


def test_freezing_and_running_go_on_from_the_present(machine):
    clock = Clock(MARCH, source=machine)
    machine.passes(HOUR)
    clock.freeze()
    machine.passes(HOUR)
    clock.run(10)
    machine.passes(SECOND)
    assert clock.now() == MARCH + HOUR + 10 * SECOND


def test_following_shows_the_time_of_the_machine_again(machine):
    clock = Clock(MARCH, speed=0, source=machine)
    clock.follow()
    assert (clock.now(), clock.mode) == (REAL, "real")


@pytest.mark.parametrize(
    ("began", "expected"),
    [
        ({"moment": MARCH, "speed": 0}, (MARCH, 0.0)),
        ({}, (REAL + HOUR, 1.0)),
        ({"speed": 60}, (REAL + HOUR, 60.0)),
    ],
)
def test_reset_begins_as_the_clock_began(machine, began, expected):
    clock = Clock(**began, source=machine)
    clock.advance(DAY)
    clock.run(5)
    machine.passes(HOUR)
    clock.reset()
    assert (clock.now(), clock.speed) == expected


def test_time_ends_with_the_year_9999(machine):
    clock = Clock(LAST - SECOND, speed=60, source=machine)
    machine.passes(HOUR)
    assert clock.now() == LAST
    assert rfc3339(clock.now()) == "9999-12-31T23:59:59.999999Z"


@pytest.mark.parametrize("moment", [-1, LAST + 1])
def test_moments_out_of_bounds_are_refused_and_change_nothing(machine, moment):
    clock = Clock(MARCH, speed=0, source=machine)
    with pytest.raises(ValueError, match="from the year 1970 to the year 9999"):
        clock.set(moment)
    with pytest.raises(ValueError, match="from the year 1970"):
        Clock(moment, source=machine)
    assert clock.now() == MARCH


def test_advancing_beyond_the_end_is_refused(machine):
    clock = Clock(LAST, speed=0, source=machine)
    with pytest.raises(ValueError, match="to the year 9999"):
        clock.advance(1)
    with pytest.raises(ValueError, match="forwards"):
        clock.advance(-1)


@pytest.mark.parametrize("speed", [0, -1, float("nan"), float("inf"), 1e9])
def test_speeds_out_of_bounds_are_refused(machine, speed):
    clock = Clock(MARCH, speed=0, source=machine)
    with pytest.raises(ValueError, match="expected a speed above 0"):
        clock.run(speed)
    assert clock.mode == "frozen"


@given(st.lists(st.tuples(st.sampled_from(["pass", "advance", "freeze", "run"]), st.integers(-DAY, DAY))))
def test_time_never_goes_back_whatever_happens(steps):
    machine = Machine()
    clock = Clock(MARCH, source=machine)
    shown = clock.now()
    for action, span in steps:
        if action == "pass":
            machine.passes(span)
        elif action == "advance":
            clock.advance(abs(span))
        elif action == "freeze":
            clock.freeze()
        else:
            clock.run(abs(span) % 1000 + 0.5)
        moment = clock.now()
        assert moment >= shown
        shown = moment


# States


def test_a_running_clock_goes_on_while_nobody_looks(machine):
    clock = Clock(MARCH, speed=60, source=machine)
    machine.passes(SECOND)
    state = json.loads(json.dumps(clock.state()))
    machine.passes(HOUR)
    again = Clock.from_state(state, source=machine)
    assert again.now() == MARCH + MINUTE + 60 * HOUR
    again.reset()
    assert (again.now(), again.speed) == (MARCH, 60.0)


def test_a_frozen_clock_stays_where_it_is(machine):
    clock = Clock(MARCH, speed=0, source=machine)
    clock.advance(DAY)
    state = json.loads(json.dumps(clock.state()))
    machine.passes(HOUR)
    again = Clock.from_state(state, source=machine)
    assert (again.now(), again.mode) == (MARCH + DAY, "frozen")


def test_a_restarted_clock_does_not_go_back_with_the_machine(machine):
    clock = Clock(MARCH, source=machine)
    machine.passes(HOUR)
    state = clock.state()
    machine.passes(-DAY)
    assert Clock.from_state(state, source=machine).now() == MARCH + HOUR


def test_states_do_not_drift(machine):
    clock = Clock(source=machine)
    for _ in range(1000):
        machine.passes(1)
        clock = Clock.from_state(clock.state(), source=machine)
    assert clock.now() == machine.moment


@pytest.mark.parametrize(
    "state",
    [
        {},
        {"real": 1, "moment": 2},
        {"real": "1", "moment": 2, "speed": 1},
        {"real": 1, "moment": True, "speed": 1},
    ],
)
def test_what_is_no_state_is_refused(machine, state):
    with pytest.raises(ValueError, match="not the state of a clock"):
        Clock.from_state(state, source=machine)


# The option --clock


@pytest.mark.parametrize(
    ("text", "moment", "mode", "speed"),
    [
        ("real", REAL, "real", 1.0),
        ("2026-03-01T00:00:00Z", MARCH, "frozen", 0.0),
        ("2026-03-01", MARCH, "frozen", 0.0),
        ("2026-03-01T01:00:00+01:00", MARCH, "frozen", 0.0),
        ("2026-03-01T00:00:00Z@60", MARCH, "speed", 60.0),
        ("2026-03-01T00:00:00Z@1", MARCH, "real", 1.0),
        ("@0.5", REAL, "speed", 0.5),
    ],
)
def test_the_option(machine, text, moment, mode, speed):
    clock = Clock.parse(text, source=machine)
    assert (clock.now(), clock.mode, clock.speed) == (moment, mode, speed)


@pytest.mark.parametrize(
    ("text", "reason"),
    [
        ("", "expected 'real', a moment"),
        ("yesterday", "expected a moment .*, got 'yesterday'"),
        ("@", "expected a number as the speed.*, got ''"),
        ("@fast", "expected a number as the speed.*, got 'fast'"),
        ("@0", "expected a speed above 0 .*, got 0;"),
        ("@-1", "expected a speed above 0 .*, got -1;"),
        ("@nan", "expected a speed above 0 .*, got nan;"),
        ("1969-12-31T23:59:59Z", "from the year 1970"),
    ],
)
def test_the_option_says_what_is_wrong(machine, text, reason):
    with pytest.raises(ValueError, match=reason):
        Clock.parse(text, source=machine)


# Spans


@pytest.mark.parametrize(
    ("start", "span", "end"),
    [
        ("2026-03-01T00:00:00Z", "P1M", "2026-04-01T00:00:00.000000Z"),
        ("2026-01-31T10:00:00Z", "P1M", "2026-02-28T10:00:00.000000Z"),
        ("2024-01-31T10:00:00Z", "P1M", "2024-02-29T10:00:00.000000Z"),
        ("2024-02-29T00:00:00Z", "P1Y", "2025-02-28T00:00:00.000000Z"),
        ("2026-11-15T00:00:00Z", "P1Y2M", "2028-01-15T00:00:00.000000Z"),
        ("2026-01-31T00:00:00Z", "P1M1D", "2026-03-01T00:00:00.000000Z"),
        ("2026-03-01T00:00:00Z", "P1W", "2026-03-08T00:00:00.000000Z"),
        ("2026-03-01T00:00:00Z", "P1DT12H30M1.5S", "2026-03-02T12:30:01.500000Z"),
        ("2026-03-01T00:00:00Z", "PT0S", "2026-03-01T00:00:00.000000Z"),
    ],
)
def test_spans(start, span, end):
    assert rfc3339(later(parse_moment(start), span)) == end


@pytest.mark.parametrize(
    "span", ["", "P", "PT", "P1", "1M", "-P1M", "P1H", "PT1D", "P1DT", "p1m", "P1.5D", "P1M "]
)
def test_what_is_no_span(span):
    with pytest.raises(ValueError, match="expected a span of time"):
        later(MARCH, span)


def test_spans_end_with_the_year_9999():
    for span in ("P8000Y", "P99999Y", "P99999999D"):
        with pytest.raises(ValueError, match="to the year 9999"):
            later(MARCH, span)
