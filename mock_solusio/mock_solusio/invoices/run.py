"""Runs scenarios against a billing system, and reports. Never prints, never exits."""

import datetime
import tempfile
import time
from collections import defaultdict
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from importlib import metadata
from pathlib import Path
from typing import Final

from mock_solusio.invoices.sandbox import Sandbox, SandboxError, SandboxPeriod
from solusio_contracts.adapter.steps import Adapter, BillingError, UnreachableError
from solusio_contracts.adapter.verdict import Verdict, causes
from solusio_contracts.checking.runner import clause_texts
from solusio_contracts.contract.clauses import clauses
from solusio_contracts.decoding import DecodingError
from solusio_contracts.invoices.documents import BilledInvoice, read_invoices
from solusio_contracts.invoices.job import BillingJob
from solusio_contracts.invoices.scenario import Scenario, customers_document
from solusio_contracts.invoices.verdict import (
    NUMBERS,
    InvoiceNumbers,
    PeriodUsage,
    item_of,
    judge_again,
    judge_period,
    result_of,
)
from solusio_contracts.reporting.report import ClauseText, Outcome, Report, Result

COMMAND: Final = "invoices check"
IDS_PER_SCENARIO: Final = 10
"""The most customers of a scenario."""

Progress = Callable[[Scenario, int, int], None]
"""Called before each scenario with its position (from 0) and the number of scenarios."""


@dataclass(frozen=True, slots=True, kw_only=True)
class BillingSystem:
    """A billing system, by its adapters."""

    prepare: Adapter | None
    bill: Adapter
    invoices: Adapter
    described: str
    """Its name in reports, without secrets."""


@dataclass(frozen=True, slots=True)
class NumberedScenario:
    """A scenario, and the first billing_user_id of its customers."""

    scenario: Scenario
    first_id: int

    @property
    def ids(self) -> dict[str, int]:
        """The billing_user_id of each customer."""
        return {one.name: self.first_id + place for place, one in enumerate(self.scenario.customers)}


def numbered(scenarios: Iterable[Scenario], first_id: int) -> list[NumberedScenario]:
    """Give the customers of each scenario ids of their own.

    Raises:
        ValueError: a scenario has more customers than ids.
    """
    scenarios = list(scenarios)
    for one in scenarios:
        if len(one.customers) > IDS_PER_SCENARIO:
            raise ValueError(f"the scenario {one.id} has more than {IDS_PER_SCENARIO} customers")
    return [NumberedScenario(one, first_id + IDS_PER_SCENARIO * place) for place, one in enumerate(scenarios)]


def run(
    system: BillingSystem,
    chosen: Sequence[NumberedScenario],
    *,
    access_token: str,
    port: int = 0,
    judge_numbers: bool = True,
    curl_of: Callable[[str], str] = lambda _: "",
    progress: Progress = lambda *_: None,
) -> Report:
    """Run scenarios in order and report.

    `curl_of` returns the command line that runs a single scenario. If the billing system can no longer be
    started or reached, the remaining scenarios are reported as undecided.

    Raises:
        OSError: the port is in use.
    """
    began = time.monotonic()
    started = datetime.datetime.now(datetime.UTC)
    results: list[Result] = []
    gone = ""
    sandbox = Sandbox(access_token)
    with tempfile.TemporaryDirectory(prefix="mock-solusio-") as folder, sandbox.open(port) as url:
        billing = _Run(system, sandbox, url, access_token, Path(folder))
        for position, one in enumerate(chosen):
            if gone:
                results.append(item_of(one.scenario).undecided(Outcome.ERROR, gone))
                continue
            progress(one.scenario, position, len(chosen))
            try:
                results.append(billing.scenario(one, curl_of(one.scenario.id)))
            except UnreachableError as error:
                gone = str(error)
                results.append(item_of(one.scenario).undecided(Outcome.ERROR, gone))
        if judge_numbers and (result := billing.numbers.result(curl_of(""))) is not None:
            results.append(result)
    return Report(
        command=COMMAND,
        tool_version=metadata.version("mock-solusio"),
        target=system.described,
        started=started.isoformat(timespec="seconds").replace("+00:00", "Z"),
        seconds=round(time.monotonic() - began, 3),
        seed=0,
        requests=billing.calls,
        users=(),
        facts=causes(results),
        results=tuple(results),
        clauses=_texts(results),
    )


class _Run:
    """A run in progress."""

    def __init__(
        self, system: BillingSystem, sandbox: Sandbox, url: str, access_token: str, folder: Path
    ) -> None:
        self._system = system
        self._sandbox = sandbox
        self._url = url
        self._access_token = access_token
        self._folder = folder
        self.numbers = InvoiceNumbers()
        self.calls = 0

    def scenario(self, one: NumberedScenario, curl: str) -> Result:
        """Play a scenario, have it billed, and judge the invoices.

        Raises:
            UnreachableError: the billing system cannot be started or reached.
        """
        began = time.monotonic()
        verdict = Verdict()
        error = ""
        customers = customers_document(one.scenario, one.ids)
        file = self._folder / f"{one.scenario.id}.json"
        file.write_bytes(customers)
        try:
            for place, period in enumerate(one.scenario.periods):
                shown = self._sandbox.show(one.scenario, one.ids, period)
                job = BillingJob(
                    period=period,
                    since=shown.since,
                    until=shown.until,
                    solusio_url=self._url,
                    access_token=self._access_token,
                    customers=customers,
                    customers_file=file,
                )
                self._period(one, job, shown, verdict, first=place == 0)
        except BillingError as failure:
            verdict.failed(
                "INV-001",
                "billing run",
                "it ends without an error",
                failure.text,
                response=failure.output,
                hint=f"It said: {_last_line(failure.output)}" if failure.output else "",
            )
        except DecodingError as problem:
            error = f"its invoices cannot be read: {problem}"
        except SandboxError as problem:
            error = str(problem)
        finally:
            self._sandbox.hide()
            file.unlink(missing_ok=True)
        return result_of(
            one.scenario, verdict, seconds=round(time.monotonic() - began, 3), curl=curl, error=error
        )

    def _period(
        self, one: NumberedScenario, job: BillingJob, shown: SandboxPeriod, verdict: Verdict, *, first: bool
    ) -> None:
        if (problem := _mismatch(one, job.period, shown)) != "":
            raise SandboxError(problem)
        if first and self._system.prepare is not None:
            self._do(self._system.prepare, job)
        self._do(self._system.bill, job)
        billed = self._invoices(job)
        refusal = ""
        try:
            self._do(self._system.bill, job)
        except BillingError as failure:
            if not failure.refused:
                raise
            # A refusal also avoids billing twice.
            refusal = failure.text
        again = self._invoices(job)
        self._sandbox.hide()
        verdict.checks += 1  # INV-001
        period = PeriodUsage(name=job.period, usage=shown.usage, window=shown.window)
        steps = [self._system.bill.shown(job), self._system.invoices.shown(job)]
        judge_period(
            one.scenario,
            one.ids,
            period,
            self._own(one, billed),
            verdict,
            question=f"{steps[0]}, then {steps[1]}",
            request="\n".join(steps),
        )
        judge_again(one.scenario, job.period, self._own(one, billed), self._own(one, again), verdict)
        if refusal:
            verdict.notes.append(f"billing {job.period} again was refused: {refusal}")

    def _do(self, step: Adapter, job: BillingJob) -> bytes:
        self.calls += 1
        return step.run(job)

    def _invoices(self, job: BillingJob) -> list[BilledInvoice]:
        invoices = read_invoices(self._do(self._system.invoices, job))
        found = [one for one in invoices if one.period == job.period]
        self.numbers.add(found)
        return found

    def _own(
        self, one: NumberedScenario, invoices: Iterable[BilledInvoice]
    ) -> Mapping[int, list[BilledInvoice]]:
        """Return the invoices of a scenario's customers, without those of other scenarios."""
        mine: dict[int, list[BilledInvoice]] = defaultdict(list)
        for invoice in invoices:
            if one.first_id <= invoice.billing_user_id < one.first_id + IDS_PER_SCENARIO:
                mine[invoice.billing_user_id].append(invoice)
        return mine


def _mismatch(one: NumberedScenario, period: str, shown: SandboxPeriod) -> str:
    """Return where /usage of the mock differs from the scenario, which would be our own mistake."""
    wanted = sorted(
        (one.ids[invoice.customer], line.on, line.resource, line.plan, line.hours, line.tokens, line.charge)
        for invoice in one.scenario.invoices
        if invoice.period == period
        for line in invoice.lines
    )
    known = {one.ids[customer.name] for customer in one.scenario.customers if not customer.unknown}
    found = sorted(
        (line.billing_user_id, line.server, line.resource, line.plan, line.hours, line.tokens, line.charge)
        for line in shown.usage
        if line.billing_user_id in known
    )
    if wanted == found:
        return ""
    odd = next(
        (pair for pair in zip(wanted, found, strict=False) if pair[0] != pair[1]), (wanted[-1:], found[-1:])
    )
    return f"the mock and the scenario differ about {period}: expected {odd[0]}, /usage has {odd[1]}"


def _last_line(output: str) -> str:
    lines = [line.strip() for line in output.splitlines() if line.strip()]
    # PHP writes the error first, and then where it was thrown.
    named = [line for line in lines if "rror" in line or "xception" in line]
    line = named[-1] if named else lines[-1] if lines else ""
    return line if len(line) <= 200 else line[:200] + "…"


def _texts(results: Iterable[Result]) -> tuple[ClauseText, ...]:
    cited = {number for result in results for number in result.clauses}
    return clause_texts({number for number in clauses() if number in cited or number.startswith("INV-")})


__all__ = ("NUMBERS", "BillingSystem", "NumberedScenario", "numbered", "run")
