"""What stands before an endpoint: nothing it answers decides a rule, and one finding names it."""

import itertools
from collections.abc import Iterator
from contextlib import ExitStack
from typing import Any

import pytest

from solusio_contracts.checking import interference, runner
from solusio_contracts.checking.interference import retry_after
from solusio_contracts.checking.runner import run
from solusio_contracts.checking.target import Target
from solusio_contracts.http.exchange import Exchange, Request
from solusio_contracts.reporting.report import Exit, Outcome, Report, Result
from solusio_contracts.rules import all_rules
from support.fuzzing import TOKEN, Form, Reply
from support.interfered import JSON, Gate, Interfered, interfered, refusing, sound

RULES = [rule for rule in all_rules() if rule.area != "fuzz"]
pytestmark = pytest.mark.usefixtures("pauses")
UNFAILED = {Outcome.PASS, Outcome.SKIP}


@pytest.fixture(autouse=True)
def one_by_one(monkeypatch: pytest.MonkeyPatch) -> None:
    """Gates count requests, so these must come in the same order in every run."""
    monkeypatch.setattr(runner, "may_wait_together", lambda _: False)


@pytest.fixture
def behind() -> Iterator[Any]:
    """Return a function that starts an endpoint behind a gate."""
    with ExitStack() as stack:
        yield lambda gate, judge=sound: stack.enter_context(interfered(gate, judge))


def checked(endpoint: Interfered, *areas: str) -> Report:
    """Check these areas or rules, and what looks back; if none are named, two areas that ask much."""
    chosen = set(areas or ("http", "input"))
    rules = [rule for rule in RULES if {rule.area, rule.name} & chosen or rule.looks_back]
    return run(Target(endpoint.settings()), rules)


def named(report: Report) -> dict[str, Result]:
    return {result.rule: result for result in report.results}


def nothing(_: int) -> None:
    return None


def test_an_endpoint_with_nothing_before_it(behind, pauses):
    report = run(Target(behind(nothing).settings()), RULES)
    assert {one.outcome for one in report.results} <= UNFAILED
    assert report.exit is Exit.CONFORMANT
    assert pauses == []


OWN = {"headers": JSON, "body": b'{"error": "refused"}'}


@pytest.mark.parametrize(
    ("gate", "said"),
    [
        (refusing(429, 30), "status 429"),
        (refusing(429, 140), "status 429"),
        (refusing(403, 60), "status 403"),
        # As the program itself refuses: only the valid request shows the difference.
        (refusing(403, 110, **OWN), "status 403"),
        (refusing(404, 125, **OWN), "status 404"),
        (refusing(503, 100), "status 503"),
        (refusing(302, 90, headers={"Location": "/captcha"}), "status 302"),
    ],
)
def test_what_does_not_go_away_leaves_the_rest_undecided(behind, gate, said):
    endpoint = behind(gate)
    report = checked(endpoint)
    obstacle = report.results[0]
    assert (obstacle.rule, obstacle.outcome) == ("valid-requests", Outcome.ERROR)
    assert obstacle.reason.endswith(f"the endpoint answered valid requests with {said}")
    assert [one.clause for one in obstacle.findings] == ["TP-407"]
    assert {one.outcome for one in report.results} <= UNFAILED | {Outcome.ERROR}
    assert {one.reason for one in report.with_outcome(Outcome.ERROR)} == {obstacle.reason}
    assert report.exit is Exit.INCONCLUSIVE
    # Not one rule more than the requests that came through can have tested.
    tested = sum(one.checks for one in report.results if one.area == "input")
    assert tested < len(endpoint.passed)


@pytest.mark.parametrize(
    "gate",
    [
        refusing(429, 5, 6),
        refusing(429, 30, 32),
        refusing(503, 140, 145),
        refusing(403, 100, 106),
        refusing(403, 120, 126, **OWN),
    ],
)
def test_what_goes_away_is_waited_for(behind, gate, pauses):
    """Every rule is decided on answers of the endpoint; that valid requests were refused remains."""
    report = checked(behind(gate))
    obstacle, *others = report.results
    assert obstacle.rule == "valid-requests"
    assert {one.outcome for one in others} <= UNFAILED
    assert report.exit is Exit.INCONCLUSIVE
    assert pauses


def test_a_limit_that_trips_again_and_again(behind):
    report = checked(behind(lambda number: (429, {}, b"") if number % 40 < 2 else None))
    assert {one.outcome for one in report.results[1:]} <= UNFAILED


def any_number(form: Form) -> Reply:
    """Cast the id as PHP does, and so serve a customer to whoever asks for `1abc`."""
    digits = "".join(itertools.takewhile(str.isdigit, form.get("userid", [""])[0]))
    return sound({**form, "userid": [digits]})


@pytest.mark.parametrize("status", [429, 403, 503])
def test_a_fault_that_was_not_seen_is_not_passed(behind, status):
    report = checked(behind(refusing(status, 70), any_number))
    assert named(report)["userid-trailing"].outcome is Outcome.ERROR
    assert report.exit is Exit.INCONCLUSIVE


def test_a_fault_that_was_seen_fails_whatever_came_later(behind):
    def any_action(form: Form) -> Reply:
        return sound({**form, "action": ["GetTokenPricing"]})

    report = checked(behind(refusing(429, 130), any_action))
    assert named(report)["action-unknown"].outcome is Outcome.FAIL
    assert named(report)["userid-trailing"].outcome is Outcome.ERROR
    assert report.exit is Exit.NOT_CONFORMANT


# The first valid request


@pytest.mark.parametrize("status", [429, 502, 503, 504])
def test_what_answers_the_first_valid_request(behind, status):
    endpoint = behind(refusing(status, 1))
    report = checked(endpoint)
    assert {one.outcome for one in report.results} == {Outcome.ERROR}
    assert {one.reason for one in report.results} == {f"the first valid request got status {status}"}
    assert len(endpoint.endpoint.asked) < 10
    assert (report.exit, report.unpriced) == (Exit.INCONCLUSIVE, report.users)


def test_a_wait_that_is_too_long_is_not_made(behind, pauses):
    endpoint = behind(refusing(503, 1, headers={"Retry-After": "600"}))
    report = checked(endpoint)
    assert report.results[0].reason == "the first valid request got status 503 (Retry-After: 600)"
    assert pauses == [600.0] * 2
    assert len(endpoint.endpoint.asked) == 2, "one for each user"


def test_the_second_of_two_first_requests(behind):
    report = checked(behind(refusing(429, 2, 3)), "http")
    assert report.unpriced == ()


# How long to wait


def test_retry_after_says_how_long(behind, pauses):
    checked(behind(refusing(429, 20, 21, headers={"Retry-After": "7"})), "http")
    assert pauses[0] == 7.0


@pytest.mark.parametrize(
    ("headers", "seconds"),
    [
        ((), None),
        ((("Retry-After", "12"),), 12.0),
        ((("Retry-After", " 0 "),), 0.0),
        ((("Retry-After", "soon"),), None),
        ((("Retry-After", "-5"),), None),
        (
            (
                ("Retry-After", "Wed, 21 Oct 2026 07:28:30 GMT"),
                ("Date", "Wed, 21 Oct 2026 07:28:00 GMT"),
            ),
            30.0,
        ),
        ((("Retry-After", "Wed, 21 Oct 2015 07:28:00 GMT"),), 0.0),
    ],
)
def test_reading_retry_after(headers, seconds):
    assert retry_after(Exchange(number=1, request=Request(b""), status=429, headers=headers)) == seconds


def test_a_run_waits_no_longer_than_it_may(behind, pauses):
    gate = refusing(429, 10, headers={"Retry-After": "20"})
    report = checked(behind(gate), "http", "body")
    assert pauses == [20.0, 20.0], "the second one is refused"
    assert report.exit is Exit.INCONCLUSIVE


# Errors of gateways


@pytest.mark.parametrize(("status", "number"), [(502, 15), (503, 45), (504, 100), (502, 150)])
def test_one_gateway_error_is_a_warning(behind, status, number):
    report = checked(behind(refusing(status, number, number)))
    (warning,) = report.with_outcome(Outcome.WARN)
    assert [(one.clause, one.level) for one in warning.findings] == [("TP-401", "should")]
    assert "not when it was repeated" in warning.findings[0].actual
    assert {one.outcome for one in report.results} <= UNFAILED | {Outcome.WARN}
    assert report.exit is Exit.CONFORMANT


def test_two_gateway_errors_are_a_failure(behind):
    report = checked(behind(lambda number: (502, {}, b"") if number in (15, 120) else None))
    (failed,) = report.failed
    assert (failed.rule, len(failed.findings)) == ("no-server-error", 2)


def test_a_gateway_error_that_comes_again_is_a_failure(behind):
    """A program behind a proxy that ends at one input."""

    def ends(form: Form) -> Reply:
        return (502, {"error": "bad gateway"}) if form.get("userid") == ["'"] else sound(form)

    report = checked(behind(nothing, ends))
    assert {one.rule for one in report.failed} == {"userid-sql", "no-server-error"}
    assert report.exit is Exit.NOT_CONFORMANT


# What is the endpoint's own


def test_a_throttle_for_wrong_tokens_alone_is_a_refusal(behind):
    wrong = itertools.count()

    def throttled(form: Form) -> Reply:
        if form.get("token") != [TOKEN] and next(wrong) > 3:
            return 429, {"error": "too many attempts"}
        return sound(form)

    report = checked(behind(nothing, throttled), "authorization")
    assert {one.outcome for one in report.results} <= UNFAILED


def test_valid_requests_that_fail_for_good_are_a_failure(behind):
    """Such as a database that accepts no more connections: the fault is the program's own."""
    report = checked(behind(refusing(500, 90)))
    assert {one.rule for one in report.failed} == {"no-server-error"}
    assert named(report)["userid-trailing"].outcome is Outcome.ERROR


def test_an_endpoint_that_refuses_what_it_has_answered_is_at_fault(behind):
    """A replay protection, not a ban: it begins with the second valid request."""
    seen: set[str] = set()

    def once(form: Form) -> Reply:
        reply = sound(form)
        if reply[0] == 200 and str(form) in seen:
            return 409, {"error": "duplicate"}
        seen.add(str(form))
        return reply

    report = checked(behind(nothing, once), "consistency")
    assert named(report)["same-answer"].outcome is Outcome.FAIL
    assert report.exit is Exit.NOT_CONFORMANT


def test_a_lock_out_after_wrong_tokens_is_a_failure(behind):
    wrong = itertools.count()
    locked: list[int] = []

    def locking(form: Form) -> Reply:
        if form.get("token") != [TOKEN] and next(wrong) > 7:
            locked.append(1)
        return (403, {"error": "locked"}) if locked else sound(form)

    report = checked(behind(nothing, locking), "authorization")
    assert [one.rule for one in report.failed] == ["no-lockout"]
    assert report.results[0].rule != "valid-requests"
    assert "see TP-111" in named(report)["wrong-token"].reason


# Crowds


def test_a_crowd_that_is_limited_is_undecided(behind, monkeypatch):
    limited: list[bool] = []
    send_all = Target._send_all

    def crowd(self: Target, requests: Any, timeout: Any) -> Any:
        limited.append(True)
        try:
            return send_all(self, requests, timeout)
        finally:
            limited.clear()

    monkeypatch.setattr(Target, "_send_all", crowd)
    gate: Gate = lambda number: (429, {}, b"") if limited and number % 2 else None  # noqa: E731
    report = checked(behind(gate), "crowd", "at-the-same-moment")
    assert named(report)["crowd"].outcome is Outcome.ERROR
    assert named(report)["at-the-same-moment"].outcome is Outcome.ERROR
    assert {one.outcome for one in report.results} <= UNFAILED | {Outcome.ERROR}


# Generated requests


def test_a_limit_that_trips_among_generated_requests(behind):
    fuzz = [rule for rule in all_rules() if rule.area == "fuzz"]
    target = Target(behind(refusing(429, 10)).settings(fuzz_examples=60, fuzz_seconds=60.0))
    report = run(target, fuzz)
    assert [one.outcome for one in report.results] == [Outcome.ERROR] * 3
    assert {one.reason for one in report.results} == {report.results[0].reason}


def test_generated_requests_without_a_price(behind):
    fuzz = [rule for rule in all_rules() if rule.area == "fuzz"]
    endpoint = behind(refusing(401, 1))
    report = run(Target(endpoint.settings()), fuzz)
    assert [one.outcome for one in report.results] == [Outcome.ERROR] * 2
    assert len(endpoint.endpoint.asked) == 2, "one for each user"


def test_the_backoff_is_short():
    assert sum(interference.BACKOFF) < 20
