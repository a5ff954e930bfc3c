"""Runs scenarios against a billing system, and reports. Never prints, never exits."""

import datetime
import threading
import time
from collections.abc import Callable, Collection, Iterable, Mapping, Sequence
from contextlib import ExitStack
from dataclasses import dataclass, field
from functools import partial
from importlib import metadata
from itertools import chain
from operator import itemgetter
from typing import Any, Final, TypeAlias

from mock_solusio.concurrent_jobs import do_concurrently
from mock_solusio.invoices.own_databases import SharedDatabaseError, require_own_databases
from mock_solusio.invoices.scenario_run import (
    BORDERS,
    BillingSystem,
    JudgedScenario,
    NumberedScenario,
    ScenarioRuns,
    first_price,
)
from mock_solusio.invoices.site import open_site
from mock_solusio.meeting_point import MeetingPoint
from mock_solusio.server.garbage import not_collecting
from solusio_contracts.adapter.steps import UnreachableError
from solusio_contracts.adapter.verdict import name_causes
from solusio_contracts.checking.runner import clause_texts
from solusio_contracts.contract.clauses import clauses
from solusio_contracts.invoices.method import Explanation, explain, methods
from solusio_contracts.invoices.numbers import NUMBERS, judge_numbers
from solusio_contracts.invoices.scenario import Scenario
from solusio_contracts.invoices.verdict import (
    METHOD,
    item_of,
    judge_amounts,
    judge_method,
    name_mistakes,
    result_of_method,
)
from solusio_contracts.reporting.report import ClauseText, Fact, Outcome, Report, Result
from solusio_contracts.reporting.words import plural

COMMAND: Final = "invoices check"
IDS_PER_SCENARIO: Final = 10
"""The ids of a scenario are a multiple of this number, so that a new customer moves no other scenario's."""

ZONES: Final = ("Pacific/Auckland", "America/Los_Angeles")
"""Local times far from UTC, for scenarios of month borders."""

NEEDS_PREPARE: Final = "a price changes between two months, so it needs --prepare"

_HERE: Final = MeetingPoint()
_NOTHING: Final[Mapping[str, Any]] = {}
_UNKNOWN: Final = Fact(
    name="jobs",
    text="it is not known whether each has a database of its own; if they share one, use --jobs 1",
)
LINES_PER_EFFORT: Final = 500

Progress: TypeAlias = Callable[[Scenario, int, int], None]
"""Called before each scenario with the number of those that began before, and the number of all."""
Share: TypeAlias = list[tuple[int, NumberedScenario]]
"""The scenarios of a job, with their places among all that were chosen."""


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
    jobs: int = 1,
    spare_id: int = 1,
    skip: Collection[str] = (),
    gapless: bool = False,
    declared: Mapping[str, Any] = _NOTHING,
    curl_of: Callable[[str], str] = lambda _: "",
    progress: Progress = lambda *_: None,
) -> Report:
    """Run scenarios and report, in their order.

    `jobs` is how many scenarios are billed at a time, each on a mock and in a database of its own; `spare_id`
    is a billing_user_id that no scenario has. `skip` names checks over all invoices (`METHOD`, `NUMBERS`)
    that are not made. `gapless`: invoice numbers have no gaps. `declared` are values of a `Method`; the
    others are found out. `curl_of` returns the command line that runs a single scenario. If the billing
    system can no longer be started or reached, or does not reach the mock, the remaining scenarios are
    reported as undecided.

    Raises:
        OSError: the mock cannot listen there, or a document cannot be written.
        MeetingPointError: the folder for documents cannot be created.
        SharedDatabaseError: the jobs share a database.
    """
    began = time.monotonic()
    started = datetime.datetime.now(datetime.UTC)
    running = _Run(system, len(chosen), curl_of, progress)
    jobs = min(jobs, len(chosen))
    own_databases = True
    with ExitStack() as stack:
        # The worlds of scenarios are most of what is made, and looking for garbage takes a tenth of a run.
        stack.enter_context(not_collecting())
        folder = stack.enter_context(meeting.folder())
        sites = [
            stack.enter_context(open_site(number, meeting, folder, access_token))
            for number in range(1, jobs + 1)
        ]
        shares = shared_out(chosen, jobs, zones=len(system.zones))
        if jobs > 1:
            first = chosen[0].scenario
            price = first_price(first, first.periods[0])
            own_databases = require_own_databases(system, sites, spare_id, price)
        runs = [ScenarioRuns(system, site) for site in sites]
        works = [partial(running.share, *one) for one in zip(runs, shares, strict=True)]
        found = do_concurrently(works, jobs, running.stop)
    by_place = sorted(chain.from_iterable(found), key=itemgetter(0))
    outcomes = [outcome for _, outcome in by_place]
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
    numbers = judge_numbers([one.numbers for one in runs], curl_of(""), gapless=gapless)
    if numbers is not None and NUMBERS not in skip:
        results.append(numbers)
    facts = [*_facts(method), *(() if own_databases else (_UNKNOWN,))]
    return Report(
        command=COMMAND,
        tool_version=metadata.version("mock-solusio"),
        target=system.described,
        started=started.isoformat(timespec="seconds").replace("+00:00", "Z"),
        seconds=round(time.monotonic() - began, 3),
        seed=0,
        requests=sum(one.calls for one in runs),
        users=(),
        facts=tuple(facts),
        results=tuple(results),
        causes=causes,
        clauses=_texts(results),
    )


@dataclass(slots=True)
class _Run:
    """A run in progress. Each job works through its share in a thread."""

    _system: BillingSystem
    _total: int
    _curl_of: Callable[[str], str]
    _progress: Progress
    stop: threading.Event = field(default_factory=threading.Event)
    _gone: str = ""
    """Why the billing system can no longer be judged."""
    _begun: int = 0
    _lock: threading.Lock = field(default_factory=threading.Lock)

    def share(self, runs: ScenarioRuns, share: Share) -> list[tuple[int, Result | JudgedScenario]]:
        """Run the scenarios of a job; return what came of each, with its place."""
        return [(place, self._outcome(runs, one)) for place, one in share if not self.stop.is_set()]

    def _outcome(self, runs: ScenarioRuns, one: NumberedScenario) -> Result | JudgedScenario:
        item = item_of(one.scenario)
        if self._gone:
            return item.undecided(Outcome.ERROR, self._gone)
        if self._system.prepare is None and any(each.later_pricing for each in one.scenario.customers):
            return item.undecided(Outcome.SKIP, NEEDS_PREPARE)
        with self._lock:
            self._progress(one.scenario, self._begun, self._total)
            self._begun += 1
        try:
            return runs.scenario(one, self._curl_of(one.scenario.id))
        except UnreachableError as error:
            self._gone = str(error)
            return item.undecided(Outcome.ERROR, str(error))


def shared_out(chosen: Sequence[NumberedScenario], jobs: int, *, zones: int = 0) -> list[Share]:
    """Return the scenarios of each job, by place: the job with the least to do gets the next one.

    It depends on the scenarios alone, so another run gives each job the same ones. `zones` is the number of
    other local times in which scenarios of month borders are billed.
    """
    shares: list[Share] = [[] for _ in range(jobs)]
    efforts = [0.0] * jobs
    for place, one in enumerate(chosen):
        least = efforts.index(min(efforts))
        shares[least].append((place, one))
        efforts[least] += _effort(one.scenario, zones)
    return shares


def _effort(scenario: Scenario, zones: int) -> float:
    """Return about how long a scenario takes; to bill a month with few lines is 1."""
    lines = sum(len(one.lines) for one in scenario.invoices)
    months = len(scenario.periods) * (1 + zones if scenario.area == BORDERS else 1)
    return months + len(scenario.faults) + lines / LINES_PER_EFFORT


def _facts(found: Explanation) -> tuple[Fact, ...]:
    if not found.of:
        return ()
    explains = f"explains {found.explained} of {plural(found.of, 'invoice')}"
    return (Fact(name="method of rounding", text=f"{found.method}: {explains}"),)


def _texts(results: Iterable[Result]) -> tuple[ClauseText, ...]:
    cited = {number for result in results for number in result.clauses}
    return clause_texts({number for number in clauses() if number in cited or number.startswith("INV-")})


__all__ = ("METHOD", "NUMBERS", "SharedDatabaseError", "numbered", "run")
