"""What was billed for a scenario against its invoices, and the result that follows. Pure."""

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Final

import msgspec

from solusio_contracts.contract.clauses import Level, clause
from solusio_contracts.invoices.compare import compare
from solusio_contracts.invoices.compare_amounts import money
from solusio_contracts.invoices.diagnosis import PROBABLY, Case, explain, explain_missing
from solusio_contracts.invoices.differences import Comparison, Difference, counted
from solusio_contracts.invoices.documents import BilledInvoice
from solusio_contracts.invoices.scenario import ExpectedInvoice, Scenario, ScenarioCustomer
from solusio_contracts.invoices.usage import Key, UsageLine, Window, by_customer
from solusio_contracts.reporting.report import MAX_FINDINGS, Fact, Finding, Item, Outcome, Result

INVOICE_SHOWN: Final = 1200
"""Characters of a billed invoice that a finding shows."""
NUMBERS: Final = "invoice-numbers"
"""The name of what is judged over the whole run."""

Billed = Mapping[int, Sequence[BilledInvoice]]
"""The invoices of a period by billing_user_id."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Period:
    """A period of a scenario: what there was to be billed."""

    name: str
    usage: Sequence[UsageLine]
    """All of it, in the order of /usage."""
    window: Window


@dataclass(slots=True)
class Verdict:
    """What was found out about a scenario so far."""

    checks: int = 0
    findings: list[Finding] = field(default_factory=list)
    notes: list[str] = field(default_factory=list)

    def add(
        self, differences: Iterable[Difference], *, question: str = "", request: str = "", response: str = ""
    ) -> None:
        """Take differences over as findings."""
        for one in differences:
            self.findings.append(
                Finding(
                    clause=one.clause,
                    level=clause(one.clause).level,
                    subject=one.subject,
                    expected=one.expected,
                    actual=one.actual,
                    hint=one.hint,
                    question=question,
                    request=request,
                    response=response,
                )
            )

    def failed(self, clause_id: str, subject: str, expected: str, actual: str, **shown: str) -> None:
        """Note one thing that went wrong."""
        self.checks += 1
        hint = shown.pop("hint", "")
        self.add([Difference(clause_id, subject, expected, actual, "", hint)], **shown)


def judge_period(
    scenario: Scenario,
    ids: Mapping[str, int],
    period: Period,
    billed: Billed,
    verdict: Verdict,
    *,
    question: str,
    request: str,
) -> None:
    """Compare what was billed for a period with its invoices."""
    right = {one.customer: one for one in scenario.invoices if one.period == period.name}
    own = by_customer(period.usage)
    for customer in scenario.customers:
        number = ids[customer.name]
        found = billed.get(number, ())
        where = _where(scenario, customer, period.name)
        comparison = Comparison(where)
        expected = right.get(customer.name)
        _count(comparison, customer, expected, found, number)
        mine = own.get(number, [])
        if expected is not None and not found:
            hint = explain_missing(mine, period.usage)
            comparison.differences = [replace(one, hint=hint) for one in comparison.differences]
        if expected is not None and found and customer.pricing is not None:
            invoice = _closest(expected, found)
            foreign = _foreign(scenario, ids, own, customer)
            compare(expected, invoice, customer.pricing, comparison, foreign)
            if comparison.differences:
                case = Case(
                    expected=expected,
                    billed=invoice,
                    pricing=customer.pricing,
                    usage=mine,
                    everybody=period.usage,
                    window=period.window,
                    same_mail=[
                        line
                        for other in scenario.customers
                        if other is not customer and other.email == customer.email
                        for line in own.get(ids[other.name], ())
                    ],
                )
                comparison.differences = explained(comparison.differences, case)
        verdict.checks += comparison.checks
        response = "\n".join(invoice_text(one) for one in found)[:INVOICE_SHOWN]
        verdict.add(comparison.differences, question=question, request=request, response=response)


def explained(differences: Iterable[Difference], case: Case) -> list[Difference]:
    """Return differences with what the billing system probably did, and with the clause that follows."""
    hints, gross = explain(case)
    told: list[Difference] = []
    for one in differences:
        hint = " ".join(filter(None, (hints.get(one.about, ""), one.hint)))
        # A small difference that is no matter of rounding is one of money.
        number = "INV-006" if gross and one.clause == "INV-007" else one.clause
        told.append(replace(one, hint=hint, clause=number))
    return told


def judge_again(scenario: Scenario, period: str, first: Billed, second: Billed, verdict: Verdict) -> None:
    """Compare the invoices before and after a period was billed again."""
    verdict.checks += 1
    before = {(number, str(one.number)): one for number, found in first.items() for one in found}
    after = {(number, str(one.number)): one for number, found in second.items() for one in found}
    if before == after and _sizes(first) == _sizes(second):
        return
    where = f"{period}: " if len(scenario.periods) > 1 else ""
    new = [number for _, number in after if number not in {one for _, one in before}]
    gone = [number for _, number in before if number not in {one for _, one in after}]
    if new and gone:
        actual = f"other numbers: {_names(gone)} became {_names(new)}"
    elif new:
        actual = f"{counted(len(new), 'more invoice')}: {_names(new)}"
    elif gone:
        actual = f"{counted(len(gone), 'invoice')} gone: {_names(gone)}"
    else:
        changed = [key[1] for key in before if after.get(key) != before[key]]
        actual = f"changed: {_names(changed)}" if changed else "an invoice stands there twice"
    verdict.failed(
        "INV-012",
        f"{where}billing again",
        f"the same {counted(sum(_sizes(first)), 'invoice')} as before",
        actual,
        response="\n".join(invoice_text(one) for one in after.values())[:INVOICE_SHOWN],
    )


def result_of(scenario: Scenario, verdict: Verdict, *, seconds: float, curl: str, error: str = "") -> Result:
    """Return the result of a scenario; `error` says why it could not be judged to its end."""
    item = item_of(scenario)
    ranked = sorted(verdict.findings, key=lambda one: -Level(one.level).weight)
    if error and not (ranked and ranked[0].level == Level.MUST):
        return item.undecided(Outcome.ERROR, error, seconds=seconds)
    notes = [*verdict.notes, error] if error else list(verdict.notes)
    if ranked and scenario.assumes:
        notes.append(f"This scenario assumes: {scenario.assumes}")
    return item.judged(
        [
            # One line runs the whole scenario: it need not stand there for each finding.
            one if place else msgspec.structs.replace(one, curl=curl)
            for place, one in enumerate(ranked[:MAX_FINDINGS])
        ],
        checks=verdict.checks,
        unlisted=max(len(ranked) - MAX_FINDINGS, 0),
        notes=notes,
        seconds=seconds,
    )


def item_of(scenario: Scenario) -> Item:
    """Return a scenario as reports show it."""
    return Item(scenario.id, scenario.area, scenario.title, scenario.clauses)


def causes(results: Iterable[Result]) -> tuple[Fact, ...]:
    """Return what the billing system probably does, by how many scenarios show it."""
    counted_causes: Counter[str] = Counter()
    for result in results:
        told = {one.hint.partition(". ")[0] for one in result.findings}
        counted_causes.update(text for text in told if text.startswith(PROBABLY))
    return tuple(
        Fact(name=counted(count, "scenario"), text=f"you{text.removeprefix('You')}")
        for text, count in counted_causes.most_common()
    )


class Numbers:
    """Watches over the numbers of all invoices of a run (INV-013)."""

    def __init__(self) -> None:
        self._seen: dict[str, tuple[int, str]] = {}
        self._twice: dict[str, tuple[tuple[int, str], tuple[int, str]]] = {}

    def note(self, invoices: Iterable[BilledInvoice]) -> None:
        """Take notice of the invoices of a period, as the billing system gave them."""
        here: set[tuple[str, int, str]] = set()
        for one in invoices:
            number, whose = str(one.number), (one.billing_user_id, one.period)
            known = self._seen.setdefault(number, whose)
            # The same customer and period: told again, or a second invoice, which is another clause's.
            if known != whose and number not in self._twice:
                self._twice[number] = (known, whose)
            here.add((number, *whose))

    def result(self, curl: str) -> Result | None:
        """Return the result, if there were any invoices."""
        if not self._seen:
            return None
        verdict = Verdict(checks=len(self._seen))
        for number, (one, other) in list(self._twice.items())[:10]:
            verdict.add(
                [
                    Difference(
                        "INV-013",
                        "number of an invoice",
                        "one invoice of each number",
                        f"{number} is the invoice of customer {one[0]} for {one[1]}"
                        f" and of customer {other[0]} for {other[1]}",
                        "",
                        "If --prepare empties your database, let it keep the counter of the numbers.",
                    )
                ]
            )
        if len(self._twice) > 10:
            verdict.notes.append(f"{len(self._twice) - 10} more numbers stand twice")
        title = "no two invoices of this run have the same number"
        return result_of(
            Scenario(
                id=NUMBERS,
                title=title,
                area="numbers",
                clauses=("INV-013",),
                plans=(),
                customers=(),
                timeline=(),
                invoices=(),
                periods=(),
            ),
            verdict,
            seconds=0.0,
            curl=curl,
        )


def invoice_text(invoice: BilledInvoice) -> str:
    """Return an invoice as JSON, for people."""
    members = {name: value for name, value in msgspec.to_builtins(invoice).items() if value is not None}
    return msgspec.json.format(msgspec.json.encode(members), indent=2).decode()


def _count(
    comparison: Comparison,
    customer: ScenarioCustomer,
    expected: ExpectedInvoice | None,
    found: Sequence[BilledInvoice],
    number: int,
) -> None:
    """Hold the number of invoices of a customer to what it should be."""
    who = f"{customer.full_name}, billing_user_id {number}"
    if expected is not None:
        assert customer.pricing is not None  # noqa: S101 - an unknown customer has no invoices
        one = f"one invoice over {money(expected.total, customer.pricing)} ({who})"
        comparison.expect(
            len(found) == 1,
            "INV-002",
            "invoice",
            one,
            _numbers(found),
            about="missing" if not found else "count",
        )
    elif customer.unknown:
        comparison.expect(
            not found,
            "INV-014",
            "unknown customer",
            f"no invoice: the billing system was not told of {number}",
            _numbers(found),
        )
    else:
        comparison.expect(
            not found, "INV-003", "no usage", f"no invoice ({who})", _numbers(found), about="without usage"
        )
        strange = [line for invoice in found for line in invoice.lines]
        comparison.expect(
            not strange,
            "INV-004",
            "lines without usage",
            "no line",
            f"{counted(len(strange), 'line')}, such as {strange[0].server}" if strange else "",
        )


def _numbers(found: Sequence[BilledInvoice]) -> str:
    if not found:
        return "none"
    return f"{counted(len(found), 'invoice')}: {_names([str(one.number) for one in found])}"


def _names(numbers: Sequence[str]) -> str:
    more = f" and {len(numbers) - 3} more" if len(numbers) > 3 else ""
    return ", ".join(numbers[:3]) + more


def _sizes(billed: Billed) -> list[int]:
    return sorted(len(found) for found in billed.values() if found)


def _closest(expected: ExpectedInvoice, found: Sequence[BilledInvoice]) -> BilledInvoice:
    """Return the invoice to look at if there are several: the one that is most like the right one."""
    return min(found, key=lambda one: (one.total != expected.total, abs(one.tokens - expected.tokens)))


def _where(scenario: Scenario, customer: ScenarioCustomer, period: str) -> str:
    parts = [customer.name] if len(scenario.customers) > 1 else []
    if len(scenario.periods) > 1:
        parts.append(period)
    return f"{', '.join(parts)}: " if parts else ""


def _foreign(
    scenario: Scenario,
    ids: Mapping[str, int],
    own: Mapping[int | None, Sequence[UsageLine]],
    customer: ScenarioCustomer,
) -> dict[Key, str]:
    """Return whose the lines are that others have and this customer has not."""
    names = {number: name for name, number in ids.items()}
    mine = {line.key for line in own.get(ids[customer.name], ())}
    foreign: dict[Key, str] = {}
    for number, lines in own.items():
        name = names.get(number or 0)
        for line in lines:
            if line.key not in mine:
                unknown = name is not None and scenario.customer(name).unknown
                who = name or "a user without a billing_user_id"
                foreign[line.key] = f"{who}, whom the billing system does not know" if unknown else who
    return foreign
