"""A report through an overlay: what was settled is cited so, and what does not hold there fails nothing."""

import msgspec

from solusio_contracts.checking.runner import clause_texts
from solusio_contracts.contract.documents import contract_digest
from solusio_contracts.contract.overlay import NO_OVERLAY, ClauseChange, Overlay
from solusio_contracts.reporting.overlaid import overlaid
from solusio_contracts.reporting.report import Exit, Finding, Item, Outcome, Report

HOLDS = ClauseChange(clause="US-010", fits=9, of=9)
CONTRADICTED = ClauseChange(clause="US-012", fits=3, of=9)
OVERLAY = Overlay(contract=contract_digest(), clauses=(HOLDS, CONTRADICTED))


def finding(clause, level):
    return Finding(clause=clause, level=level, subject="x", expected="a", actual="b")


def report(*levels_by_clause):
    item = Item("made-up", "area", "title", tuple(dict.fromkeys(one for one, _ in levels_by_clause)))
    found = [finding(clause, level) for clause, level in levels_by_clause]
    return Report(
        command="invoices check",
        tool_version="1",
        target="t",
        started="2026-01-01T00:00:00Z",
        seconds=1,
        seed=0,
        requests=1,
        users=(),
        results=(item.judged(found, checks=1),),
        clauses=clause_texts({"US-010", "US-012", "INV-001"}),
    )


def test_without_changes_it_is_the_same():
    made = report(("US-012", "must"))
    assert overlaid(made, NO_OVERLAY) is made


def test_what_was_settled_is_cited_as_observed():
    texts = {text.id: text for text in overlaid(report(("INV-001", "must")), OVERLAY).clauses}
    assert (texts["US-010"].provenance, texts["US-010"].level) == ("observed", "must")
    assert texts["US-010"].source == "your SolusIO: 9 of 9 cases fit"
    assert (texts["US-012"].provenance, texts["US-012"].level) == ("observed", "may")
    assert texts["INV-001"] == {text.id: text for text in report(("INV-001", "must")).clauses}["INV-001"]


def test_what_does_not_hold_there_fails_nothing():
    made = report(("US-012", "must"))
    assert made.exit is Exit.NOT_CONFORMANT
    seen = overlaid(made, OVERLAY)
    assert seen.exit is Exit.CONFORMANT
    assert [one.level for one in seen.results[0].findings] == ["may"]


def test_but_everything_else_still_does():
    seen = overlaid(report(("US-012", "must"), ("INV-001", "should"), ("US-010", "must")), OVERLAY)
    (result,) = seen.results
    assert result.outcome is Outcome.FAIL
    assert [(one.clause, one.level) for one in result.findings] == [
        ("US-010", "must"),
        ("INV-001", "should"),
        ("US-012", "may"),
    ]
    warned = overlaid(report(("US-012", "must"), ("INV-001", "should")), OVERLAY)
    assert warned.results[0].outcome is Outcome.WARN
    assert msgspec.to_builtins(warned.exit) == 0
