"""The check judges well: it finds each planted fault under its right name, and raises no alarm otherwise.

What is expected stands in catalogue.toml. It was worked out from the clauses and the faults alone.
"""

from __future__ import annotations

from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from contextlib import AbstractContextManager
from pathlib import Path
from typing import Any

import click
import pytest

from mock_solusio.cli import cli
from solusio_contracts.checking import target
from solusio_contracts.checking.runner import run
from solusio_contracts.checking.target import Target
from solusio_contracts.cli.check import check, settings_from
from solusio_contracts.contract.clauses import Level, clauses
from solusio_contracts.http.masking import TOKEN_VARIABLE
from solusio_contracts.reporting.report import Exit, Outcome, Report
from solusio_contracts.rules import all_rules, consistency

Serve = Callable[[Any], AbstractContextManager[str]]

# Generated data find faults by luck; what is proven here are the rules.
RULES = [rule for rule in all_rules() if rule.area != "fuzz"]
# What these find leaves a run undecided; tests/contracts/checking/test_interference.py has their endpoints.
UNDECIDING_RULES, UNDECIDING_CLAUSES = ["valid-requests"], {"TP-407"}
SEED = "20260301"
LIMIT = 60.0  # seconds for one check


@pytest.fixture(autouse=True)
def _nothing_from_outside(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    """Keep a token in the environment and a configuration file in the folder out of it."""
    monkeypatch.delenv(TOKEN_VARIABLE, raising=False)
    monkeypatch.chdir(tmp_path)


@pytest.fixture(autouse=True)
def _little_patience(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> None:
    """Where a fault is that no answer comes, wait for none longer than it takes to tell."""
    entry = getattr(getattr(request.node, "callspec", None), "params", {}).get("faulty")
    if entry is not None and "--timeout" in entry.args:
        monkeypatch.setattr(target, "SHORT_TIMEOUT", 0.1)
        monkeypatch.setattr(consistency, "QUEUE", 0.5)


def report_of(entry: Any, serve: Serve, limit: float = LIMIT) -> Report:
    # When the time is up the endpoint goes first, and then the check has nobody left to ask.
    with ThreadPoolExecutor(1) as pool, serve(entry) as url:
        return pool.submit(judge, url, entry).result(limit)


def judge(url: str, entry: Any) -> Report:
    """Run what `mock-solusio check --no-fuzz` runs; its own parser reads the options."""
    arguments = [url, *entry.check_options, "--seed", SEED, "--no-fuzz"]
    # Below the command line's own context: a command keeps the help option that its first context gives it.
    parent = click.Context(cli, info_name="mock-solusio", **cli.context_settings)
    with check.make_context("check", arguments, parent=parent) as context:
        options = dict(context.params)
    return run(Target(settings_from(options.pop("url"), options)), RULES)


def named(report: Report, level: Level) -> set[str]:
    """Return the clauses of the findings of one level: `must` fails, `should` warns."""
    return {
        finding.clause
        for result in report.results
        for finding in result.findings
        if finding.level == level.value
    }


def in_words(report: Report) -> str:
    found = [
        f"  {finding.clause} ({finding.level}, {result.rule}) {finding.subject}: {finding.actual}"
        for result in report.results
        for finding in result.findings
    ]
    undecided = [f"  {one.rule}: {one.reason}" for one in report.with_outcome(Outcome.ERROR)]
    return "\n".join(["found:", *found, "undecided:", *undecided])


def test_planted_fault_is_found_and_named(faulty, serve):
    report = report_of(faulty, serve)
    advice = faulty.level == "should"
    assert report.exit is (Exit.CONFORMANT if advice else Exit.NOT_CONFORMANT), in_words(report)
    names = named(report, Level.SHOULD if advice else Level.MUST)
    assert set(faulty.clauses) <= names, in_words(report)
    assert not faulty.clauses_any or names & set(faulty.clauses_any), in_words(report)


def test_correct_endpoint_raises_no_alarm(correct, serve):
    report = report_of(correct, serve)
    assert named(report, Level.MUST) == set(), in_words(report)
    assert named(report, Level.SHOULD) == set(correct.warns), in_words(report)
    assert report.with_outcome(Outcome.ERROR) == (), in_words(report)
    assert report.exit is Exit.CONFORMANT


def expected_clauses(catalogue: Any) -> set[str]:
    return {clause for entry in catalogue for clause in (*entry.clauses, *entry.clauses_any)}


def test_every_rule_has_a_fault_that_proves_it(catalogue):
    proven = expected_clauses(catalogue)
    unproven = [
        rule.name
        for rule in RULES
        # A rule that only informs finds no fault.
        if any(clause.level is not Level.MAY for clause in rule.clauses)
        and not any(clause.id in proven for clause in rule.clauses)
    ]
    assert unproven == UNDECIDING_RULES


def test_every_clause_that_can_be_violated_has_a_fault_that_does(catalogue):
    demanded = {one.id for one in clauses().values() if one.level is not Level.MAY and one.id[:3] == "TP-"}
    assert demanded - expected_clauses(catalogue) == UNDECIDING_CLAUSES


def test_expected_clauses_are_as_strict_as_the_entry(catalogue):
    """A fault that must fail the check is named by clauses that can fail it."""
    for entry in catalogue:
        levels = {clauses()[name].level for name in (*entry.clauses, *entry.clauses_any, *entry.warns)}
        assert entry.level == "should" or entry.kind == "correct" or levels == {Level.MUST}, entry.id


def test_the_time_for_a_check_is_limited(catalogue, serve):
    entry = next(entry for entry in catalogue if entry.id == "php-ok-slow-single-thread")
    with pytest.raises(TimeoutError):
        report_of(entry, serve, limit=0.2)
