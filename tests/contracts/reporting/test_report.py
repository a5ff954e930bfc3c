"""The verdict of a run, for every combination of outcomes."""

import itertools
from typing import Any

import msgspec
import pytest

from solusio_contracts.reporting.report import Exit, Outcome, Report

P, W, F, S, E = Outcome.PASS, Outcome.WARN, Outcome.FAIL, Outcome.SKIP, Outcome.ERROR


def test_exit_codes_are_those_of_the_design():
    assert {one.name: int(one) for one in Exit} == {
        "CONFORMANT": 0,
        "NOT_CONFORMANT": 1,
        "USAGE": 2,
        "INCONCLUSIVE": 3,
    }


# From three rules: with an unaccepted failure or a stale entry, a run is not
# conformant; otherwise, with anything undecided or nothing decided, it is inconclusive; otherwise conformant.
# Each row: outcomes, whether the baseline accepts the failures, stale entries, exit.
TABLE = [
    ((), False, False, 3),
    ((S,), False, False, 3),
    ((S, S), False, False, 3),
    ((E,), False, False, 3),
    ((E, S), False, False, 3),
    ((P,), False, False, 0),
    ((W,), False, False, 0),
    ((P, W), False, False, 0),
    ((P, S), False, False, 0),
    ((W, S), False, False, 0),
    ((P, W, S), False, False, 0),
    ((P, E), False, False, 3),
    ((W, E), False, False, 3),
    ((P, W, E), False, False, 3),
    ((P, S, E), False, False, 3),
    ((F,), False, False, 1),
    ((F, P), False, False, 1),
    ((F, W), False, False, 1),
    ((F, S), False, False, 1),
    ((F, E), False, False, 1),
    ((F, P, W, S, E), False, False, 1),
    ((F,), True, False, 0),
    ((F, P), True, False, 0),
    ((F, S), True, False, 0),
    ((F, E), True, False, 3),
    ((F, P, W, S, E), True, False, 3),
    ((P,), False, True, 1),
    ((S,), False, True, 1),
    ((E,), False, True, 1),
    ((), False, True, 1),
    ((F,), True, True, 1),
]


@pytest.fixture
def report_of(make_report: Any, make_result: Any, make_finding: Any) -> Any:
    def make(outcomes: tuple[Outcome, ...], *, accepted: bool, stale: bool) -> Report:
        findings = {F: (make_finding(accepted=accepted),), W: (make_finding(level="should"),)}
        results = tuple(make_result(outcome=one, findings=findings.get(one, ())) for one in outcomes)
        return make_report(results=results, stale=("gone",) if stale else ())

    return make


@pytest.mark.parametrize(("outcomes", "accepted", "stale", "code"), TABLE)
def test_the_verdict(report_of, outcomes, accepted, stale, code):
    assert report_of(outcomes, accepted=accepted, stale=stale).exit == code


def test_the_verdict_of_every_combination(report_of):
    """Only the set of outcomes matters, not their number or order."""
    known = {(frozenset(row[0]), row[1], row[2]): row[3] for row in TABLE}
    for size in range(4):
        for outcomes in itertools.product(Outcome, repeat=size):
            for accepted, stale in itertools.product((False, True), repeat=2):
                report = report_of(outcomes, accepted=accepted, stale=stale)
                kinds = frozenset(outcomes)
                row = known.get((kinds, accepted and F in kinds, stale))
                if row is not None:
                    assert report.exit == row
                # A run that checked nothing never passes.
                if report.exit is Exit.CONFORMANT:
                    assert kinds & {P, W, F}
                    assert E not in kinds
                if F in kinds and not accepted:
                    assert report.exit is Exit.NOT_CONFORMANT


def test_a_failure_is_accepted_only_whole(make_report, make_result, make_finding):
    both = make_result(outcome=F, findings=(make_finding(accepted=True), make_finding(accepted=False)))
    report = make_report(results=(both,))
    assert report.failed == (both,)
    assert report.exit is Exit.NOT_CONFORMANT


def test_a_weak_finding_of_a_failed_rule_needs_no_acceptance(make_report, make_result, make_finding):
    mixed = make_result(outcome=F, findings=(make_finding(accepted=True), make_finding(level="should")))
    assert make_report(results=(mixed,)).failed == ()


def test_counting(mixed_report):
    assert [mixed_report.count(one) for one in (P, W, F, S, E)] == [3, 1, 2, 2, 1]
    assert [one.rule for one in mixed_report.with_outcome(W, E)] == ["arithmetic", "fifty-at-once"]
    assert [one.rule for one in mixed_report.failed] == ["discount-key", "token-prefix"]
    assert mixed_report.exit is Exit.NOT_CONFORMANT


@pytest.mark.parametrize(
    ("outcomes", "code"), [((P,), 3), ((P, W), 3), ((P, S), 3), ((), 3), ((F,), 1), ((F, P), 1)]
)
def test_a_user_without_a_price_is_never_a_pass(report_of, outcomes, code):
    report = report_of(outcomes, accepted=False, stale=False)
    assert msgspec.structs.replace(report, unpriced=(2,)).exit == code
