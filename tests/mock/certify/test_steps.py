"""From the results of suites to the verdicts of steps: made-up reports, worked out by hand."""

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from mock_solusio.certify.steps import STEPS, Verdict, judge, overall
from solusio_contracts.reporting.report import ClauseText, Finding, Outcome, Report, Result

SUITES = ("pricing", "preflight", "check", "users", "invoices")


def finding(level="must", *, accepted=False):
    return Finding(clause="TP-001", level=level, subject="x", expected="a", actual="b", accepted=accepted)


def result(outcome, area="area", *, findings=(), reason="", clauses=("TP-001",)):
    if outcome is Outcome.FAIL and not findings:
        findings = (finding(),)
    if outcome is Outcome.WARN and not findings:
        findings = (finding("should"),)
    return Result(
        rule="rule",
        area=area,
        title="the title",
        outcome=outcome,
        clauses=clauses,
        checks=1,
        findings=tuple(findings),
        reason=reason,
        seconds=1.5,
    )


def report(*results, **members):
    base = Report(
        tool_version="1", target="t", started="2026-01-01T00:00:00Z", seconds=1, seed=0, requests=1, users=()
    )
    return msgspec.structs.replace(base, results=results, **members)


def verdicts(reports, unrun=()):
    return {step.number: step.verdict for step in judge(reports, dict(unrun))}


def test_nothing_configured_is_nothing_judged():
    steps = judge({}, {})
    assert {step.verdict for step in steps} == {Verdict.NOT_JUDGED}
    assert all(step.reason.startswith("configure ") for step in steps)
    assert overall({}, (), steps) is Verdict.INCONCLUSIVE


def test_a_step_of_which_nothing_was_chosen_says_where_to_look():
    # `only` left users, of which steps 8 and 9 are judged, one scenario of step 8.
    (login,) = (
        step for step in judge({"users": report(result(Outcome.PASS, "create"))}, {}) if step.number == 9
    )
    assert login.verdict is Verdict.NOT_JUDGED
    assert login.reason == "nothing of it was chosen: look at only and skip in [users]"


@pytest.mark.parametrize(
    ("results", "expected"),
    [
        ([Outcome.PASS, Outcome.SKIP], Verdict.CONFORMANT),
        ([Outcome.WARN], Verdict.CONFORMANT),
        ([Outcome.PASS, Outcome.ERROR], Verdict.INCONCLUSIVE),
        ([Outcome.PASS, Outcome.ERROR, Outcome.FAIL], Verdict.NOT_CONFORMANT),
        ([Outcome.SKIP, Outcome.SKIP], Verdict.NOT_JUDGED),
        ([], Verdict.NOT_JUDGED),
    ],
)
def test_a_step_of_one_suite(results, expected):
    found = verdicts({"check": report(*map(result, results))})
    assert found.pop(6) is expected
    assert set(found.values()) == {Verdict.NOT_JUDGED}


def test_login_has_a_step_of_its_own():
    users = report(
        result(Outcome.PASS, "create"),
        result(Outcome.SKIP, "login", reason="--login is not given"),
        result(Outcome.PASS, "conduct", clauses=("CL-001",)),
    )
    steps = {step.number: step for step in judge({"users": users}, {})}
    assert steps[8].verdict is Verdict.CONFORMANT
    assert steps[8].counts == {"pass": 2}
    assert steps[9].verdict is Verdict.NOT_JUDGED
    assert steps[9].reason == "--login is not given; configure login in [users]"


def test_the_installation_alone_judges_no_step_of_the_billing_system():
    seen = report(
        result(Outcome.PASS, "users (steps 8, 9)"),
        result(Outcome.PASS, "usage (step 10)"),
        result(Outcome.PASS, "registration (step 4)"),
    )
    found = verdicts({"preflight": seen})
    assert found[4] is Verdict.CONFORMANT
    assert {found[8], found[9], found[10]} == {Verdict.NOT_JUDGED}


def test_but_what_is_wrong_there_counts():
    reports = {
        "users": report(result(Outcome.PASS, "create"), result(Outcome.PASS, "login")),
        "preflight": report(result(Outcome.FAIL, "users (steps 8, 9)")),
    }
    found = verdicts(reports)
    assert (found[8], found[9]) == (Verdict.NOT_CONFORMANT, Verdict.NOT_CONFORMANT)


def test_a_customer_without_a_price_decides_nothing():
    found = judge({"check": report(result(Outcome.PASS), unpriced=(7,))}, {})[5]
    assert found.verdict is Verdict.INCONCLUSIVE
    assert "customer 7" in found.reason


def test_warnings_fail_where_they_should():
    strict = report(result(Outcome.WARN), fail_on="should")
    assert verdicts({"check": strict})[6] is Verdict.NOT_CONFORMANT


def test_what_a_baseline_accepts_does_not_fail():
    accepted = report(result(Outcome.FAIL, findings=[finding(accepted=True)]))
    assert verdicts({"check": accepted})[6] is Verdict.CONFORMANT


def test_a_suite_that_did_not_run_is_named():
    steps = {step.number: step for step in judge({}, {"users": "interrupted"})}
    assert steps[8].verdict is steps[9].verdict is Verdict.INCONCLUSIVE
    assert steps[8].reason == "[users] did not run: interrupted"
    assert overall({"check": report(result(Outcome.PASS))}, {"users": "x"}, []) is Verdict.INCONCLUSIVE


def test_what_is_required_must_be_judged():
    reports = {"check": report(result(Outcome.PASS))}
    steps = judge(reports, {})
    assert overall(reports, (), steps) is Verdict.CONFORMANT
    assert overall(reports, (), steps, [6]) is Verdict.CONFORMANT
    assert overall(reports, (), steps, [6, 8]) is Verdict.NOT_CONFORMANT


RESULTS = st.builds(
    result,
    st.sampled_from(Outcome),
    st.sampled_from(["create", "login", "tokens", "plans", "usage (step 10)", "installation"]),
)
REPORTS = st.dictionaries(
    st.sampled_from(SUITES), st.lists(RESULTS, max_size=4).map(lambda found: report(*found))
)


@given(REPORTS, st.sets(st.sampled_from(range(1, 11)), max_size=3))
def test_nothing_passes_that_was_not_tested(reports, required):
    steps = judge(reports, {})
    assert [step.number for step in steps] == [step.number for step in STEPS] == list(range(1, 11))
    for made, step in zip(steps, STEPS, strict=True):
        if made.verdict is Verdict.CONFORMANT:
            own = reports[step.suite]
            assert set(made.counts) & {"pass", "warn"}
            assert not made.counts.get("fail")
            assert own.count(Outcome.PASS) + own.count(Outcome.WARN)
        assert (made.verdict is Verdict.CONFORMANT) != bool(made.reason) or (
            made.verdict is Verdict.NOT_CONFORMANT
        )
    verdict = overall(reports, (), steps, required)
    failed = any(one.count(Outcome.FAIL) for one in reports.values())
    if failed or any(steps[number - 1].verdict is Verdict.NOT_JUDGED for number in required):
        assert verdict is Verdict.NOT_CONFORMANT
    elif any(one.count(Outcome.ERROR) for one in reports.values()):
        assert verdict is Verdict.INCONCLUSIVE


def clause_text(number, provenance):
    return ClauseText(id=number, level="must", provenance=provenance, source="", text="", why="", fix="")
