"""Judges what was billed for a scenario, and makes its result. Pure."""

import re
from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from itertools import pairwise
from typing import Final

import msgspec

from solusio_contracts.adapter.customers import Pricing
from solusio_contracts.adapter.verdict import Difference, Mistake, Verdict, judged
from solusio_contracts.contract.clauses import Level
from solusio_contracts.invoices import period_mistakes
from solusio_contracts.invoices.case import Case
from solusio_contracts.invoices.compare_amounts import compare_amounts, money
from solusio_contracts.invoices.compare_lines import compare_lines
from solusio_contracts.invoices.diagnosis import explain_amounts, explain_lines, explain_missing
from solusio_contracts.invoices.differences import Comparison
from solusio_contracts.invoices.documents import BilledInvoice
from solusio_contracts.invoices.early_bill import EarlyUsage, not_yet_there, open_month
from solusio_contracts.invoices.float_noise import FLOAT_NOISE, without_noise
from solusio_contracts.invoices.method import BilledAmounts, Explanation, Method
from solusio_contracts.invoices.period_mistakes import Requested, windows
from solusio_contracts.invoices.run_mistakes import EARLIER, EMPTY, TWO_METHODS, of_second_run, of_several
from solusio_contracts.invoices.scenario import ExpectedInvoice, Scenario, ScenarioCustomer
from solusio_contracts.invoices.usage import LineKey, UsageLine, UsageWindow, by_customer, month_bounds
from solusio_contracts.reporting.report import Item, Outcome, Result
from solusio_contracts.reporting.view import plural

INVOICE_SHOWN: Final = 1200
"""Characters of a billed invoice that a finding shows."""
NUMBERS: Final = "invoice-numbers"
"""The name of the check over all invoices of a run."""

METHOD: Final = "rounding-method"
"""The name of the check that one method of rounding explains all invoices."""

Billed = Mapping[int, Sequence[BilledInvoice]]
"""The invoices of a period by billing_user_id."""


@dataclass(frozen=True, slots=True, kw_only=True)
class PeriodUsage:
    """A period of a scenario, and what there was to bill."""

    name: str
    usage: Sequence[UsageLine]
    """All lines, in the order of /usage."""
    window: UsageWindow
    requested: Requested = ()
    """The periods for which the billing system requested usage."""
    early: EarlyUsage = field(default_factory=dict)
    """All lines each time that it was billed while it was open."""
    circumstances: str = ""
    """What is special about this run: `with TZ=Pacific/Auckland`."""


def judge_period(
    scenario: Scenario,
    ids: Mapping[str, int],
    period: PeriodUsage,
    billed: Billed,
    verdict: Verdict,
    *,
    broken: Collection[int] = (),
    question: str,
    request: str,
) -> list["PendingAmounts"]:
    """Compare the lines of a period's invoices with the expected ones; return what is left to compare.

    `broken` are the billing_user_ids of customers whose invoices cannot be read: they are left out.
    """
    right = {one.customer: one for one in scenario.invoices if one.period == period.name}
    own = by_customer(period.usage)
    pending: list[PendingAmounts] = []
    for customer in scenario.customers:
        number = ids[customer.name]
        if number in broken:
            continue
        found = billed.get(number, ())
        pricing = customer.pricing_in(period.name)
        where = _where(scenario, customer, period)
        comparison = Comparison(where)
        expected = right.get(customer.name)
        _count(comparison, customer, pricing, expected, found, number)
        mine = own.get(number, [])
        early = {
            at: [line for line in lines if line.billing_user_id == number]
            for at, lines in period.early.items()
        }
        if expected is not None and not found:
            mistakes = _why_missing(period, number) or explain_missing(mine, period.usage)
            comparison.differences = not_yet_there(early, expected.tokens, where) or [
                replace(one, mistakes=mistakes) for one in comparison.differences
            ]
        if expected is not None and found and pricing is not None:
            invoice, noisy = without_noise(_closest(expected, found), pricing.currency.decimals)
            if noisy:
                comparison.expect(
                    False,
                    "INV-011",
                    "decimals",
                    f"amounts of {plural(pricing.currency.decimals, 'decimal')}",
                    ", ".join(str(amount) for amount in noisy[:3]),
                    mistakes=(FLOAT_NOISE,),
                )
            foreign = _foreign(scenario, ids, own, customer)
            compare_lines(expected, invoice, comparison, foreign)
            case = Case(
                expected=expected,
                billed=invoice,
                pricing=pricing,
                usage=mine,
                everybody=period.usage,
                window=period.window,
                requested=period.requested,
                same_mail=[
                    line
                    for other in scenario.customers
                    if other is not customer and other.email == customer.email
                    for line in own.get(ids[other.name], ())
                ],
            )
            if comparison.differences:
                comparison.differences = open_month(case, early, where) or explained(
                    comparison.differences, explain_lines(case)
                )
            pending.append(
                PendingAmounts(
                    case, f"{scenario.id}, {customer.name}, {period.name}", where, question, request
                )
            )
        verdict.checks += comparison.checks
        response = "\n".join(invoice_text(one) for one in found)[:INVOICE_SHOWN]
        verdict.add(comparison.differences, question=question, request=request, response=response)
    return pending


@dataclass(frozen=True, slots=True)
class PendingAmounts:
    """An invoice whose amounts are judged once the method of rounding is known."""

    case: Case
    name: str
    """Scenario, customer and period."""
    where: str
    question: str
    request: str

    def billed(self) -> BilledAmounts:
        """Return its amounts, and what they follow from."""
        return BilledAmounts(self.case.billed, self.case.pricing)


def judge_amounts(pending: PendingAmounts, method: Method, verdict: Verdict) -> None:
    """Compare the amounts of an invoice with those of a method."""
    case = pending.case
    comparison = Comparison(pending.where)
    compare_amounts(case.expected, case.billed, case.pricing, comparison, method)
    verdict.checks += comparison.checks
    if comparison.differences:
        mistakes, gross = explain_amounts(case, pending.billed().total_by(method))
        differences = [
            # A small difference with another cause than rounding violates the other clause.
            replace(one, clause="INV-006") if gross and one.clause == "INV-007" else one
            for one in explained(comparison.differences, mistakes)
        ]
        response = invoice_text(case.billed)[:INVOICE_SHOWN]
        verdict.add(differences, question=pending.question, request=pending.request, response=response)


def explained(
    differences: Iterable[Difference], mistakes: Mapping[str, tuple[Mistake, ...]]
) -> list[Difference]:
    """Return differences with the mistakes that explain what they are about."""
    return [replace(one, mistakes=one.mistakes or mistakes.get(one.about, ())) for one in differences]


def judge_method(pending: Sequence[PendingAmounts], found: Explanation) -> Verdict:
    """Check that all invoices are rounded by one method."""
    verdict = Verdict(checks=found.of)
    if found.contradiction:
        told = [_rounded(pending[place], method) for place, method in found.contradiction]
        verdict.add(
            [
                Difference(
                    "INV-016",
                    "two invoices",
                    "amounts that follow from one method of rounding",
                    "; ".join(told),
                    "",
                    "If you round differently on purpose, declare it in [invoices.method].",
                    (TWO_METHODS,),
                )
            ]
        )
    return verdict


def result_of_method(verdict: Verdict, curl: str) -> Result:
    """Return the result of the check that all invoices are rounded by one method."""
    title = "all invoices of this run are rounded by one method"
    return judged(Item(METHOD, "rounding", title, ("INV-016",)), verdict, curl=curl)


def _rounded(pending: PendingAmounts, method: Method) -> str:
    priced = pending.billed().priced
    exact = float(priced.exact) / 10**priced.decimals
    total = money(pending.case.billed.total, pending.case.pricing)
    return f"{pending.name}: {exact:.6g} became {total}, as by {method}"


def judge_again(
    scenario: Scenario,
    period: str,
    first: Billed,
    second: Billed,
    verdict: Verdict,
    *,
    question: str = "",
    later: bool = False,
) -> None:
    """Compare the invoices before and after a second billing run, or `later` ones of other periods."""
    verdict.checks += 1
    before = {(number, str(one.number)): one for number, found in first.items() for one in found}
    after = {(number, str(one.number)): one for number, found in second.items() for one in found}
    if before == after and _sizes(first) == _sizes(second):
        return
    where = f"{period}: " if len(scenario.periods) > 1 else ""
    hint = ""
    if later and any(one.later_pricing for one in scenario.customers):
        hint = "If --prepare deletes invoices, then only those of {period} and later."
    new = [number for _, number in after if number not in {one for _, one in before}]
    gone = [number for _, number in before if number not in {one for _, one in after}]
    if new and gone:
        actual = f"other numbers: {_names(gone)} became {_names(new)}"
    elif new:
        actual = f"{plural(len(new), 'more invoice')}: {_names(new)}"
    elif gone:
        actual = f"{plural(len(gone), 'invoice')} gone: {_names(gone)}"
    else:
        changed = [key[1] for key in before if after.get(key) != before[key]]
        actual = f"changed: {_names(changed)}" if changed else "an invoice is there twice"
        new = [] if changed else [number for _, number in after]
    verdict.failed(
        "INV-012",
        f"{where}{'after later months' if later else 'billing again'}",
        f"the same {plural(sum(_sizes(first)), 'invoice')} as before",
        actual,
        hint=hint,
        mistakes=(EARLIER if later else of_second_run(new, gone),),
        question=question,
        response="\n".join(invoice_text(one) for one in after.values())[:INVOICE_SHOWN],
    )


def result_of(scenario: Scenario, verdict: Verdict, *, seconds: float, curl: str, error: str = "") -> Result:
    """Return the result of a scenario; `error` says why it could not be judged completely."""
    item = item_of(scenario)
    failed = any(one.level == Level.MUST for one in verdict.findings)
    if error and not failed:
        return item.undecided(Outcome.ERROR, error, seconds=seconds)
    notes = [error] if error else []
    if verdict.findings and scenario.assumes:
        notes.append(f"This scenario assumes: {scenario.assumes}")
    return judged(item, verdict, notes=notes, seconds=seconds, curl=curl)


def item_of(scenario: Scenario) -> Item:
    """Return a scenario as reports show it."""
    return Item(scenario.id, scenario.area, scenario.title, scenario.clauses)


class InvoiceNumbers:
    """Checks that no two invoices of a run have the same number (INV-013), and for gaps (INV-017)."""

    def __init__(self) -> None:
        self._seen: dict[str, tuple[int, str]] = {}
        self._twice: dict[str, tuple[tuple[int, str], tuple[int, str]]] = {}

    def add(self, invoices: Iterable[BilledInvoice]) -> None:
        """Add the invoices of a period, as the billing system returned them."""
        for one in invoices:
            number, owner = str(one.number), (one.billing_user_id, one.period)
            known = self._seen.setdefault(number, owner)
            # The same customer and period may be the same invoice; if not, another clause is violated.
            if known != owner and number not in self._twice:
                self._twice[number] = (known, owner)

    def _gaps(self) -> Iterator[Difference]:
        """Yield where numbers are missing; they may have a fixed prefix, such as the year."""
        series: dict[str, list[tuple[int, str]]] = {}
        for number in self._seen:
            digits = re.search(r"[0-9]+$", number)
            if digits is None:
                yield Difference("INV-017", "number of an invoice", "digits at its end", number, "numbers")
            else:
                series.setdefault(number[: digits.start()], []).append((int(digits[0]), number))
        for found in series.values():
            for (before, name), (after, next_name) in pairwise(sorted(found)):
                if after > before + 1:
                    yield Difference(
                        "INV-017", "numbers of invoices", f"no gap after {name}", next_name, "numbers"
                    )

    def result(self, curl: str, *, gapless: bool = False) -> Result | None:
        """Return the result, if there were any invoices; `gapless`: gaps between numbers count, too."""
        if not self._seen:
            return None
        verdict = Verdict(checks=len(self._seen))
        verdict.add(
            Difference(
                "INV-013",
                "number of an invoice",
                "one invoice of each number",
                f"{number} is the invoice of customer {one[0]} for {one[1]}"
                f" and of customer {other[0]} for {other[1]}",
                "",
                "If --prepare empties your database, keep the counter of the numbers.",
            )
            for number, (one, other) in self._twice.items()
        )
        if gapless:
            verdict.add(self._gaps())
        title = "no two invoices of this run have the same number"
        return judged(Item(NUMBERS, "numbers", title, ("INV-013", "INV-017")), verdict, curl=curl)


def invoice_text(invoice: BilledInvoice) -> str:
    """Return an invoice as readable JSON."""
    members = {name: value for name, value in msgspec.to_builtins(invoice).items() if value is not None}
    return msgspec.json.format(msgspec.json.encode(members), indent=2).decode()


def _count(
    comparison: Comparison,
    customer: ScenarioCustomer,
    pricing: Pricing | None,
    expected: ExpectedInvoice | None,
    found: Sequence[BilledInvoice],
    number: int,
) -> None:
    """Check the number of invoices of a customer."""
    who = f"{customer.full_name}, billing_user_id {number}"
    if expected is not None:
        assert pricing is not None  # noqa: S101 - an unknown customer has no invoices
        one = f"one invoice over {money(expected.total, pricing)} ({who})"
        comparison.expect(
            len(found) == 1,
            "INV-002",
            "invoice",
            one,
            _numbers(found),
            about="missing" if not found else "count",
            mistakes=(of_several(found),) if found else (),
        )
    elif customer.unknown:
        comparison.expect(
            not found,
            "INV-014",
            "unknown customer",
            f"no invoice: the billing system does not know {number}",
            _numbers(found),
        )
    else:
        comparison.expect(
            not found,
            "INV-003",
            "no usage",
            f"no invoice ({who})",
            _numbers(found),
            about="without usage",
            mistakes=(EMPTY,),
        )
        strange = [line for invoice in found for line in invoice.lines]
        comparison.expect(
            not strange,
            "INV-004",
            "lines without usage",
            "no line",
            f"{plural(len(strange), 'line')}, such as {strange[0].server}" if strange else "",
        )


def _why_missing(period: PeriodUsage, number: int) -> tuple[Mistake, ...]:
    """Return the mistakes in the requested period, if it has no usage of a customer."""
    mistakes = tuple(period_mistakes.found_in(period.requested, *month_bounds(period.name)))
    if not mistakes:
        return ()
    seen = [line for begin, end in windows(period.requested) for line in period.window(begin, end)]
    return () if any(line.billing_user_id == number for line in seen) else mistakes


def _numbers(found: Sequence[BilledInvoice]) -> str:
    if not found:
        return "none"
    return f"{plural(len(found), 'invoice')}: {_names([str(one.number) for one in found])}"


def _names(numbers: Sequence[str]) -> str:
    more = f" and {len(numbers) - 3} more" if len(numbers) > 3 else ""
    return ", ".join(numbers[:3]) + more


def _sizes(billed: Billed) -> list[int]:
    return sorted(len(found) for found in billed.values() if found)


def _closest(expected: ExpectedInvoice, found: Sequence[BilledInvoice]) -> BilledInvoice:
    """Return the invoice most like the expected one, if there are several."""
    return min(found, key=lambda one: (one.total != expected.total, abs(one.tokens - expected.tokens)))


def _where(scenario: Scenario, customer: ScenarioCustomer, period: PeriodUsage) -> str:
    parts = [customer.name] if len(scenario.customers) > 1 else []
    if len(scenario.periods) > 1:
        parts.append(period.name)
    if period.circumstances:
        parts.append(period.circumstances)
    return f"{', '.join(parts)}: " if parts else ""


def _foreign(
    scenario: Scenario,
    ids: Mapping[str, int],
    own: Mapping[int | None, Sequence[UsageLine]],
    customer: ScenarioCustomer,
) -> dict[LineKey, str]:
    """Return the owners of lines that other customers have and this one does not."""
    names = {number: name for name, number in ids.items()}
    mine = {line.key for line in own.get(ids[customer.name], ())}
    foreign: dict[LineKey, str] = {}
    for number, lines in own.items():
        name = names.get(number or 0)
        for line in lines:
            if line.key not in mine:
                unknown = name is not None and scenario.customer(name).unknown
                who = name or "a user without a billing_user_id"
                foreign[line.key] = f"{who}, unknown to the billing system" if unknown else who
    return foreign
