"""Runs user scenarios against a billing system, and reports. Never prints, never exits."""

import datetime
import itertools
import ssl
import threading
import time
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, field
from functools import partial
from importlib import metadata
from pathlib import Path
from queue import SimpleQueue
from typing import Any, Final
from urllib.parse import urlsplit

from mock_solusio.concurrent_jobs import do_concurrently
from mock_solusio.meeting_point import MeetingPoint
from mock_solusio.sandbox import Sandbox, SandboxError
from mock_solusio.server.tls import Authority, names_of
from mock_solusio.traffic.referee import ConductFinding
from mock_solusio.users.certificate import CERTIFICATE, judge
from mock_solusio.users.play import Site, play
from solusio_contracts.adapter.steps import Adapter, BillingError, UnreachableError
from solusio_contracts.adapter.verdict import Difference, Verdict, judged, name_causes
from solusio_contracts.checking.runner import clause_texts
from solusio_contracts.contract.clauses import Level, clauses
from solusio_contracts.http.client import client
from solusio_contracts.reporting.report import ClauseText, Fact, Item, Outcome, Report, Result
from solusio_contracts.users import diagnosis
from solusio_contracts.users.conduct.judge import conduct_rules
from solusio_contracts.users.scenario import Scenario, load_scenarios

COMMAND: Final = "users check"
IDS_PER_SCENARIO: Final = 10
"""The most customers of a scenario."""
SILENT: Final = 5
"""After how many scenarios without any request the others are not played."""
CONDUCT: Final = "conduct"
"""The area of what is judged over all scenarios together."""

Progress = Callable[[Scenario, int, int], None]
"""Called before each scenario with its position (from 0) and the number of scenarios."""


@dataclass(frozen=True, slots=True, kw_only=True)
class CustomerSystem:
    """A billing system, by the steps that its adapter offers."""

    steps: Mapping[str, Adapter]
    described: str
    """Its name in reports, without secrets."""


@dataclass(frozen=True, slots=True)
class NumberedScenario:
    """A scenario, and the billing_user_id of each customer by name."""

    scenario: Scenario
    ids: Mapping[str, int]


def numbered(scenarios: Iterable[Scenario], first_id: int) -> list[NumberedScenario]:
    """Give the customers of each scenario ids of their own.

    Raises:
        ValueError: a scenario has more customers than ids.
    """
    found = []
    for place, one in enumerate(scenarios):
        if len(one.customers) > IDS_PER_SCENARIO:
            raise ValueError(f"the scenario {one.id} has more than {IDS_PER_SCENARIO} customers")
        free = itertools.count(first_id + IDS_PER_SCENARIO * place)
        ids = {who.name: who.billing_user_id or next(free) for who in one.customers}
        found.append(NumberedScenario(one, ids))
    return found


@dataclass(frozen=True, slots=True, kw_only=True)
class Settings:
    """How to run."""

    access_token: str
    meeting: MeetingPoint = field(default_factory=MeetingPoint)
    jobs: int = 1
    """How many scenarios are played at a time, each on a mock of its own."""
    authority: Authority | None = None
    """Signs the certificates of the mocks; None: they speak plain HTTP."""
    spare_id: int = 1
    """A billing_user_id that no scenario has."""
    certificate: bool = False
    """Whether the test of certificates was chosen; it needs an authority."""
    conduct: frozenset[str] = frozenset()
    """The clauses of conduct that are reported over all scenarios together."""
    curl_of: Callable[[str], str] = lambda _: ""
    """Returns the command line that runs a single scenario."""


def run(
    system: CustomerSystem,
    chosen: Sequence[NumberedScenario],
    settings: Settings,
    progress: Progress = lambda *_: None,
) -> Report:
    """Run scenarios and report, in their order.

    If the billing system can no longer be started or reached, the remaining scenarios are reported as
    undecided.

    Raises:
        OSError: the port is in use.
    """
    began = time.monotonic()
    started = datetime.datetime.now(datetime.UTC)
    running = _Run(system, settings, progress, len(chosen))
    with ExitStack() as stack:
        folder = stack.enter_context(settings.meeting.folder())
        for _ in range(min(settings.jobs, len(chosen))):
            running.sites.put(stack.enter_context(_site(folder, settings, running.stop)))
        verification: Callable[[], Any] = partial(running.certificate, folder)
        scenarios: list[Callable[[], Any]] = [
            partial(running.scenario, place, one) for place, one in enumerate(chosen)
        ]
        if settings.jobs == 1:
            *outcomes, certificate = do_concurrently([*scenarios, verification], 1, running.stop)
        else:
            # With a billing system that tries again it takes longest, so it begins first.
            certificate, *outcomes = do_concurrently([verification, *scenarios], settings.jobs, running.stop)
    if not running.silent:
        outcomes += running.conduct()
    causes = name_causes([one.verdict for one in outcomes if isinstance(one, _Judged)])
    results = running.reached([one.result() if isinstance(one, _Judged) else one for one in outcomes])
    if not running.silent and settings.certificate:
        results.append(certificate)
    return Report(
        command=COMMAND,
        tool_version=metadata.version("mock-solusio"),
        target=system.described,
        started=started.isoformat(timespec="seconds").replace("+00:00", "Z"),
        seconds=round(time.monotonic() - began, 3),
        seed=0,
        requests=running.requests,
        users=(),
        facts=tuple(running.facts()),
        results=tuple(results),
        causes=() if running.silent else causes,
        clauses=_texts(results),
    )


@contextmanager
def _site(folder: Path, settings: Settings, stop: threading.Event) -> Iterator[Site]:
    """Open a place for scenarios.

    Raises:
        OSError: the port is in use.
    """
    verify: ssl.SSLContext | bool = False
    context, ca_file = None, None
    meeting = settings.meeting
    if settings.authority is not None:
        host = urlsplit(meeting.url_for("https://127.0.0.1:1")).hostname or ""
        context = settings.authority.server(*names_of(meeting.host, host))
        ca_file = folder / "ca.pem"
        ca_file.write_bytes(settings.authority.pem)
        verify = ssl.create_default_context(cafile=ca_file)
    sandbox = Sandbox()
    with (
        sandbox.open(meeting.host, meeting.port, tls=context) as url,
        client(verify=verify, timeout=10) as browser,
    ):
        yield Site(sandbox, url, meeting.url_for(url), folder, settings.access_token, ca_file, browser, stop)


@dataclass(frozen=True, slots=True)
class _Judged:
    """A scenario or clause that was judged; the causes are named once all are."""

    item: Item
    verdict: Verdict
    curl: str
    seconds: float = 0.0
    error: str = ""
    """Why it could not be judged completely."""
    assumes: str = ""

    def result(self) -> Result:
        if self.error and not self.verdict.findings:
            return self.item.undecided(Outcome.ERROR, self.error, seconds=self.seconds)
        notes = [self.error] if self.error else []
        if self.verdict.findings and self.assumes:
            notes.append(f"This scenario assumes: {self.assumes}")
        return judged(self.item, self.verdict, notes=notes, seconds=self.seconds, curl=self.curl)


@dataclass(slots=True)
class _Run:
    """A run in progress. Several threads play scenarios."""

    _system: CustomerSystem
    _settings: Settings
    _progress: Progress
    _total: int
    sites: "SimpleQueue[Site]" = field(default_factory=SimpleQueue)
    stop: threading.Event = field(default_factory=threading.Event)
    requests: int = 0
    _gone: str = ""
    _asked: bool = False
    _url: str = ""
    """Where one of the mocks listens."""
    _played: int = 0
    _found: dict[str, list[tuple[str, ConductFinding, str]]] = field(default_factory=dict)
    """What the referee found, by clause, with the scenario and the exchange."""
    _lock: threading.Lock = field(default_factory=threading.Lock)

    @property
    def silent(self) -> bool:
        """Whether no request has arrived so far."""
        return not self._asked

    def scenario(self, place: int, one: NumberedScenario) -> "Result | _Judged":
        """Play a scenario, if the billing system offers its steps and is still there."""
        scenario = one.scenario
        if self._played >= SILENT and self.silent:
            # It may wait for a response until --timeout in each scenario.
            self._gone = self._settings.meeting.advice(self._url)
        if self._gone or self.stop.is_set():
            return scenario.item.undecided(Outcome.ERROR, self._gone or "interrupted")
        missing = [step for step in scenario.steps if step not in self._system.steps]
        if missing:
            # One reason for each option: the report counts what is skipped by its reason.
            return scenario.item.undecided(Outcome.SKIP, f"the adapter has no --{missing[0]}")
        site = self.sites.get()
        self._url = site.url
        try:
            self._progress(scenario, place, self._total)
            return self._play(one, site)
        finally:
            self._asked = self._asked or site.sandbox.was_asked
            self.sites.put(site)

    def _play(self, one: NumberedScenario, site: Site) -> "_Judged":
        began = time.monotonic()
        scenario = one.scenario
        error = ""
        verdict = Verdict()
        try:
            played = play(scenario, one.ids, self._system.steps, site)
        except UnreachableError as gone:
            self._gone = error = str(gone)
        except BillingError as failure:
            # Without the command, which names another file each time: one reason is one entry.
            error = f"--prepare failed: {failure.output or failure.text}"
        except SandboxError as problem:
            error = str(problem)
        else:
            verdict, error = played.verdict, played.error
            with self._lock:
                self.requests += played.requests
                self._played += 1
                for finding, shown in played.conduct:
                    self._found.setdefault(finding.clause, []).append((scenario.id, finding, shown))
            own = [(one, shown) for one, shown in played.conduct if one.clause in scenario.clauses]
            for finding, shown in own:
                verdict.add([_difference(finding, finding.subject)], request=shown)
            verdict.checks += sum(number.startswith("CL-") for number in scenario.clauses)
        return _Judged(
            scenario.item,
            verdict,
            self._settings.curl_of(scenario.id),
            round(time.monotonic() - began, 3),
            error,
            scenario.assumes,
        )

    def certificate(self, folder: Path) -> Result:
        """Judge whether the billing system verifies certificates."""
        authority = self._settings.authority
        if authority is None or not self._settings.certificate:
            return CERTIFICATE.undecided(Outcome.SKIP, "--tls is not given")
        scenario = load_scenarios()[0]
        ids = {one.name: self._settings.spare_id + place for place, one in enumerate(scenario.customers)}
        try:
            return judge(
                self._system.steps,
                scenario,
                ids,
                authority=authority,
                access_token=self._settings.access_token,
                meeting=self._settings.meeting,
                folder=folder,
                curl=self._settings.curl_of(CERTIFICATE.rule),
            )
        except UnreachableError as error:
            self._gone = str(error)
            return CERTIFICATE.undecided(Outcome.ERROR, self._gone)

    def reached(self, results: list[Result]) -> list[Result]:
        """Return the results; all undecided if the billing system never called the mock."""
        if not self.silent or not self._played:
            return results
        reason = self._settings.meeting.advice(self._url)
        return [
            one
            if one.outcome in (Outcome.SKIP, Outcome.ERROR)
            else Item(one.rule, one.area, one.title, one.clauses).undecided(Outcome.ERROR, reason)
            for one in results
        ]

    def conduct(self) -> "list[Result | _Judged]":
        """Return a result for each clause of conduct that is judged over all scenarios together."""
        return [self._conduct(number) for number in sorted(self._settings.conduct)]

    def _conduct(self, number: str) -> "Result | _Judged":
        item = conduct_item(number)
        if number.startswith("CL-05") and "login" not in self._system.steps:
            return item.undecided(Outcome.SKIP, "the adapter has no --login")
        verdict = Verdict(checks=self.requests)
        by_subject: dict[str, list[tuple[str, ConductFinding, str]]] = {}
        for one in self._found.get(number, ()):
            by_subject.setdefault(one[1].subject, []).append(one)
        for subject, places in by_subject.items():
            scenarios = list(dict.fromkeys(scenario for scenario, _, _ in places))
            more = f" and {len(scenarios) - 2} more" if len(scenarios) > 2 else ""
            _, finding, shown = places[0]
            where = f"{', '.join(scenarios[:2])}{more}"
            verdict.add([_difference(finding, subject)], question=where, request=shown)
        return _Judged(item, verdict, self._settings.curl_of(item.rule))

    def facts(self) -> Iterator[Fact]:
        """Yield what is mere information about the conduct."""
        for number, found in sorted(self._found.items()):
            if clauses()[number].level == Level.MAY:
                yield Fact(name=number, text=found[0][1].text)


def all_items() -> list[Item]:
    """Return everything that can be judged: the scenarios, the clauses of conduct, and the certificate."""
    scenarios = [one.item for one in load_scenarios()]
    return [*scenarios, *(conduct_item(one) for one in conduct_clauses()), CERTIFICATE]


def conduct_item(number: str) -> Item:
    """Return a clause of conduct as reports show what is judged over all scenarios together."""
    text = clauses()[number].text
    return Item(number.lower(), CONDUCT, text[0].lower() + text[1:].rstrip("."), (number,))


def conduct_clauses() -> list[str]:
    """Return the clauses of conduct that are judged over all scenarios together."""
    return [rule.clause_id for rule in conduct_rules() if rule.clause.level != Level.MAY]


def _difference(finding: ConductFinding, subject: str) -> Difference:
    text = clauses()[finding.clause].text
    mistakes = diagnosis.conduct(finding.clause, finding.text)
    return Difference(finding.clause, subject, text, finding.text, CONDUCT, mistakes=mistakes)


def _texts(results: Iterable[Result]) -> tuple[ClauseText, ...]:
    cited = {number for result in results for number in result.clauses}
    cited |= {finding.clause for result in results for finding in result.findings}
    return clause_texts(cited)
