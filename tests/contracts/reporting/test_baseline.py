"""A baseline accepts known failures, and reports which of them no longer occur."""

import tomllib
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from solusio_contracts.decoding import DecodingError
from solusio_contracts.reporting.baseline import (
    AcceptedFailure,
    Baseline,
    apply,
    load,
    parse,
    unexplained,
    write,
)
from solusio_contracts.reporting.report import MAX_FINDINGS, Exit, Finding, Outcome, Report, Result
from solusio_contracts.reporting.sections import warned

Make = Callable[..., Any]


def entry(**changes: Any) -> AcceptedFailure:
    """Return an entry that accepts the finding of the `make_finding` fixture."""
    members = {"rule": "discount-key", "clause": "TP-041", "subject": "discounts[0]", "reason": "known"}
    return AcceptedFailure(**(members | changes))


def baseline(*entries: AcceptedFailure) -> Baseline:
    """Return a baseline with these entries."""
    return Baseline(version=2, accept=entries)


@pytest.fixture
def failing(make_report: Make, make_result: Make, make_finding: Make) -> Report:
    """Return a run in which one rule fails, with one finding."""
    report: Report = make_report(results=(make_result(outcome=Outcome.FAIL, findings=(make_finding(),)),))
    return report


def stored(tmp_path: Path, text: str) -> Path:
    """Return the path of a baseline file with this text."""
    path = tmp_path / "baseline.toml"
    path.write_text(text, encoding="utf-8")
    return path


# Accepting


def test_an_accepted_failure_no_longer_fails(failing):
    assert failing.exit is Exit.NOT_CONFORMANT
    report = apply(failing, baseline(entry()))
    assert report.results[0].findings[0].accepted
    assert report.stale == ()
    assert report.exit is Exit.CONFORMANT


@pytest.mark.parametrize("change", [{"subject": None}, {"clause": None}, {"clause": None, "subject": None}])
def test_an_entry_accepts_all_that_it_does_not_narrow(change, failing):
    assert apply(failing, baseline(entry(**change))).exit is Exit.CONFORMANT


@pytest.mark.parametrize("change", [{"rule": "other"}, {"clause": "TP-060"}, {"subject": "discounts[1]"}])
def test_another_failure_is_not_accepted(change, failing):
    report = apply(failing, baseline(entry(**change)))
    assert not report.results[0].findings[0].accepted
    assert report.exit is Exit.NOT_CONFORMANT


def test_a_new_failure_of_a_rule_with_accepted_ones_fails(make_report, make_result, make_finding):
    findings = (make_finding(), make_finding(subject="discounts[1]"))
    report = apply(
        make_report(results=(make_result(outcome=Outcome.FAIL, findings=findings),)), baseline(entry())
    )
    assert [finding.accepted for finding in report.results[0].findings] == [True, False]
    assert report.exit is Exit.NOT_CONFORMANT


def test_the_wording_of_a_finding_does_not_matter(make_report, make_result, make_finding):
    finding = make_finding(actual="reworded", expected="too", hint="", curl="curl other")
    report = make_report(results=(make_result(outcome=Outcome.FAIL, findings=(finding,)),))
    assert apply(report, baseline(entry())).exit is Exit.CONFORMANT


def test_a_warning_can_be_accepted(make_report, make_result, make_finding):
    result = make_result(outcome=Outcome.WARN, findings=(make_finding(level="should"),))
    report = apply(make_report(results=(result,)), baseline(entry()))
    assert report.results[0].findings[0].accepted
    assert report.stale == ()


def test_an_accepted_warning_does_not_accept_a_failure(make_report, make_result, make_finding):
    findings = (make_finding(), make_finding(level="should"))
    report = apply(
        make_report(results=(make_result(outcome=Outcome.FAIL, findings=findings),)),
        baseline(entry(level="should")),
    )
    assert [finding.accepted for finding in report.results[0].findings] == [False, True]
    assert report.exit is Exit.NOT_CONFORMANT


def test_an_undecided_rule_is_never_accepted(make_report, make_result, make_finding):
    undecided = make_result(outcome=Outcome.ERROR, findings=(make_finding(),), reason="only status 429")
    report = apply(make_report(results=(make_result(rule="other"), undecided)), baseline(entry()))
    assert not report.results[1].findings[0].accepted
    assert report.exit is Exit.INCONCLUSIVE
    assert "discount-key" not in write(report)


# Going stale


@pytest.mark.parametrize("outcome", [Outcome.PASS, Outcome.WARN])
def test_an_entry_is_stale_when_its_failure_is_gone(outcome, make_report, make_result):
    report = apply(make_report(results=(make_result(outcome=outcome),)), baseline(entry()))
    assert report.stale == ("discount-key: TP-041 at discounts[0]",)
    assert report.exit is Exit.NOT_CONFORMANT


def test_an_entry_is_stale_when_its_rule_fails_elsewhere_only(failing):
    report = apply(
        failing, baseline(entry(), entry(subject="discounts[7]"), entry(clause="TP-060", subject=None))
    )
    assert report.stale == ("discount-key: TP-041 at discounts[7]", "discount-key: TP-060")


@pytest.mark.parametrize("outcome", [Outcome.SKIP, Outcome.ERROR])
def test_a_rule_that_was_not_decided_proves_nothing(outcome, make_report, make_result):
    undecided = make_result(outcome=outcome, checks=0, reason="why")
    report = make_report(results=(make_result(rule="other"), undecided))
    assert apply(report, baseline(entry())).stale == ()


def test_what_kept_a_rule_from_being_decided_cannot_be_accepted(make_report, make_result, make_finding):
    undecided = make_result(outcome=Outcome.ERROR, checks=0, reason="why", findings=(make_finding(),))
    report = apply(make_report(results=(undecided,)), baseline(entry(), entry(subject=None)))
    assert not report.results[0].findings[0].accepted
    assert report.exit is Exit.INCONCLUSIVE
    assert "[[accept]]" not in write(make_report(results=(undecided,)))


def test_a_rule_that_was_not_selected_proves_nothing(make_report, make_result):
    report = make_report(results=(make_result(rule="other"),))
    assert apply(report, baseline(entry())).stale == ()


def test_a_rule_whose_findings_are_cut_proves_nothing(make_report, make_result, make_finding):
    findings = tuple(make_finding(subject=f"discounts[{n}]") for n in range(MAX_FINDINGS))
    report = make_report(results=(make_result(outcome=Outcome.FAIL, findings=findings),))
    assert apply(report, baseline(entry(subject="discounts[999]"))).stale == ()


def test_the_same_entry_twice_is_stale_once(make_report, make_result):
    report = apply(make_report(results=(make_result(),)), baseline(entry(), entry()))
    assert len(report.stale) == 1


def test_applying_another_baseline_starts_afresh(failing):
    report = apply(apply(failing, baseline(entry(), entry(subject="gone"))), baseline())
    assert report == failing


# Reading


def test_a_file_as_people_write_it(tmp_path):
    path = stored(
        tmp_path,
        """\
# accepted until release 4.2
version = 2

[[accept]]
rule = "discount-key"
clause = "TP-041"
subject = "discounts[0]"
reason = "the shop reads the old key, too"

[[accept]]
rule = "arithmetic"
level = "should"
reason = "we round to cents"
""",
    )
    assert load(path) == baseline(
        entry(reason="the shop reads the old key, too"),
        AcceptedFailure(rule="arithmetic", level="should", reason="we round to cents"),
    )


def test_the_first_version_is_still_read(failing, tmp_path):
    """It named a clause in each entry, often a subject, and needed no reason."""
    text = 'version = 1\n[[accept]]\nrule = "discount-key"\nclause = "TP-041"\nsubject = "discounts[0]"\n'
    old = load(stored(tmp_path, text))
    assert apply(failing, old).exit is Exit.CONFORMANT
    assert apply(failing, load(stored(tmp_path, text.replace("[0]", "[1]")))).exit is Exit.NOT_CONFORMANT


def test_an_empty_baseline_and_a_byte_order_mark(tmp_path):
    assert load(stored(tmp_path, "\ufeffversion = 2\r\n")) == baseline()


FINE = '[[accept]]\nrule = "a"\nclause = "TP-001"\n'
REASON = "a string such as renamed in our release 4.2"


@pytest.mark.parametrize(
    ("text", "says"),
    [
        ("", "version: expected 2, got nothing"),
        ("version = 3", "version: expected 2, got 3"),
        ("version = '1'", 'version: expected 2, got "1"'),
        ("version = true", "version: expected an integer, got true"),
        ("version = 1\nversion = 2\n", "not valid TOML: Cannot overwrite a value (at line 2, "),
        ("version = 1\nrules = []", "rules: is not a known field; known fields: version, accept"),
        ("version = 1\naccept = 3", "accept: expected a list, got 3"),
        (f"version = 1\n{FINE}[[accept]]\nrule = 'b'", "accept[1].clause (line 5): is missing"),
        (f"version = 1\n{FINE}subjekt = 'x'", "accept[0].subjekt (line 2): is not a known field"),
        (f"version = 1\n\n{FINE}subject = 3", "accept[0].subject (line 3): expected a string or null, got 3"),
        ("version = 1\naccept = [{rule = 'a'}]", "accept[0].clause: is missing"),
        (f"version = 1\n{FINE}reason = ''", f'accept[0].reason (line 2): expected {REASON}, got ""'),
        (f"version = 2\n{FINE}", "accept[0].reason (line 2): is missing"),
        (f"version = 2\n{FINE}reason = ' '", f'accept[0].reason (line 2): expected {REASON}, got " "'),
        (f"version = 2\n{FINE}level = 'may'", "accept[0].level (line 2): expected one of must, should, got"),
        ("version = 1\naccept = ['a']", 'accept[0]: expected an object, got "a"'),
    ],
)
def test_a_wrong_file_is_named_with_what_is_wrong(text, says, tmp_path):
    path = stored(tmp_path, text)
    with pytest.raises(DecodingError) as raised:
        load(path)
    assert str(raised.value).startswith(f"{path}: ")
    assert says in str(raised.value)


def test_a_file_that_is_missing_or_no_text(tmp_path):
    with pytest.raises(DecodingError, match=r"nowhere\.toml: No such file"):
        load(tmp_path / "nowhere.toml")
    (tmp_path / "binary").write_bytes(b"version = 1 # \xff")
    with pytest.raises(DecodingError, match="binary: not UTF-8 at byte 14"):
        load(tmp_path / "binary")


# Writing


def explained(text: str) -> str:
    """Return a written baseline after a person filled in the reasons."""
    return text.replace('reason = ""', 'reason = "known"')


def test_a_written_baseline_accepts_the_run(mixed_report, tmp_path):
    text = write(mixed_report)
    assert unexplained(text) == 3
    with pytest.raises(DecodingError, match="reason"):
        parse(text)
    path = stored(tmp_path, explained(text))
    assert load(path) == baseline(
        AcceptedFailure(rule="discount-key", reason="known"),
        AcceptedFailure(rule="arithmetic", level="should", reason="known"),
        AcceptedFailure(rule="token-prefix", reason="known"),
    )
    accepted = apply(mixed_report, load(path))
    assert accepted.failed == ()
    assert warned(accepted) == ()
    assert accepted.stale == ()


def test_a_run_without_failures_gives_an_empty_baseline(make_report, make_result, tmp_path):
    assert load(stored(tmp_path, write(make_report(results=(make_result(),))))) == baseline()


def test_a_rule_that_fails_and_warns_has_one_entry(make_report, make_result, make_finding):
    findings = (make_finding(), make_finding(subject="x", level="should"))
    text = write(make_report(results=(make_result(outcome=Outcome.FAIL, findings=findings),)))
    assert tomllib.loads(text)["accept"] == [{"rule": "discount-key", "reason": ""}]


def test_a_previous_baseline_keeps_its_reasons_and_loses_what_is_stale(
    make_report, make_result, make_finding, tmp_path
):
    findings = (make_finding(), make_finding(subject="discounts[1]"), make_finding(clause="TP-091"))
    report = make_report(
        results=(
            make_result(outcome=Outcome.FAIL, findings=findings),
            make_result(rule="skipped", outcome=Outcome.SKIP),
            make_result(rule="fixed"),
        )
    )
    known = entry()
    wide = entry(clause="TP-091", subject=None, reason="all of them")
    skipped, fixed = entry(rule="skipped"), entry(rule="fixed")
    text = write(report, baseline(fixed, known, wide, skipped))
    new = AcceptedFailure(rule="discount-key", reason="known")
    assert load(stored(tmp_path, explained(text))) == baseline(known, wide, skipped, new)


def test_the_entries_of_the_first_version_become_one_for_each_rule(failing):
    text = "version = 1\n" + "".join(
        f'[[accept]]\nrule = "{rule}"\nclause = "{clause}"\n{reason}'
        for rule, clause, reason in (
            ("discount-key", "TP-041", 'reason = "release 4.2"\n'),
            ("discount-key", "TP-043", 'reason = "ticket 7"\n'),
            ("discount-key", "TP-044", ""),
            ("not-selected", "TP-001", ""),
        )
    )
    assert tomllib.loads(write(failing, parse(text)))["accept"] == [
        {"rule": "discount-key", "reason": "release 4.2; ticket 7"},
        {"rule": "not-selected", "reason": ""},
    ]


@settings(max_examples=100)
@given(st.text(st.characters(exclude_categories=()), max_size=20))
@example("\ud800")
@example('"\\\x7f\r\n\0')
def test_any_subject_can_be_accepted(subject):
    finding = Finding(clause="TP-041", level="must", subject=subject, expected="", actual="")
    result = Result(
        rule="r", area="a", title="t", outcome=Outcome.FAIL, clauses=(), checks=1, findings=(finding,)
    )
    report = Report(
        tool_version="0", target="", started="", seconds=0, seed=0, requests=0, users=(), results=(result,)
    )
    assert apply(report, parse(explained(write(report)))).exit is Exit.CONFORMANT
