"""Has a scenario billed in the sandbox, month by month, and judges the invoices."""

import datetime
import time
from collections import defaultdict
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, replace
from functools import cached_property
from pathlib import Path
from typing import Final

import msgspec

from mock_solusio.invoices.sandbox import SandboxPeriod
from mock_solusio.invoices.site import Site
from mock_solusio.sandbox import SandboxError
from solusio_contracts.adapter.customers import Pricing
from solusio_contracts.adapter.fault import Fault
from solusio_contracts.adapter.steps import Adapter, BillingError, UnreachableError
from solusio_contracts.adapter.verdict import Verdict
from solusio_contracts.decoding import DecodingError
from solusio_contracts.invoices.documents import BilledInvoice, read_invoices
from solusio_contracts.invoices.early_bill import EarlyUsage
from solusio_contracts.invoices.job import BillingJob
from solusio_contracts.invoices.numbers import InvoiceNumbers
from solusio_contracts.invoices.period_mistakes import LOCAL_TIME, Requested, found_in, windows
from solusio_contracts.invoices.scenario import Scenario, customers_document
from solusio_contracts.invoices.usage import UsageLine, month_bounds
from solusio_contracts.invoices.verdict import (
    JudgedInvoice,
    PeriodUsage,
    judge_again,
    judge_period,
    result_of,
)
from solusio_contracts.reporting.report import Result

BORDERS: Final = "months"
"""The area of the scenarios of month borders, which are also billed in other local times."""


@dataclass(frozen=True, slots=True, kw_only=True)
class BillingSystem:
    """A billing system, by its adapters."""

    prepare: Adapter | None
    bill: Adapter
    invoices: Adapter
    described: str
    """Its name in reports, without secrets."""
    zones: tuple[str, ...] = ()
    """Values of TZ with which its commands also bill the scenarios of month borders."""


@dataclass(frozen=True)
class NumberedScenario:
    """A scenario, and the first billing_user_id of its customers."""

    scenario: Scenario
    first_id: int

    @cached_property
    def ids(self) -> dict[str, int]:
        """The billing_user_id of each customer."""
        return {one.name: self.first_id + place for place, one in enumerate(self.scenario.customers)}


@dataclass(frozen=True, slots=True, kw_only=True)
class JudgedScenario:
    """A scenario that was judged; the causes are named once all scenarios are."""

    scenario: Scenario
    verdict: Verdict
    invoices: Sequence[JudgedInvoice]
    error: str
    seconds: float
    curl: str

    def result(self) -> Result:
        """Return the result; call it once the causes are named."""
        return result_of(self.scenario, self.verdict, seconds=self.seconds, curl=self.curl, error=self.error)


@dataclass(frozen=True, slots=True)
class _Read:
    """The invoices of a period, as they were read when it was billed."""

    job: BillingJob
    billed: Mapping[int, Sequence[BilledInvoice]]
    broken: frozenset[int]
    """The customers whose invoices cannot be read."""


class ScenarioRuns:
    """Has scenarios billed, one after the other, and judges the invoices."""

    def __init__(self, system: BillingSystem, site: Site) -> None:
        self._system = system
        self._site = site
        self._sandbox = site.sandbox
        self.numbers = InvoiceNumbers()
        self.calls = 0
        self._first: Pricing | None = None
        """The price of the first customer."""
        self._prepared = False
        """Whether the billing system has taken in customers."""

    def scenario(self, one: NumberedScenario, curl: str) -> JudgedScenario:
        """Play a scenario, have it billed, and judge the invoices.

        Raises:
            UnreachableError: the billing system cannot be started or reached, or never reached the mock.
        """
        began = time.monotonic()
        verdict = Verdict()
        file = self._site.folder / f"{one.scenario.id}.json"
        invoices: list[JudgedInvoice] = []
        try:
            error = self._billed(one, file, verdict, invoices)
            if one.scenario.area == BORDERS and not error and not verdict.findings:
                error = self._in_other_zones(one, file, verdict)
        finally:
            self._sandbox.hide()
            file.unlink(missing_ok=True)
        return JudgedScenario(
            scenario=one.scenario,
            verdict=verdict,
            invoices=invoices,
            error=error,
            seconds=round(time.monotonic() - began, 3),
            curl=curl,
        )

    def _in_other_zones(self, one: NumberedScenario, file: Path, verdict: Verdict) -> str:
        """Bill a scenario again in other local times; return why that could not be judged."""
        for zone in self._system.zones:
            there = Verdict()
            error = self._billed(one, file, there, [], zone=zone)
            verdict.checks += there.checks
            # The first finding is enough: in UTC there was none.
            verdict.findings += there.findings[:1]
            verdict.suspects += [(LOCAL_TIME,)] * len(there.findings[:1])
            if error:
                return f"with TZ={zone}: {error}"
        return ""

    def _billed(
        self,
        one: NumberedScenario,
        file: Path,
        verdict: Verdict,
        invoices: list[JudgedInvoice],
        *,
        zone: str = "",
    ) -> str:
        """Have all periods billed, and judge; return why a part could not be judged.

        What is left to judge is added to `invoices`.
        """
        unread: list[str] = []
        earlier: list[_Read] = []
        known = b""
        try:
            for period in one.scenario.periods:
                customers = customers_document(one.scenario, one.ids, period)
                self._first = self._first or first_price(one.scenario, period)
                early: dict[str, Sequence[UsageLine]] = {}
                for at in (*one.scenario.early_bills_of(period), None):
                    shown = self._sandbox.play(one.scenario, one.ids, period, at)
                    job = self._site.order(shown, customers, file, time_zone=zone)
                    if customers != known:
                        known = customers
                        self._prepare(job)
                    if at is None:
                        unread += self._period(one, job, shown, early, verdict, invoices, earlier)
                    elif self._bill_early(job):
                        early[msgspec.to_builtins(at)] = shown.usage
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
            return f"its invoices cannot be read: {problem}"
        except SandboxError as problem:
            return str(problem)
        return "; ".join(dict.fromkeys(unread))

    def _require_asked(self, failure: BillingError | None = None) -> None:
        """Refuse to judge a billing system that has never reached the mock.

        Raises:
            UnreachableError: no request has arrived.
        """
        if self._sandbox.was_asked:
            return
        said = "" if failure is None else f"{failure.text}: {_last_line(failure.output).rstrip('.')}. "
        raise UnreachableError(said + self._site.meeting.advice(self._site.url))

    def _period(
        self,
        one: NumberedScenario,
        job: BillingJob,
        shown: SandboxPeriod,
        early: EarlyUsage,
        verdict: Verdict,
        invoices: list[JudgedInvoice],
        earlier: list[_Read],
    ) -> list[str]:
        """Have a period billed twice, and judge; return which invoices cannot be read, and why.

        With the last period, the invoices of the earlier ones are read again; this one joins them.
        """
        if (problem := _mismatch(one, job.period, shown)) != "":
            raise SandboxError(problem)
        try:
            self._bill(job, () if earlier else one.scenario.faults)
        except BillingError as failure:
            self._require_asked(failure)
            raise
        self._require_asked()
        billed, broken = self._invoices(one, job)
        refusal = ""
        again = billed
        if not job.time_zone:
            try:
                self._do(self._system.bill, job)
            except BillingError as failure:
                if not failure.refused:
                    raise
                # A refusal also avoids billing twice.
                refusal = failure.text
            again, broken_again = self._invoices(one, job)
            broken |= broken_again
        last = job.period == one.scenario.periods[-1] and not job.time_zone
        later = [self._invoices(one, each.job) for each in earlier] if last else []
        self._sandbox.hide()
        verdict.checks += 1  # INV-001
        requested = self._sandbox.requested_periods()
        period = PeriodUsage(
            name=job.period,
            usage=shown.usage,
            requested=requested,
            seen=_seen(shown, job.period, requested),
            turned=self._sandbox.turned(),
            page_size=self._sandbox.page_size(),
            faulty=bool(one.scenario.faults and not earlier),
            strays=self._strays(one, job, billed.keys() | broken.keys()),
            early=early,
            first=self._first,
            circumstances=f"with TZ={job.time_zone}" if job.time_zone else "",
        )
        steps = [self._system.bill.shown(job), self._system.invoices.shown(job)]
        invoices += judge_period(
            one.scenario,
            one.ids,
            period,
            billed,
            verdict,
            broken=broken,
            question=f"{steps[0]}, then {steps[1]}",
            request="\n".join(steps),
        )
        for key in broken:
            billed.pop(key, None)
            again.pop(key, None)
        judge_again(
            one.scenario, job.period, billed, again, verdict, question=f"{steps[0]}, twice, then {steps[1]}"
        )
        for each, (found, broken_later) in zip(earlier if last else (), later, strict=True):
            judge_again(
                one.scenario,
                each.job.period,
                {key: value for key, value in each.billed.items() if key not in broken_later},
                {key: value for key, value in found.items() if key not in each.broken | broken_later.keys()},
                verdict,
                question=self._system.invoices.shown(each.job),
                later=True,
            )
        earlier.append(_Read(job, billed, frozenset(broken)))
        if refusal:
            verdict.notes.append(f"billing {job.period} again was refused: {refusal}")
        names = {number: name for name, number in one.ids.items()}
        return [f"the invoice of {names[key]} cannot be read: {text}" for key, text in broken.items()]

    def _prepare(self, job: BillingJob) -> None:
        """Tell the billing system its customers and their prices.

        Raises:
            BillingError: the billing system failed.
            UnreachableError: it failed and has never succeeded: it is not set up, and nothing can be judged.
        """
        job.customers_file.write_bytes(job.customers)
        if self._system.prepare is None:
            return
        try:
            self._do(self._system.prepare, job)
        except BillingError as failure:
            if self._prepared:
                raise
            said = f": {_last_line(failure.output)}" if failure.output else ""
            raise UnreachableError(f"--prepare failed: {failure.text}{said}") from failure
        self._prepared = True

    def _bill_early(self, job: BillingJob) -> bool:
        """Bill a month that is still open; the billing system may refuse. Return whether it did bill.

        Raises:
            BillingError: the billing system crashed or did not end.
        """
        try:
            self._do(self._system.bill, job)
        except BillingError as failure:
            if not failure.ended:
                self._require_asked(failure)
                raise
            return False
        return True

    def _strays(
        self, one: NumberedScenario, job: BillingJob, found: Collection[int]
    ) -> dict[int, list[BilledInvoice]]:
        """Look for missing invoices under the months around; a billing system that refuses has none there."""
        wanted = {one.ids[each.customer] for each in one.scenario.invoices if each.period == job.period}
        missing = wanted.difference(found)
        strays: dict[int, list[BilledInvoice]] = defaultdict(list)
        for period in _around(job.period) if missing else ():
            try:
                others, _ = read_invoices(self._do(self._system.invoices, replace(job, period=period)))
            except (BillingError, DecodingError):
                continue
            for invoice in others:
                if invoice.billing_user_id in missing and invoice.period != job.period:
                    strays[invoice.billing_user_id].append(invoice)
        return strays

    def _bill(self, job: BillingJob, faults: Sequence[Fault]) -> None:
        """Bill a period; after a run that failed because of faults, once more without them, as cron does.

        Raises:
            BillingError: the billing system failed.
        """
        self._sandbox.inject(faults)
        try:
            self._do(self._system.bill, job)
        except BillingError:
            if not faults:
                raise
            self._sandbox.clear_faults()
            self._do(self._system.bill, job)
        finally:
            self._sandbox.clear_faults()

    def _do(self, step: Adapter, job: BillingJob) -> bytes:
        self.calls += 1
        return step.run(job)

    def _invoices(
        self, one: NumberedScenario, job: BillingJob
    ) -> tuple[dict[int, list[BilledInvoice]], dict[int, str]]:
        """Read the invoices of a scenario's customers for a period; and why some cannot be read.

        Raises:
            DecodingError: nothing can be read, or an invoice that does not say whose it is.
        """
        invoices, broken = read_invoices(self._do(self._system.invoices, job))
        found = [invoice for invoice in invoices if invoice.period == job.period]
        self.numbers.add(found)
        customers = set(one.ids.values())
        mine: dict[int, list[BilledInvoice]] = defaultdict(list)
        for invoice in found:
            if invoice.billing_user_id in customers:
                mine[invoice.billing_user_id].append(invoice)
        unread: dict[int, str] = {}
        for each in broken:
            if each.billing_user_id is None:
                raise DecodingError(each.problem)
            if each.billing_user_id in customers and each.period in (job.period, None):
                unread[each.billing_user_id] = each.problem
        return dict(mine), unread


def first_price(scenario: Scenario, period: str) -> Pricing | None:
    """Return the price of the first customer known to the billing system."""
    prices = (one.pricing_in(period) for one in scenario.customers)
    return next((one for one in prices if one is not None), None)


def _seen(shown: SandboxPeriod, period: str, requested: Requested) -> list[UsageLine]:
    """Return the lines of the requested periods, unless the month is among them."""
    since, until = month_bounds(period)
    if not any(found_in(requested, since, until)):
        return []
    return [line for begin, end in windows(requested, until) for line in shown.window(begin, end)]


def _around(period: str) -> list[str]:
    """Return the months before and after a month."""
    since, until = month_bounds(period)
    return [f"{moment:%Y-%m}" for moment in (since - datetime.timedelta(days=1), until)]


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
