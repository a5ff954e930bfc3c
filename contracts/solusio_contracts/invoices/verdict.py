"""Judges what was billed for a scenario, and makes its result. Pure."""

from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Final

import msgspec

from solusio_contracts.adapter.customers import Pricing
from solusio_contracts.adapter.verdict import Difference, Verdict, judged
from solusio_contracts.contract.clauses import Level
from solusio_contracts.invoices.case import Case, Neighbour
from solusio_contracts.invoices.compare_amounts import compare_amounts, money
from solusio_contracts.invoices.compare_lines import compare_lines
from solusio_contracts.invoices.diagnosis import Diagnosis, Judged, diagnose
from solusio_contracts.invoices.differences import Comparison
from solusio_contracts.invoices.documents import BilledInvoice
from solusio_contracts.invoices.early_bill import EarlyUsage, not_yet_there, open_month
from solusio_contracts.invoices.float_noise import FLOAT_NOISE, without_noise
from solusio_contracts.invoices.method import BilledAmounts, Explanation, Method
from solusio_contracts.invoices.period_mistakes import Requested
from solusio_contracts.invoices.run_mistakes import EARLIER, EMPTY, TWO_METHODS, of_second_run, of_several
from solusio_contracts.invoices.scenario import ExpectedInvoice, Scenario, ScenarioCustomer
from solusio_contracts.invoices.usage import LineKey, UsageLine, by_customer
from solusio_contracts.reporting.report import Item, Outcome, Result
from solusio_contracts.reporting.words import plural

INVOICE_SHOWN: Final = 1200
"""Characters of a billed invoice that a finding shows."""
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
    requested: Requested = ()
    """The periods for which the billing system requested usage."""
    seen: Sequence[UsageLine] = ()
    """The lines of these periods, if the month is not among them."""
    turned: bool | None = None
    """Whether it requested a later page."""
    page_size: int | None = None
    """How many lines on a page it requested; None: not known."""
    faulty: bool = False
    """Whether SolusIO had faults."""
    strays: Billed = field(default_factory=dict)
    """Invoices of other months that missing ones were looked for in."""
    early: EarlyUsage = field(default_factory=dict)
    """All lines each time that it was billed while it was open."""
    first: Pricing | None = None
    """The price of the first customer that the database got."""
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
) -> list["JudgedInvoice"]:
    """Compare the lines of a period's invoices with the expected ones; return what is left to judge.

    `broken` are the billing_user_ids of customers whose invoices cannot be read: they are left out.
    """
    right = {one.customer: one for one in scenario.invoices if one.period == period.name}
    own = by_customer(period.usage)
    neighbours = [
        Neighbour(number=ids[one.name], email=one.email, pricing=one.pricing_in(period.name))
        for one in scenario.customers
    ]
    judged: list[JudgedInvoice] = []
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
        early = {
            at: [line for line in lines if line.billing_user_id == number]
            for at, lines in period.early.items()
        }
        invoice = _closest(expected, found) if found else None
        if expected is not None and invoice is not None and pricing is not None:
            invoice, noisy = without_noise(invoice, pricing.currency.decimals)
            if noisy:
                comparison.expect(
                    False,
                    "INV-011",
                    "decimals",
                    f"amounts of {plural(pricing.currency.decimals, 'decimal')}",
                    ", ".join(str(amount) for amount in noisy[:3]),
                    mistakes=(FLOAT_NOISE,),
                )
            compare_lines(expected, invoice, comparison, _foreign(scenario, ids, own, customer))
        case = Case(
            scenario=scenario.id,
            number=number,
            period=period.name,
            expected=expected,
            billed=invoice,
            pricing=pricing,
            usage=own.get(number, []),
            everybody=period.usage,
            requested=period.requested,
            seen=period.seen,
            turned=period.turned,
            page_size=period.page_size,
            neighbours=neighbours,
            first=period.first,
            strays=period.strays.get(number, ()),
            faulty=period.faulty,
            old_prices=[one for one in _prices(customer) if one != pricing],
        )
        if expected is not None and not case.usage_is_right:
            early_ones = (
                not_yet_there(early, expected.tokens, where)
                if invoice is None
                else open_month(case, invoice, early, where)
            )
            if early_ones:
                comparison.differences = early_ones
                case = replace(case, usage_explained=True)
        verdict.checks += comparison.checks
        response = "\n".join(invoice_text(one) for one in found)[:INVOICE_SHOWN]
        places = _added(
            verdict, comparison.differences, question=question, request=request, response=response
        )
        name = f"{scenario.id}, {customer.name}, {period.name}"
        judged.append(JudgedInvoice(case, name, where, question, request, places))
    return judged


def _prices(customer: ScenarioCustomer) -> Iterator[Pricing]:
    """Yield what a token costs a customer in the course of a scenario."""
    if customer.pricing is not None:
        yield customer.pricing
    yield from (one for _, one in customer.later_pricing)


def _added(verdict: Verdict, differences: Sequence[Difference], **shown: str) -> dict[int, str]:
    """Add differences; return the places of those without a cause, and what they are about."""
    first = len(verdict.findings)
    verdict.add(differences, **shown)
    return {first + place: one.about for place, one in enumerate(differences) if not one.mistakes}


@dataclass(frozen=True, slots=True)
class JudgedInvoice:
    """What a customer was billed: its amounts are judged once the method of rounding is known."""

    case: Case
    name: str
    """Scenario, customer and period."""
    where: str
    question: str
    request: str
    places: dict[int, str]
    """The places of findings in the verdict whose cause is not known yet, and what they are about."""

    @property
    def has_amounts(self) -> bool:
        """Whether there is an invoice whose amounts can be judged."""
        case = self.case
        return case.expected is not None and case.billed is not None and case.pricing is not None

    def billed(self) -> BilledAmounts:
        """Return the amounts of the invoice, and what they follow from; only if it `has_amounts`."""
        assert self.case.billed is not None  # noqa: S101
        assert self.case.pricing is not None  # noqa: S101
        return BilledAmounts(self.case.billed, self.case.pricing)


def judge_amounts(judged: JudgedInvoice, method: Method, verdict: Verdict) -> None:
    """Compare the amounts of an invoice, if there is one, with those of a method."""
    case = judged.case
    if case.expected is None or case.billed is None or case.pricing is None:
        return
    comparison = Comparison(judged.where)
    compare_amounts(case.expected, case.billed, case.pricing, comparison, method)
    verdict.checks += comparison.checks
    response = invoice_text(case.billed)[:INVOICE_SHOWN]
    judged.places.update(
        _added(
            verdict,
            comparison.differences,
            question=judged.question,
            request=judged.request,
            response=response,
        )
    )


def name_mistakes(judged: Sequence[tuple[JudgedInvoice, Verdict]]) -> Diagnosis:
    """Add to findings the mistakes that explain them, from all that was billed in a run; return these."""
    found = diagnose([Judged(one.case, _wrong(one, verdict)) for one, verdict in judged])
    for one, verdict in judged:
        for place, about in one.places.items():
            verdict.suspects[place] = found.of(one.case.scenario, about)
            finding = verdict.findings[place]
            # A small difference with another cause than rounding violates the other clause.
            if finding.clause == "INV-007" and found.has_other_cause_than_rounding(one.case.scenario):
                verdict.findings[place] = msgspec.structs.replace(finding, clause="INV-006")
    return found


def _wrong(judged: JudgedInvoice, verdict: Verdict) -> frozenset[str]:
    slight = any(verdict.findings[place].clause == "INV-007" for place in judged.places)
    return frozenset((*judged.places.values(), *(("slight",) if slight else ())))


def judge_method(judged: Sequence[JudgedInvoice], found: Explanation, diagnosis: Diagnosis) -> Verdict:
    """Check that all invoices are rounded by one method, unless the diagnosis has another cause."""
    verdict = Verdict(checks=found.of)
    if found.contradiction:
        told = [_rounded(judged[place], method) for place, method in found.contradiction]
        verdict.add(
            [
                Difference(
                    "INV-016",
                    "two invoices",
                    "amounts that follow from one method of rounding",
                    "; ".join(told),
                    "",
                    "If you round differently on purpose, declare it in [invoices.method].",
                    (TWO_METHODS,) if found.lawful and not diagnosis.causes["total"] else (),
                )
            ]
        )
    return verdict


def result_of_method(verdict: Verdict, curl: str) -> Result:
    """Return the result of the check that all invoices are rounded by one method."""
    title = "all invoices of this run are rounded by one method"
    return judged(Item(METHOD, "rounding", title, ("INV-016",)), verdict, curl=curl)


def _rounded(judged: JudgedInvoice, method: Method) -> str:
    billed = judged.billed()
    exact = float(billed.priced.exact) / 10**billed.priced.decimals
    total = money(billed.invoice.total, billed.pricing)
    return f"{judged.name}: {exact:.6g} became {total}, as by {method}"


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
        mistakes=(EARLIER,) if later else of_second_run(first, second, new, gone),
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
            mistakes=(of_several(found, len(expected.lines)),) if found else (),
        )
    elif customer.unknown:
        comparison.expect(
            not found,
            "INV-014",
            "unknown customer",
            f"no invoice: the billing system does not know {number}",
            _numbers(found),
            about="foreign",
        )
    else:
        comparison.expect(
            not found,
            "INV-003",
            "no usage",
            f"no invoice ({who})",
            _numbers(found),
            about="without usage",
            mistakes=() if any(one.lines for one in found) else (EMPTY,),
        )
        strange = [line for invoice in found for line in invoice.lines]
        comparison.expect(
            not strange,
            "INV-004",
            "lines without usage",
            "no line",
            f"{plural(len(strange), 'line')}, such as {strange[0].server}" if strange else "",
            about="lines",
        )


def _numbers(found: Sequence[BilledInvoice]) -> str:
    if not found:
        return "none"
    return f"{plural(len(found), 'invoice')}: {_names([str(one.number) for one in found])}"


def _names(numbers: Sequence[str]) -> str:
    more = f" and {len(numbers) - 3} more" if len(numbers) > 3 else ""
    return ", ".join(numbers[:3]) + more


def _sizes(billed: Billed) -> list[int]:
    return sorted(len(found) for found in billed.values() if found)


def _closest(expected: ExpectedInvoice | None, found: Sequence[BilledInvoice]) -> BilledInvoice:
    """Return the invoice most like the expected one, if there are several."""
    if expected is None:
        return found[0]
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
