"""The referee's findings as a report, for the writers of `check`."""

from collections.abc import Sequence
from importlib import metadata
from typing import Final

from mock_solusio.traffic.exchanges import JournalEntry
from mock_solusio.traffic.journal import Journal
from mock_solusio.traffic.referee import ConductFinding
from solusio_contracts.checking.runner import clause_texts
from solusio_contracts.contract.clauses import clause
from solusio_contracts.reporting.report import MAX_FINDINGS, Finding, Item, Outcome, Report, Result
from solusio_contracts.users.conduct.judge import conduct_rules

COMMAND: Final = "serve"
BODY_SHOWN: Final = 1200
"""Characters of a body that a finding shows."""


def report_of(journal: Journal, url: str, *, started: str, seconds: float) -> Report:
    """Return the findings so far as a report: a result for each clause of conduct.

    `started`: RFC 3339, UTC.
    """
    found = journal.findings()
    cited = tuple(rule.clause_id for rule in conduct_rules())
    results = [
        _result(journal, one, [finding for finding in found if finding.clause == one]) for one in cited
    ]
    return Report(
        command=COMMAND,
        tool_version=metadata.version("mock-solusio"),
        target=f"the clients of {url}",
        started=started,
        seconds=round(seconds, 3),
        seed=0,
        requests=journal.referee.judged,
        users=(),
        results=tuple(results),
        clauses=clause_texts(set(cited)),
    )


def _result(journal: Journal, clause_id: str, found: Sequence[ConductFinding]) -> Result:
    item = Item(clause_id, "conduct", clause(clause_id).text, (clause_id,))
    judged = journal.referee.judged
    if not judged:
        return item.undecided(Outcome.SKIP, "no client sent a request")
    findings = [_finding(journal, one) for one in found[:MAX_FINDINGS]]
    return item.judged(findings, checks=judged, unlisted=max(len(found) - MAX_FINDINGS, 0))


def _finding(journal: Journal, one: ConductFinding) -> Finding:
    entry = journal.get(one.latest)
    times = f" ({one.count} times)" if one.count > 1 else ""
    numbers = ", ".join(map(str, one.exchanges))
    return Finding(
        clause=one.clause,
        level=one.level,
        subject=one.subject,
        expected=clause(one.clause).text,
        actual=f"{one.text}{times}",
        question=f"{'exchange' if len(one.exchanges) == 1 else 'exchanges'} {numbers} of the journal",
        request="" if entry is None else _request(entry),
        response=""
        if entry is None
        else f"{entry.status or 'no response'}\n\n{entry.response.body[:BODY_SHOWN]}",
    )


def _request(entry: JournalEntry) -> str:
    target = f"{entry.path}?{entry.query}" if entry.query else entry.path
    headers = "".join(f"{name}: {value}\n" for name, value in entry.request.headers)
    return f"{entry.method} {target}\n{headers}\n{entry.request.body[:BODY_SHOWN]}"
