"""Plays scenarios for a billing system, lets it bill them, and reports. Never prints, never exits."""

import datetime
import tempfile
import time
from collections import defaultdict
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from importlib import metadata
from pathlib import Path
from typing import Final

from mock_solusio.invoices.sandbox import Shown, Stage, StageError
from solusio_contracts.checking.runner import clause_texts
from solusio_contracts.contract.clauses import clauses
from solusio_contracts.decoding import DecodingError
from solusio_contracts.invoices.adapter import BillingError, Order, Step, UnreachableError
from solusio_contracts.invoices.documents import BilledInvoice, read_invoices
from solusio_contracts.invoices.scenario import Scenario, customers_document
from solusio_contracts.invoices.verdict import (
    NUMBERS,
    Numbers,
    Period,
    Verdict,
    causes,
    item_of,
    judge_again,
    judge_period,
    result_of,
)
from solusio_contracts.reporting.report import ClauseText, Outcome, Report, Result

COMMAND: Final = "invoices check"
EACH: Final = 10
"""How many billing_user_ids a scenario has for its customers."""

Progress = Callable[[Scenario, int, int], None]
"""Called before each scenario with its position (from 0) and the number of scenarios."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Target:
    """A billing system, and how it is told to bill."""

    prepare: Step | None
    bill: Step
    invoices: Step
    described: str
    """Secrets left out."""


@dataclass(frozen=True, slots=True)
class Numbered:
    """A scenario, and the first of the ids that are its customers' alone."""

    scenario: Scenario
    first_id: int

    @property
    def ids(self) -> dict[str, int]:
        """The billing_user_id of each customer."""
        return {one.name: self.first_id + place for place, one in enumerate(self.scenario.customers)}


def numbered(scenarios: Iterable[Scenario], first_id: int) -> list[Numbered]:
    """Give the customers of all scenarios ids that no other scenario has.

    Raises:
        ValueError: a scenario has more customers than ids.
    """
    scenarios = list(scenarios)
    for one in scenarios:
        if len(one.customers) > EACH:
            raise ValueError(f"the scenario {one.id} has more than {EACH} customers")
    return [Numbered(one, first_id + EACH * place) for place, one in enumerate(scenarios)]


def run(
    target: Target,
    chosen: Sequence[Numbered],
    *,
    access_token: str,
    port: int = 0,
    judge_numbers: bool = True,
    curl_of: Callable[[str], str] = lambda _: "",
    progress: Progress = lambda *_: None,
) -> Report:
    """Run scenarios in order and report.

    `curl_of` gives the shell line that runs a scenario alone. A billing system that cannot be started or
    reached any more ends the run: the rest is reported as undecided.

    Raises:
        OSError: the port is in use.
    """
    began = time.monotonic()
    started = datetime.datetime.now(datetime.UTC)
    results: list[Result] = []
    gone = ""
    stage = Stage(access_token)
    with tempfile.TemporaryDirectory(prefix="mock-solusio-") as folder, stage.open(port) as url:
        billing = _Billing(target, stage, url, access_token, Path(folder))
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
        target=target.described,
        started=started.isoformat(timespec="seconds").replace("+00:00", "Z"),
        seconds=round(time.monotonic() - began, 3),
        seed=0,
        requests=billing.calls,
        users=(),
        facts=causes(results),
        results=tuple(results),
        clauses=_texts(results),
    )


class _Billing:
    """A run under way."""

    def __init__(self, target: Target, stage: Stage, url: str, access_token: str, folder: Path) -> None:
        self._target = target
        self._stage = stage
        self._url = url
        self._access_token = access_token
        self._folder = folder
        self.numbers = Numbers()
        self.calls = 0

    def scenario(self, one: Numbered, curl: str) -> Result:
        """Play a scenario, let it be billed, and judge.

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
                shown = self._stage.show(one.scenario, one.ids, period)
                order = Order(
                    period=period,
                    since=shown.since,
                    until=shown.until,
                    solusio_url=self._url,
                    access_token=self._access_token,
                    customers=customers,
                    customers_file=file,
                )
                self._period(one, order, shown, verdict, first=place == 0)
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
        except StageError as problem:
            error = str(problem)
        finally:
            self._stage.hide()
            file.unlink(missing_ok=True)
        return result_of(
            one.scenario, verdict, seconds=round(time.monotonic() - began, 3), curl=curl, error=error
        )

    def _period(self, one: Numbered, order: Order, shown: Shown, verdict: Verdict, *, first: bool) -> None:
        if (problem := _misfit(one, order.period, shown)) != "":
            raise StageError(problem)
        if first and self._target.prepare is not None:
            self._do(self._target.prepare, order)
        self._do(self._target.bill, order)
        billed = self._invoices(order)
        again, refusal = billed, ""
        try:
            self._do(self._target.bill, order)
        except BillingError as failure:
            if not failure.refused:
                raise
            # To say no is a way of not billing twice, too.
            refusal = failure.text
        again = self._invoices(order)
        self._stage.hide()
        verdict.checks += 1  # INV-001
        period = Period(name=order.period, usage=shown.usage, window=shown.window)
        steps = [self._target.bill.shown(order), self._target.invoices.shown(order)]
        judge_period(
            one.scenario,
            one.ids,
            period,
            self._own(one, billed),
            verdict,
            question=f"{steps[0]}, then {steps[1]}",
            request="\n".join(steps),
        )
        judge_again(one.scenario, order.period, self._own(one, billed), self._own(one, again), verdict)
        if refusal:
            verdict.notes.append(f"billing {order.period} again was refused: {refusal}")

    def _do(self, step: Step, order: Order) -> bytes:
        self.calls += 1
        return step.run(order)

    def _invoices(self, order: Order) -> list[BilledInvoice]:
        told = read_invoices(self._do(self._target.invoices, order))
        found = [one for one in told if one.period == order.period]
        self.numbers.note(found)
        return found

    def _own(self, one: Numbered, invoices: Iterable[BilledInvoice]) -> Mapping[int, list[BilledInvoice]]:
        """Return the invoices of a scenario's customers: others are there as well."""
        mine: dict[int, list[BilledInvoice]] = defaultdict(list)
        for invoice in invoices:
            if one.first_id <= invoice.billing_user_id < one.first_id + EACH:
                mine[invoice.billing_user_id].append(invoice)
        return mine


def _misfit(one: Numbered, period: str, shown: Shown) -> str:
    """Say where /usage of the mock is not what the scenario expects: that would be a mistake of ours."""
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
    # PHP names the error first, and ends with where it was thrown.
    named = [line for line in lines if "rror" in line or "xception" in line]
    line = named[-1] if named else lines[-1] if lines else ""
    return line if len(line) <= 200 else line[:200] + "…"


def _texts(results: Iterable[Result]) -> tuple[ClauseText, ...]:
    cited = {number for result in results for number in result.clauses}
    return clause_texts({number for number in clauses() if number in cited or number.startswith("INV-")})


__all__ = ("NUMBERS", "Numbered", "Target", "numbered", "run")
