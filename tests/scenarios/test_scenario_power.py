"""The scenarios can tell wrong from right: whoever computes in one of these wrong ways gets another total.

A wrong way is a function over what an invoice is made of. Beside each stand two scenarios that were written
with it in mind, so that one of them may change without the set losing its teeth.
"""

import calendar
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from decimal import ROUND_DOWN, ROUND_HALF_EVEN, ROUND_HALF_UP, Context, Decimal
from math import prod
from typing import NamedTuple

import pytest

from solusio_contracts.adapter.customers import Pricing
from solusio_contracts.invoices.scenario import (
    ExpectedInvoice,
    ExpectedLine,
    Scenario,
    ScenarioPlan,
    load_scenarios,
)

EXACT = Context(prec=60)


class Stay(NamedTuple):
    """A server in a plan for a month: what its tokens follow from."""

    hours: int
    plan: ScenarioPlan
    hours_of_month: int

    @property
    def hourly(self) -> int:
        return self.hours * self.plan.tokens_per_hour

    @property
    def tokens(self) -> int:
        """As in step 2 of the vendor's page."""
        if self.plan.tokens_per_hour and self.plan.tokens_per_month:
            return min(self.hourly, self.plan.tokens_per_month)
        return self.hourly or self.plan.tokens_per_month


@dataclass(frozen=True)
class Bill:
    """What an invoice is made of."""

    invoice: ExpectedInvoice
    pricing: Pricing
    plans: Mapping[str, ScenarioPlan]

    @property
    def tokens(self) -> Decimal:
        return Decimal(self.invoice.tokens)

    @property
    def decimals(self) -> int:
        return self.pricing.currency.decimals

    def stay(self, line: ExpectedLine) -> Stay | None:
        """What a server's line follows from; None if its plan had other prices then, or it is no server."""
        plan = self.plans.get(line.plan)
        if plan is None or line.resource != "server":
            return None
        year, month = map(int, self.invoice.period.split("-"))
        stay = Stay(line.hours, plan, calendar.monthrange(year, month)[1] * 24)
        return stay if stay.tokens == line.tokens else None


def rounded(amount: Decimal, decimals: int, how: str = ROUND_HALF_UP) -> Decimal:
    return amount.quantize(Decimal(1).scaleb(-decimals), how, EXACT)


def discounted(pricing: Pricing) -> Decimal:
    return prod((one.multiplier for one in pricing.discounts), start=Decimal(1))


def taxed(pricing: Pricing, *, compound: bool | None = None) -> Decimal:
    rates = [one.rate / 100 for one in pricing.taxes.rates]
    if pricing.taxes.compound if compound is None else compound:
        return prod((1 + rate for rate in rates), start=Decimal(1))
    return 1 + sum(rates, Decimal(0))


def at(cost: Callable[[Pricing], Decimal]) -> Callable[[Bill], Decimal]:
    """Bill with another cost of a token."""
    return lambda bill: rounded(bill.tokens * cost(bill.pricing), bill.decimals)


def with_tokens(count: Callable[[Stay], int]) -> Callable[[Bill], Decimal]:
    """Bill other tokens than /usage says."""

    def total(bill: Bill) -> Decimal:
        tokens = sum(
            line.tokens if (stay := bill.stay(line)) is None else count(stay) for line in bill.invoice.lines
        )
        return rounded(tokens * bill.pricing.user_token_unit_cost, bill.decimals)

    return total


# The price


def base_price(pricing: Pricing) -> Decimal:
    return pricing.base_token_unit_cost


def discounts_added(pricing: Pricing) -> Decimal:
    off = sum((1 - one.multiplier for one in pricing.discounts), Decimal(0))
    return pricing.base_token_unit_cost * (1 - off) * taxed(pricing)


def taxes_added(pricing: Pricing) -> Decimal:
    return pricing.base_token_unit_cost * discounted(pricing) * taxed(pricing, compound=False)


def taxes_compound(pricing: Pricing) -> Decimal:
    return pricing.base_token_unit_cost * discounted(pricing) * taxed(pricing, compound=True)


def tax_before_discount(pricing: Pricing) -> Decimal:
    return pricing.base_token_unit_cost * (discounted(pricing) + taxed(pricing) - 1)


def no_tax(pricing: Pricing) -> Decimal:
    return pricing.base_token_unit_cost * discounted(pricing)


def no_discount(pricing: Pricing) -> Decimal:
    return pricing.base_token_unit_cost * taxed(pricing)


def taxed_twice(pricing: Pricing) -> Decimal:
    return pricing.user_token_unit_cost * taxed(pricing)


def discounted_twice(pricing: Pricing) -> Decimal:
    return pricing.user_token_unit_cost * discounted(pricing)


def whole_percents(pricing: Pricing) -> Decimal:
    rates = [rounded(one.rate, 0) / 100 for one in pricing.taxes.rates]
    factor = prod(1 + rate for rate in rates) if pricing.taxes.compound else 1 + sum(rates)
    return pricing.base_token_unit_cost * discounted(pricing) * factor


def cost_of_five_decimals(pricing: Pricing) -> Decimal:
    return rounded(pricing.user_token_unit_cost, 5)


# The rounding


def sum_of_rounded_lines(bill: Bill) -> Decimal:
    cost = bill.pricing.user_token_unit_cost
    return sum((rounded(line.tokens * cost, bill.decimals) for line in bill.invoice.lines), Decimal(0))


def sum_of_what_is_printed(bill: Bill) -> Decimal:
    """Subtotal, discounts and taxes, each rounded, without the line that says what rounding did."""
    base, total = bill.tokens * bill.pricing.base_token_unit_cost, Decimal(0)
    for line in bill.invoice.lines:
        total += rounded(line.tokens * bill.pricing.base_token_unit_cost, bill.decimals)
    for discount in bill.pricing.discounts:
        total += rounded(base * (discount.multiplier - 1), bill.decimals)
        base *= discount.multiplier
    for tax in bill.pricing.taxes.rates:
        due = base * tax.rate / 100
        total += rounded(due, bill.decimals)
        base += due if bill.pricing.taxes.compound else 0
    return total


def half_even(bill: Bill) -> Decimal:
    return rounded(bill.tokens * bill.pricing.user_token_unit_cost, bill.decimals, ROUND_HALF_EVEN)


def truncated(bill: Bill) -> Decimal:
    return rounded(bill.tokens * bill.pricing.user_token_unit_cost, bill.decimals, ROUND_DOWN)


def two_decimals(bill: Bill) -> Decimal:
    return rounded(bill.tokens * bill.pricing.user_token_unit_cost, 2)


def decimals_of_iso_4217(bill: Bill) -> Decimal:
    """Round as the code of the currency says, whatever `decimals` is."""
    return rounded(
        bill.tokens * bill.pricing.user_token_unit_cost, {"JPY": 0, "KWD": 3}.get(bill.invoice.currency, 2)
    )


def as_float(bill: Bill) -> Decimal:
    """Multiply binary floats, and round what comes out as it is."""
    return rounded(Decimal(float(bill.tokens) * float(bill.pricing.user_token_unit_cost)), bill.decimals)


def rounded_per_hour(bill: Bill) -> Decimal:
    total, cost = Decimal(0), bill.pricing.user_token_unit_cost
    for line in bill.invoice.lines:
        stay = bill.stay(line)
        if stay is None or line.charge == "monthly":
            total += rounded(line.tokens * cost, bill.decimals)
        else:
            total += stay.hours * rounded(stay.plan.tokens_per_hour * cost, bill.decimals)
    return total


# The tokens


def no_cap(stay: Stay) -> int:
    return stay.hourly or stay.plan.tokens_per_month


def month_of_30_days(stay: Stay) -> int:
    return stay._replace(hours=min(stay.hours, 30 * 24)).tokens


def prorated_month(stay: Stay) -> int:
    """The monthly price, for the part of the month that the server lived."""
    whole = stay.plan.tokens_per_month
    return int(rounded(Decimal(whole * stay.hours) / stay.hours_of_month, 0)) if whole else stay.hourly


def always_monthly(stay: Stay) -> int:
    return stay.plan.tokens_per_month or stay.hourly


def sum_of_weeks(stay: Stay) -> int:
    weeks = [*[7 * 24] * (stay.hours // (7 * 24)), stay.hours % (7 * 24)]
    return sum(stay._replace(hours=hours).tokens for hours in weeks if hours)


def tokens_of_32_bits(bill: Bill) -> Decimal:
    tokens = (bill.invoice.tokens + 2**31) % 2**32 - 2**31
    return rounded(tokens * bill.pricing.user_token_unit_cost, bill.decimals)


def cap_over_all(bill: Bill) -> Decimal:
    """Add the hours of all servers of a plan, and apply its monthly price to the sum."""
    tokens, together = 0, dict[str, Stay]()
    for line in bill.invoice.lines:
        stay = bill.stay(line)
        if stay is None:
            tokens += line.tokens
        elif line.plan in together:
            together[line.plan] = stay._replace(hours=stay.hours + together[line.plan].hours)
        else:
            together[line.plan] = stay
    tokens += sum(stay.tokens for stay in together.values())
    return rounded(tokens * bill.pricing.user_token_unit_cost, bill.decimals)


def first_lines(count: int) -> Callable[[Bill], Decimal]:
    """Bill one page of usage."""

    def total(bill: Bill) -> Decimal:
        tokens = sum(line.tokens for line in bill.invoice.lines[:count])
        return rounded(tokens * bill.pricing.user_token_unit_cost, bill.decimals)

    return total


class Wrong(NamedTuple):
    """A wrong way, and scenarios that are there to catch it."""

    total: Callable[[Bill], Decimal]
    caught_by: tuple[str, str]


WRONG_WAYS: Mapping[str, Wrong] = {
    "base instead of user price": Wrong(at(base_price), ("one-discount", "one-tax")),
    "discounts added": Wrong(at(discounts_added), ("two-discounts", "two-discounts-and-taxes")),
    "taxes added although compound": Wrong(at(taxes_added), ("two-taxes-compound", "three-taxes-compound")),
    "taxes compound although not": Wrong(
        at(taxes_compound), ("two-taxes-not-compound", "discount-and-two-taxes")
    ),
    "tax before the discount": Wrong(at(tax_before_discount), ("discount-and-tax", "vendor-example-price")),
    "no tax": Wrong(at(no_tax), ("one-tax", "tax-rate-with-decimals")),
    "no discount": Wrong(at(no_discount), ("one-discount", "discount-of-a-third")),
    "taxed twice": Wrong(at(taxed_twice), ("one-tax", "discount-and-tax")),
    "discounted twice": Wrong(at(discounted_twice), ("one-discount", "discount-and-tax")),
    "rates in whole percents": Wrong(at(whole_percents), ("tax-rate-with-decimals", "two-taxes-compound")),
    "unit cost of five decimals": Wrong(at(cost_of_five_decimals), ("dinar", "one-discount")),
    "sum of rounded lines": Wrong(sum_of_rounded_lines, ("lines-add-up-to-less", "lines-below-half-a-cent")),
    "sum of what is printed": Wrong(sum_of_what_is_printed, ("taxes-add-up-to-less", "taxes-add-up-to-more")),
    "half to even": Wrong(half_even, ("half-a-cent", "half-a-cent-off")),
    "truncated": Wrong(truncated, ("half-a-cent", "rounded-into-the-next-group")),
    "two decimals in every currency": Wrong(two_decimals, ("yen", "dinar")),
    "decimals of ISO 4217": Wrong(
        decimals_of_iso_4217, ("forint-without-decimals", "dollars-with-four-decimals")
    ),
    "binary floats": Wrong(as_float, ("half-a-cent-as-a-float", "unit-cost-of-18-digits")),
    "rounded per hour": Wrong(rounded_per_hour, ("hours-cheaper-than-a-cent", "unit-cost-of-0-00001")),
    "no cap": Wrong(with_tokens(no_cap), ("one-discount", "servers-150")),
    "cap over all servers together": Wrong(cap_over_all, ("servers-150", "servers-named-alike")),
    "months of 30 days": Wrong(
        with_tokens(month_of_30_days), ("two-taxes-not-compound", "discount-of-a-third")
    ),
    "prorated month": Wrong(with_tokens(prorated_month), ("one-tax", "customer-deleted")),
    "always the monthly price": Wrong(with_tokens(always_monthly), ("one-tax", "servers-for-minutes")),
    "sum of the weeks": Wrong(with_tokens(sum_of_weeks), ("weeks-of-a-month", "monthly-only")),
    "tokens of 32 bits": Wrong(tokens_of_32_bits, ("line-above-2-31-tokens", "sum-above-2-31-tokens")),
    "first 100 lines": Wrong(first_lines(100), ("servers-150", "customers-over-several-pages")),
    "first 1000 lines": Wrong(first_lines(1000), ("servers-1001", "servers-10000")),
}


def bills(scenario: Scenario) -> list[Bill]:
    plans = {plan.name: plan for plan in scenario.plans}
    found = []
    for invoice in scenario.invoices:
        pricing = scenario.customer(invoice.customer).pricing_in(invoice.period)
        assert pricing is not None
        found.append(Bill(invoice, pricing, plans))
    return found


def catches(scenario: Scenario, wrong: Wrong) -> bool:
    return any(wrong.total(bill) != bill.invoice.total for bill in bills(scenario))


@pytest.mark.parametrize("name", WRONG_WAYS)
def test_scenarios_catch_a_wrong_way(name):
    """Those that were written for it do; the others that do are shown when one of these does not."""
    wrong = WRONG_WAYS[name]
    caught = {scenario.id for scenario in load_scenarios() if catches(scenario, wrong)}
    assert set(wrong.caught_by) <= caught, f"only caught by {', '.join(sorted(caught)) or 'none'}"


def test_the_right_way_gives_every_total():
    """So what a wrong way changes is due to what is wrong about it."""
    for scenario in load_scenarios():
        for bill in bills(scenario):
            right = at(lambda pricing: pricing.user_token_unit_cost)(bill)
            assert (scenario.id, right) == (scenario.id, bill.invoice.total)


@pytest.mark.parametrize("area", ["prices", "rounding", "scale"])
def test_every_scenario_about_money_catches_something(area):
    """One that any computation passes would be there for nothing."""
    useless = [
        scenario.id
        for scenario in load_scenarios()
        if scenario.area == area and not any(catches(scenario, wrong) for wrong in WRONG_WAYS.values())
    ]
    assert useless == []
