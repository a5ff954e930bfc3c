"""Plays one scenario: runs the steps of the billing system, and looks at what it did."""

import threading
import time
from collections.abc import Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Final

import httpx
import msgspec

from mock_solusio.domain import sessions
from mock_solusio.sandbox import Sandbox, SandboxError
from mock_solusio.scenario_faults import script_of
from mock_solusio.traffic.exchanges import JournalEntry
from mock_solusio.traffic.referee import ConductFinding
from mock_solusio.ui.responses import SESSION_COOKIE
from mock_solusio.users.world import ScenarioWorld
from solusio_contracts.adapter.customers import write_customers
from solusio_contracts.adapter.steps import Adapter, BillingError
from solusio_contracts.adapter.verdict import Verdict
from solusio_contracts.decoding import DecodingError, parse_json
from solusio_contracts.users.customers import PRICING, UserCustomer
from solusio_contracts.users.job import CustomerJob
from solusio_contracts.users.scenario import (
    AnyCustomerEvent,
    CustomerEvent,
    CustomerUpdate,
    ManualEntry,
    Scenario,
)
from solusio_contracts.users.state import SolusioUser, Users
from solusio_contracts.users.verdict import (
    OpenedLink,
    Stage,
    StepReport,
    judge_absent,
    judge_links,
    judge_others,
    judge_settings,
    judge_step,
    judge_users,
)

SHOWN: Final = 12
"""The most requests of a step that a finding shows."""
BODY_SHOWN: Final = 300
"""Characters of a body that it shows."""


@dataclass(frozen=True, slots=True)
class Site:
    """A place where scenarios are played, one after the other: a sandbox and its URL."""

    sandbox: Sandbox
    url: str
    """Where it listens."""
    given_url: str
    """The URL that the billing system gets."""
    folder: Path
    access_token: str
    ca_file: Path | None
    browser: httpx.Client
    """Opens login links."""
    stop: threading.Event
    """Set when the run ends early."""


@dataclass(slots=True)
class Played:
    """What came of a scenario."""

    verdict: Verdict
    requests: int
    conduct: Sequence[tuple[ConductFinding, str]]
    """What the referee found, each with the exchange that shows it."""
    error: str = ""
    """Why it was not played to its end."""


@dataclass(slots=True)
class _Progress:
    """What is known in the middle of a scenario."""

    customers: dict[str, UserCustomer]
    gone: set[str] = field(default_factory=set)
    """Names of customers who were deleted."""
    undone: set[str] = field(default_factory=set)
    """Names of customers whose latest change was reported as a failure, where a success is right as well."""
    wrong: set[str] = field(default_factory=set)
    """Names of customers with a finding: the end would say nothing new about them."""
    links: list[str] = field(default_factory=list)
    wanted: dict[str, tuple[str, str]] = field(default_factory=dict)
    """Language and limit group of each customer."""
    before: dict[int, SolusioUser] = field(default_factory=dict)
    """The users as people left them."""


def play(scenario: Scenario, numbers: Mapping[str, int], steps: Mapping[str, Adapter], site: Site) -> Played:
    """Play a scenario, and judge it.

    Raises:
        UnreachableError: the billing system cannot be started or reached.
        BillingError: it cannot take in the customers.
        SandboxError: the scenario cannot be played.
    """
    world = ScenarioWorld.of(scenario, numbers, site.access_token)
    site.sandbox.show(world.mock)
    try:
        return _Play(scenario, world, steps, site).run()
    finally:
        site.sandbox.between_requests(site.sandbox.clear)


class _Play:
    def __init__(
        self, scenario: Scenario, world: ScenarioWorld, steps: Mapping[str, Adapter], site: Site
    ) -> None:
        self._scenario = scenario
        self._world = world
        self._steps = steps
        self._site = site
        self._verdict = Verdict()
        self._file = site.folder / f"{scenario.id}.json"
        customers = {
            one.name: UserCustomer(
                billing_user_id=world.numbers[one.name],
                name=one.full_name,
                email=one.email,
                pricing=PRICING,
                language_id=world.language_id(one.language),
                limit_group_id=world.limit_group_id(one.limit_group),
            )
            for one in scenario.customers
        }
        self._now = _Progress(
            customers,
            wanted={one.name: (one.language or "", one.limit_group or "") for one in scenario.customers},
            before=world.users(),
        )

    def run(self) -> Played:
        """Play all entries, and judge the end."""
        self._write_customers()
        prepare = self._steps.get("prepare")
        if prepare is not None:
            prepare.run(self._job(None))
        error = ""
        try:
            for entry in self._scenario.timeline:
                if isinstance(entry, CustomerEvent):
                    self._step(entry)
                else:
                    self._by_hand(entry)
        except SandboxError as problem:
            # What people do next may need the user that the billing system did not create.
            if not self._verdict.findings:
                raise
            error = str(problem)
        self._end()
        self._file.unlink(missing_ok=True)
        return self._site.sandbox.between_requests(lambda: self._played(error))

    # Steps of the billing system

    def _step(self, event: AnyCustomerEvent) -> None:
        if self._site.stop.is_set():
            raise SandboxError("the run was interrupted")
        if isinstance(event, CustomerUpdate):
            self._change(event)
        journal, faults = self._world.mock.journal, self._world.mock.faults
        first = journal.last
        for fault in event.faults:
            faults.add(script_of(fault))
        reports = self._reports(event)
        self._site.sandbox.between_requests(faults.clear)
        sent = journal.read(kind="api", since=first, limit=1000)
        users = self._users()
        stage = self._stage()
        for report in reports:
            whole = replace(
                report, requests=len(sent) // len(reports), exchanges="\n".join(map(_line, sent[-SHOWN:]))
            )
            if whole.link:
                whole = self._opened(whole)
            good = judge_step(self._scenario, event, whole, stage, users, self._verdict)
            self._remember(event, whole, good=good)
        if not all(report.done for report in reports):
            # What failed comes again in a later run, not at once.
            time.sleep(max((fault.retry_after or 0 for fault in event.faults), default=0))
        if event.expect and all(report.done for report in reports):
            shown = "; ".join(dict.fromkeys(report.command for report in reports))
            judge_users(
                event.expect,
                stage,
                users,
                self._verdict,
                question=shown,
                request="\n".join(map(_line, sent[-SHOWN:])),
            )

    def _change(self, event: CustomerUpdate) -> None:
        for name in event.names:
            language, group = self._now.wanted[name]
            customer = self._now.customers[name]
            changes: dict[str, object] = {}
            if event.email is not None:
                changes["email"] = event.email
            if event.name is not None:
                changes["name"] = event.name
            if event.language is not None:
                language = event.language
                changes["language_id"] = self._world.language_id(language)
            if event.limit_group is not None:
                group = event.limit_group
                changes["limit_group_id"] = self._world.limit_group_id(group)
            self._now.customers[name] = msgspec.structs.replace(customer, **changes)
            self._now.wanted[name] = (language, group)
        self._write_customers()

    def _reports(self, event: AnyCustomerEvent) -> list[StepReport]:
        names = event.names
        if len(names) == 1:
            return [self._report(event.step, names[0])]
        with ThreadPoolExecutor(len(names)) as pool:
            return list(pool.map(lambda name: self._report(event.step, name), names))

    def _report(self, step: str, name: str) -> StepReport:
        adapter = self._steps[step]
        job = self._job(self._now.customers[name])
        shown = adapter.shown(job)
        try:
            output = adapter.run(job)
        except BillingError as error:
            return StepReport(
                customer=name,
                step=step,
                command=shown,
                done=False,
                failure=error.text,
                output=error.output,
                ended=error.ended,
            )
        link = _link_of(output) if step == "login" else ""
        return StepReport(customer=name, step=step, command=shown, done=True, link=link)

    def _remember(self, event: CustomerEvent, report: StepReport, *, good: bool) -> None:
        name = report.customer
        if report.step == "login":
            if report.done:
                self._now.links.append(report.link)
            return
        if report.done and report.step == "delete":
            self._now.gone.add(name)
        elif report.done and report.step == "create":
            self._now.gone.discard(name)
        self._write_customers()
        if not good:
            self._now.wrong.add(name)
        if report.done:
            self._now.undone.discard(name)
        elif event.outcome != "failed":
            self._now.undone.add(name)

    def _opened(self, report: StepReport) -> StepReport:
        """Open a login link as a browser does."""
        if not report.link.startswith(f"{self._site.given_url}/"):
            return report
        link = self._site.url + report.link.removeprefix(self._site.given_url)
        try:
            response = self._site.browser.get(link)
        except (httpx.HTTPError, httpx.InvalidURL):
            return report
        secret = response.cookies.get(SESSION_COOKIE, "")
        self._site.browser.cookies.clear()

        def who() -> int | None:
            with self._world.mock.store.transaction() as store:
                user = sessions.user_of(store, secret) if secret else None
                return None if user is None else user.id

        user_id = self._site.sandbox.between_requests(who)
        return replace(report, opened=OpenedLink(status=response.status_code, user_id=user_id))

    # People

    def _by_hand(self, entry: ManualEntry) -> None:
        world, before = self._world, self._now.before

        def do() -> tuple[Users, Users]:
            earlier = world.users()
            world.do(entry)
            return earlier, world.users()

        earlier, later = self._site.sandbox.between_requests(do)
        # What the billing system did before stays visible.
        for user_id in earlier.keys() | later.keys():
            if user_id not in later:
                before.pop(user_id, None)
            elif earlier.get(user_id) != later[user_id]:
                before[user_id] = later[user_id]

    # The end

    def _end(self) -> None:
        users, stage = self._users(), self._stage()
        undone = self._now.undone | self._now.wrong
        expected = [one for one in self._scenario.users if one.as_ not in undone]
        question = "the end of the scenario"
        judge_users(expected, stage, users, self._verdict, question=question)
        judge_settings([one.as_ for one in expected], stage, users, self._now.wanted, self._verdict)
        absent = [name for name in self._scenario.absent if name not in undone]
        judge_absent(absent, self._now.gone, stage, users, self._verdict)
        judge_others(stage, self._now.before, users, self._verdict)
        judge_links(self._now.links, self._verdict)

    def _played(self, error: str) -> Played:
        journal = self._world.mock.journal
        found = [
            (one, _line(entry) if (entry := journal.get(one.exchanges[-1])) is not None else "")
            for one in journal.findings()
        ]
        sent = sum(one.kind == "api" for one in journal.read(limit=10_000))
        return Played(self._verdict, sent, found, error)

    # What the billing system gets

    def _job(self, customer: UserCustomer | None) -> CustomerJob:
        return CustomerJob(
            customer=customer,
            solusio_url=self._site.given_url,
            access_token=self._site.access_token,
            ca_file=self._site.ca_file,
            customers=self._present(),
            customers_file=self._file,
        )

    def _present(self) -> tuple[UserCustomer, ...]:
        return tuple(one for name, one in self._now.customers.items() if name not in self._now.gone)

    def _write_customers(self) -> None:
        self._file.write_bytes(write_customers(self._present()))

    def _users(self) -> Users:
        return self._site.sandbox.between_requests(self._world.users)

    def _stage(self) -> Stage:
        return Stage(
            url=self._site.given_url,
            customers=dict(self._now.customers),
            bystanders=frozenset(self._world.bystanders),
        )


def _link_of(output: bytes) -> str:
    """Return the link that was printed: as it is, or as `url` of a JSON object."""
    text = output.decode("utf-8", "backslashreplace").strip()
    if text.startswith("{"):
        with suppress(DecodingError):
            value = parse_json(text)
            if isinstance(value, dict) and isinstance(value.get("url"), str):
                return str(value["url"])
    return text


def _line(entry: JournalEntry) -> str:
    """Return a request with its response in a few lines, without secrets."""
    query = f"?{entry.query}" if entry.query else ""
    status = "no response" if entry.status is None else str(entry.status)
    body = f" {entry.request.body[:BODY_SHOWN]}" if entry.request.body else ""
    notes = f" ({'; '.join(entry.notes)})" if entry.notes else ""
    return f"{entry.method} {entry.path}{query}{body} -> {status}{notes}"
