"""Runs scenarios against a billing system, and reports. Never prints, never exits."""

import datetime
import time
from collections.abc import Callable, Collection, Iterable, Mapping, Sequence
from importlib import metadata
from typing import Any, Final

from mock_solusio.invoices.sandbox import InvoiceSandbox
from mock_solusio.invoices.scenario_run import (
    BillingSystem,
    JudgedScenario,
    NumberedScenario,
    ScenarioRuns,
)
from mock_solusio.meeting_point import MeetingPoint
from solusio_contracts.adapter.steps import UnreachableError
from solusio_contracts.adapter.verdict import name_causes
from solusio_contracts.checking.runner import clause_texts
from solusio_contracts.contract.clauses import clauses
from solusio_contracts.invoices.method import Explanation, explain, methods
from solusio_contracts.invoices.scenario import Scenario
from solusio_contracts.invoices.verdict import (
    METHOD,
    NUMBERS,
    item_of,
    judge_amounts,
    judge_method,
    name_mistakes,
    result_of_method,
)
from solusio_contracts.reporting.report import ClauseText, Fact, Outcome, Report, Result
from solusio_contracts.reporting.view import plural

COMMAND: Final = "invoices check"
IDS_PER_SCENARIO: Final = 10
"""The ids of a scenario are a multiple of this number, so that a new customer moves no other scenario's."""

ZONES: Final = ("Pacific/Auckland", "America/Los_Angeles")
"""Local times far from UTC, for scenarios of month borders."""

NEEDS_PREPARE: Final = "a price changes between two months, so it needs --prepare"

_HERE: Final = MeetingPoint()
_NOTHING: Final[Mapping[str, Any]] = {}
Progress = Callable[[Scenario, int, int], None]
"""Called before each scenario with its position (from 0) and the number of scenarios."""


def numbered(scenarios: Iterable[Scenario], first_id: int) -> list[NumberedScenario]:
    """Give the customers of each scenario ids of their own."""
    found = []
    for one in scenarios:
        found.append(NumberedScenario(one, first_id))
        first_id += IDS_PER_SCENARIO * -(-len(one.customers) // IDS_PER_SCENARIO)
    return found


def run(
    system: BillingSystem,
    chosen: Sequence[NumberedScenario],
    *,
    access_token: str,
    meeting: MeetingPoint = _HERE,
    skip: Collection[str] = (),
    gapless: bool = False,
    declared: Mapping[str, Any] = _NOTHING,
    curl_of: Callable[[str], str] = lambda _: "",
    progress: Progress = lambda *_: None,
) -> Report:
    """Run scenarios in order and report.

    `skip` names checks over all invoices (`METHOD`, `NUMBERS`) that are not made. `gapless`: invoice numbers
    have no gaps. `declared` are values of a `Method`; the others are found out. `curl_of` returns the command
    line that runs a single scenario. If the billing system can no longer be started or reached, or does not
    reach the mock, the remaining scenarios are reported as undecided.

    Raises:
        OSError: the mock cannot listen there, or a document cannot be written.
        MeetingPointError: the folder for documents cannot be created.
    """
    began = time.monotonic()
    started = datetime.datetime.now(datetime.UTC)
    outcomes: list[Result | JudgedScenario] = []
    gone = ""
    sandbox = InvoiceSandbox(access_token)
    with meeting.folder() as folder, sandbox.open(meeting.host, meeting.port) as url:
        billing = ScenarioRuns(system, sandbox, meeting, url, access_token, folder)
        for position, one in enumerate(chosen):
            if gone:
                outcomes.append(item_of(one.scenario).undecided(Outcome.ERROR, gone))
                continue
            if system.prepare is None and any(each.later_pricing for each in one.scenario.customers):
                outcomes.append(item_of(one.scenario).undecided(Outcome.SKIP, NEEDS_PREPARE))
                continue
            progress(one.scenario, position, len(chosen))
            try:
                outcomes.append(billing.scenario(one, curl_of(one.scenario.id)))
            except UnreachableError as error:
                gone = str(error)
                outcomes.append(item_of(one.scenario).undecided(Outcome.ERROR, gone))
        judged = [one for one in outcomes if isinstance(one, JudgedScenario)]
        invoices = [each for one in judged for each in one.invoices if each.has_amounts]
        method = explain([one.billed() for one in invoices], methods(**declared))
        for done in judged:
            for each in done.invoices:
                judge_amounts(each, method.method, done.verdict)
        diagnosis = name_mistakes([(each, done.verdict) for done in judged for each in done.invoices])
        overall = judge_method(invoices, method, diagnosis)
        causes = name_causes([*(one.verdict for one in judged), overall])
        results = [one.result() if isinstance(one, JudgedScenario) else one for one in outcomes]
        if invoices and METHOD not in skip:
            results.append(result_of_method(overall, curl_of("")))
        numbers = billing.numbers.result(curl_of(""), gapless=gapless)
        if numbers is not None and NUMBERS not in skip:
            results.append(numbers)
    return Report(
        command=COMMAND,
        tool_version=metadata.version("mock-solusio"),
        target=system.described,
        started=started.isoformat(timespec="seconds").replace("+00:00", "Z"),
        seconds=round(time.monotonic() - began, 3),
        seed=0,
        requests=billing.calls,
        users=(),
        facts=_facts(method),
        results=tuple(results),
        causes=causes,
        clauses=_texts(results),
    )


def _facts(found: Explanation) -> tuple[Fact, ...]:
    if not found.of:
        return ()
    explains = f"explains {found.explained} of {plural(found.of, 'invoice')}"
    return (Fact(name="method of rounding", text=f"{found.method}: {explains}"),)


def _texts(results: Iterable[Result]) -> tuple[ClauseText, ...]:
    cited = {number for result in results for number in result.clauses}
    return clause_texts({number for number in clauses() if number in cited or number.startswith("INV-")})


__all__ = ("METHOD", "NUMBERS", "numbered", "run")
