"""Which rules run at the same time, and that reports do not show it."""

import dataclasses
import threading
from collections import Counter
from collections.abc import Iterator
from typing import Any

import msgspec
import pytest

from solusio_contracts.checking import runner, schedule
from solusio_contracts.checking.rule import Expect, Rule
from solusio_contracts.checking.runner import run
from solusio_contracts.checking.schedule import groups, lanes, may_wait_together, try_group
from solusio_contracts.checking.target import INTERRUPTED, Target
from solusio_contracts.http.exchange import Exchange, Request
from solusio_contracts.reporting.report import Exit, Outcome
from solusio_contracts.rules import all_rules
from support.fuzzing import Form, Reply
from support.interfered import Interfered, interfered, refusing, sound

RULES = all_rules()
UNFUZZED = [rule for rule in RULES if rule.area != "fuzz"]


@pytest.fixture
def served() -> Iterator[Interfered]:
    with interfered(lambda _: None) as endpoint:
        yield endpoint


# Order


@pytest.mark.parametrize("token", [True, False])
@pytest.mark.parametrize("at_once", [1, 4])
def test_every_rule_is_in_one_group(token, at_once):
    scheduled = [rule for group in groups(RULES, at_once, token=token) for rule in group]
    assert sorted(rule.name for rule in scheduled) == sorted(rule.name for rule in RULES)


def test_one_at_a_time_keeps_the_order():
    assert [rule for (rule,) in groups(RULES, 1, token=True)] == list(RULES)


def test_those_that_wait_do_so_together_at_the_place_of_the_first():
    made = list(groups(RULES, 1, token=True, wait_together=True))
    (waiting,) = (group for group in made if len(group) > 1)
    assert waiting == [rule for rule in RULES if rule.waits]
    assert made.index(waiting) == RULES.index(waiting[0])
    assert [group[0] for group in made if group != waiting] == [rule for rule in RULES if not rule.waits]


@pytest.mark.parametrize(
    ("concurrency", "seconds", "together"),
    [(None, 0.01, True), (4, 0.01, True), (3, 0.01, False), (1, 0.01, False), (None, 0.1, False)],
)
def test_they_wait_together_if_the_endpoint_is_quick_and_no_limit_forbids_it(
    monkeypatch, concurrency, seconds, together
):
    exchange = Exchange(number=1, request=Request(b""), status=200, seconds=seconds)
    monkeypatch.setattr(Target, "known_prices", lambda _: {1: exchange})
    target = Target(Interfered(SomeUrl()).settings(concurrency=concurrency))
    assert may_wait_together(target) is together


def test_what_fails_among_others_is_tried_again_alone(served):
    both = threading.Barrier(2, timeout=30)
    tried: Counter[str] = Counter()

    def rule_named(name: str, finding: bool) -> Rule:
        def check(_: Target) -> Iterator[Expect]:
            tried[name] += 1
            if tried[name] == 1:
                both.wait()
            yield Expect.that(not finding or tried[name] > 1, "a request", "a price", "none")

        return dataclasses.replace(RULES[0], name=name, check=check, waits=True)

    group = [rule_named("disturbed", True), rule_named("undisturbed", False)]
    trials = try_group(group, Target(served.settings()), 1, lambda _: None)
    assert [(trial.unmet, trial.undecided) for trial in trials.values()] == [([], ""), ([], "")]
    assert tried == {"disturbed": 2, "undisturbed": 1}


def test_what_others_need_is_loaded_while_rules_wait_and_may_fail_there(served):
    loaded = threading.Event()

    def waiting(name: str) -> Rule:
        def check(_: Target) -> Iterator[Expect]:
            yield Expect.that(loaded.wait(30), "what others need", "loaded meanwhile", "not loaded")

        return dataclasses.replace(RULES[0], name=name, check=check, waits=True)

    def load() -> None:
        loaded.set()
        raise ImportError

    group = [waiting("one"), waiting("another")]
    trials = try_group(group, Target(served.settings()), 1, lambda _: None, load)
    assert [(trial.unmet, trial.undecided) for trial in trials.values()] == [([], ""), ([], "")]


def test_rules_of_generated_requests_say_what_they_load():
    assert all(rule.prepare for rule in RULES if rule.generated)


def test_what_could_lock_us_out_comes_first():
    made = list(groups(RULES, 4, token=True))
    place = {rule.name: number for number, group in enumerate(made) for rule in group}
    assert place["no-lockout"] < place["requirement"] < place["wrong-token"]
    assert place["fuzz-invalid-data"] == place["wrong-token"] == place["answered"]
    assert [len(made[place[name]]) for name in ("no-lockout", "requirement", "crowd")] == [1, 1, 1]
    begins_early = [rule.generated or rule.long for rule in made[2]]
    assert begins_early == sorted(begins_early, reverse=True)
    crowds = [place[rule.name] for rule in RULES if rule.crowd]
    assert max(place["wrong-token"], place["no-markup-repeated"]) < min(crowds)
    assert max(crowds) < min(place[rule.name] for rule in RULES if rule.looks_back)


def test_without_a_token_one_group_holds_all_but_crowds():
    made = list(groups(RULES, 4, token=False))
    together = {rule.name for rule in RULES if not rule.crowd and not rule.looks_back}
    assert {rule.name for rule in made[0]} == together
    assert made[0][0].area == "fuzz", "what takes longest begins first"


# How many at a time


def measured(monkeypatch: pytest.MonkeyPatch, target: Target, first: float, together: float) -> int:
    """Return the lanes for an endpoint that answers one request, or four at once, in so many seconds."""
    exchange = Exchange(number=1, request=Request(b""), status=200, seconds=first)
    monkeypatch.setattr(Target, "known_prices", lambda _: {1: exchange})
    times = iter([0.0, together])
    monkeypatch.setattr(schedule.time, "monotonic", lambda: next(times))
    return lanes(target)


@pytest.mark.parametrize(
    ("first", "together", "wanted", "number"),
    [
        (0.5, 0.5, None, 4),
        (0.5, 0.5, 8, 8),
        (0.5, 0.5, 2, 2),
        (0.5, 0.5, 1, 1),
        (0.5, 1.0, None, 2),
        # A single thread takes one request after another.
        (0.5, 2.0, None, 1),
        (0.5, 2.2, None, 1),
        # The first answer may have been slow for other reasons.
        (0.5, 0.1, None, 4),
        (0.01, 0.04, None, 1),
    ],
)
def test_lanes(monkeypatch, first, together, wanted, number):
    monkeypatch.setattr(Target, "serves_at_once", lambda *_: True)
    target = Target(Interfered(SomeUrl()).settings(concurrency=wanted))
    assert measured(monkeypatch, target, first, together) == number


class SomeUrl:
    """Stands for an endpoint that is never asked."""

    url = "http://127.0.0.1:1"


def test_an_endpoint_that_refuses_some_of_several_at_once_is_asked_one_at_a_time(monkeypatch):
    monkeypatch.setattr(Target, "serves_at_once", lambda *_: False)
    assert measured(monkeypatch, Target(Interfered(SomeUrl()).settings()), 0.5, 0.5) == 1


def test_serving_at_once_is_asked_and_kept_out_of_the_log(served):
    target = Target(served.settings())
    assert target.serves_at_once(3)
    assert (target.requests_sent, len(target.exchanges)) == (3, 0)
    with interfered(refusing(503, 2)) as limited:
        assert not Target(limited.settings()).serves_at_once(3)


@pytest.mark.parametrize("concurrency", [1, 3])
def test_no_more_at_once_than_asked(served, monkeypatch, concurrency):
    monkeypatch.setattr(schedule, "QUICK", 0.0)
    monkeypatch.setattr(Target, "serves_at_once", lambda *_: True)
    monkeypatch.setattr(runner, "lanes", lambda target: target.settings.concurrency)
    report = run(Target(served.settings(concurrency=concurrency)), UNFUZZED)
    assert served.at_once <= concurrency
    outcomes = {one.rule: one.outcome for one in report.results}
    assert outcomes["crowd"] is (Outcome.SKIP if concurrency == 1 else Outcome.PASS)
    assert report.exit is Exit.CONFORMANT


# The report


def faulty(form: Form) -> Reply:
    """Serve a customer to whoever asks for `1abc`, and fail on quotes."""
    user = form.get("userid", [""])[0]
    if "'" in user:
        return 500, {"error": "internal"}
    return sound({**form, "userid": [user.removesuffix("abc")]})


def test_a_report_does_not_depend_on_what_ran_at_the_same_time(monkeypatch):
    reports = []
    for at_once in (1, 4):
        monkeypatch.setattr(runner, "lanes", lambda _, number=at_once: number)
        with interfered(lambda _: None, faulty) as endpoint:
            report = run(Target(endpoint.settings()), UNFUZZED)
        plain = [
            msgspec.structs.replace(
                result,
                seconds=0.0,
                findings=tuple(
                    msgspec.structs.replace(one, curl="", request="", response="") for one in result.findings
                ),
            )
            for result in report.results
        ]
        # How long an answer took is in some texts.
        reports.append([one for one in plain if one.rule not in ("in-time", "steady-price")])
    one_by_one, together = reports
    assert [one.rule for one in together] == [one.rule for one in one_by_one]
    assert together == one_by_one
    assert len([one for one in together if one.outcome is Outcome.FAIL]) > 2


def test_an_interrupt_of_several_rules_keeps_what_was_found(served, monkeypatch):
    def interrupted(_: Any) -> None:
        raise KeyboardInterrupt

    monkeypatch.setattr(runner, "lanes", lambda _: 4)
    monkeypatch.setattr(schedule, "wait", interrupted)
    target = Target(served.settings())
    report = run(target, UNFUZZED)
    assert [one.rule for one in report.results] == [rule.name for rule in UNFUZZED]
    assert INTERRUPTED in {one.reason for one in report.results}
    assert report.exit is Exit.INCONCLUSIVE
    assert {one.outcome for one in report.results if one.reason != INTERRUPTED} <= {
        Outcome.PASS,
        Outcome.SKIP,
    }


def test_a_run_that_is_out_of_time_lists_what_was_not_run(served):
    report = run(Target(served.settings(max_seconds=0.001)), UNFUZZED)
    reasons = {one.reason for one in report.results if one.outcome is Outcome.ERROR}
    assert reasons == {"not run: the time of --max-seconds (0.001 s) is over"}
    assert len(report.with_outcome(Outcome.ERROR)) == len(UNFUZZED)
    assert report.exit is Exit.INCONCLUSIVE


def test_an_endpoint_that_hangs_for_good_ends_the_run(monkeypatch):
    monkeypatch.setattr("solusio_contracts.checking.target.SHORT_TIMEOUT", 0.1)
    monkeypatch.setattr("solusio_contracts.checking.target.PATIENCE", 1)
    hanging: list[bool] = []

    def hangs(form: Form) -> Reply:
        if form.get("action") == ["NoSuchAction"]:
            hanging.append(True)
        if hanging:
            endpoint.endpoint.released.wait(60)
        return sound(form)

    with interfered(lambda _: None, hangs) as endpoint:
        report = run(Target(endpoint.settings(timeout=3.0)), UNFUZZED)
        assert len(hanging) < 20
    assert "the endpoint stopped answering during the rule kept-connection" in {
        one.reason for one in report.results
    }
    assert "no-silence" in {one.rule for one in report.failed}
