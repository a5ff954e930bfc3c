"""The figures of the scenarios, confirmed three ways: by arithmetic, by walking every hour, by the mock."""

from collections import Counter
from collections.abc import Iterator
from decimal import Decimal
from fractions import Fraction
from importlib import resources
from typing import Any

import msgspec
import pytest

from solusio_contracts.contract.clauses import clauses
from solusio_contracts.invoices.scenario import ExpectedInvoice, Pricing, Scenario, load_scenarios
from solusio_contracts.timeline import AnyEvent, ServerCreate

SCENARIOS = load_scenarios()
MINOR_DIGITS = {"JPY": 0, "KWD": 3}
"""ISO 4217; all other currencies of the scenarios have two."""
OTHER_DIGITS = {"forint-without-decimals": 0, "dollars-with-four-decimals": 4}
"""Scenarios in which the customer's currency has other `decimals`."""

each = pytest.mark.parametrize("scenario", SCENARIOS, ids=lambda scenario: scenario.id)


def test_there_are_enough_and_each_is_named_like_its_file():
    folder = resources.files("solusio_contracts").joinpath("scenarios")
    files = sorted(one.name for one in folder.iterdir() if one.name.endswith(".toml"))
    assert sorted(f"{one.id}.toml" for one in SCENARIOS) == files
    assert len({one.id for one in SCENARIOS}) == len(SCENARIOS)
    assert len(SCENARIOS) >= 40


def test_every_clause_of_invoices_and_metering_is_cited():
    cited = {one for scenario in SCENARIOS for one in scenario.clauses}
    wanted = {one for one in clauses() if one.startswith(("INV-", "US-01", "US-02", "US-03"))}
    assert len(wanted) > 30
    assert wanted - cited == set()


# Arithmetic


def rounded(exact: Fraction, digits: int) -> Fraction:
    """Round half up, that is away from zero."""
    shifted = abs(exact) * 10**digits
    whole = shifted.numerator // shifted.denominator
    if shifted - whole >= Fraction(1, 2):
        whole += 1
    return Fraction(whole if exact >= 0 else -whole, 10**digits)


def digits_of(scenario: Scenario, invoice: ExpectedInvoice) -> int:
    return OTHER_DIGITS.get(scenario.id, MINOR_DIGITS.get(invoice.currency, 2))


def discounts_of(pricing: Pricing, net: Fraction) -> Iterator[Fraction]:
    for discount in pricing.discounts:
        yield net * (Fraction(discount.multiplier) - 1)
        net *= Fraction(discount.multiplier)


def taxes_of(pricing: Pricing, net: Fraction) -> Iterator[Fraction]:
    taxed = net
    for tax in pricing.taxes.rates:
        amount = (taxed if pricing.taxes.compound else net) * Fraction(tax.rate) / 100
        taxed += amount
        yield amount


each_invoice = pytest.mark.parametrize(
    ("scenario", "invoice"),
    [
        pytest.param(scenario, invoice, id=f"{scenario.id}-{invoice.customer}-{invoice.period}")
        for scenario in SCENARIOS
        for invoice in scenario.invoices
    ],
)


def amounts(invoice: ExpectedInvoice) -> Iterator[Decimal]:
    yield invoice.total
    yield from (one for one in (invoice.subtotal, invoice.rounding) if one is not None)
    for part in (invoice.lines, invoice.discounts or (), invoice.taxes or ()):
        yield from (one.amount for one in part)


@each_invoice
def test_amounts_follow_from_the_tokens(scenario, invoice):
    pricing = scenario.customer(invoice.customer).pricing_in(invoice.period)
    assert pricing is not None
    digits = digits_of(scenario, invoice)
    base, user = Fraction(pricing.base_token_unit_cost), Fraction(pricing.user_token_unit_cost)
    tokens = sum(line.tokens for line in invoice.lines)

    assert [one.as_tuple().exponent for one in amounts(invoice)] == [-digits for _ in amounts(invoice)]
    for line in invoice.lines:
        assert Fraction(line.amount) == rounded(line.tokens * base, digits), line
    assert Fraction(invoice.total) == rounded(tokens * user, digits)

    off = [rounded(one, digits) for one in discounts_of(pricing, tokens * base)]
    net = tokens * base
    for discount in pricing.discounts:
        net *= Fraction(discount.multiplier)
    tax = [rounded(one, digits) for one in taxes_of(pricing, net)]
    if invoice.discounts is not None:
        assert [one.name for one in invoice.discounts] == [one.name for one in pricing.discounts]
        assert [Fraction(one.amount) for one in invoice.discounts] == off
    if invoice.taxes is not None:
        assert [one.label for one in invoice.taxes] == [one.label for one in pricing.taxes.rates]
        assert [Fraction(one.amount) for one in invoice.taxes] == tax
    subtotal = sum((Fraction(line.amount) for line in invoice.lines), Fraction(0))
    if invoice.subtotal is not None:
        assert Fraction(invoice.subtotal) == subtotal
    difference = Fraction(invoice.total) - subtotal - sum(off) - sum(tax)
    if invoice.rounding is not None:
        assert Fraction(invoice.rounding) == difference


@each
def test_the_customers_price_is_base_times_discounts_times_taxes(scenario):
    for customer in scenario.customers:
        if customer.pricing is not None:
            net = Fraction(customer.pricing.base_token_unit_cost)
            for discount in customer.pricing.discounts:
                net *= Fraction(discount.multiplier)
            assert Fraction(customer.pricing.user_token_unit_cost) == net + sum(
                taxes_of(customer.pricing, net)
            )


@pytest.mark.parametrize(
    ("scenario", "invoice"),
    [
        pytest.param(scenario, invoice, id=f"{scenario.id}-{invoice.customer}-{invoice.period}")
        for scenario in SCENARIOS
        for invoice in scenario.invoices
        if invoice.display is not None
    ],
)
def test_the_total_is_shown_in_the_customers_format(scenario, invoice):
    pricing = scenario.customer(invoice.customer).pricing_in(invoice.period)
    assert pricing is not None
    currency = pricing.currency
    assert currency.decimals == digits_of(scenario, invoice)
    whole, _, fraction = str(abs(invoice.total)).partition(".")
    groups: list[str] = []
    while whole:
        groups.insert(0, whole[-3:])
        whole = whole[:-3]
    digits = currency.thousands_separator.join(groups)
    if fraction:
        digits += currency.decimals_separator + fraction
    assert invoice.display == f"{currency.display_prefix}{digits}{currency.display_suffix}"


# Metering


def expected(scenario: Scenario, period: str) -> Counter[Any]:
    """Return the lines of the invoices of a period as a bag of plain values."""
    return Counter(
        (invoice.customer, line.on, line.plan, line.resource, line.hours, line.charge, line.tokens)
        for invoice in scenario.invoices
        if invoice.period == period
        for line in invoice.lines
    )


def known(scenario: Scenario, lines: Counter[Any]) -> Counter[Any]:
    """Leave out the customers of whom the billing system is never told."""
    return Counter({key: n for key, n in lines.items() if not scenario.customer(key[0]).unknown})


@each
def test_walking_every_hour_gives_the_lines(scenario, metered):
    for period in scenario.periods:
        lines = metered(scenario, period).lines()
        assert known(scenario, lines) == expected(scenario, period)


MOST_PLAYED = 250
"""Servers that are played, three pages of lines: ten thousand alike would take most of a minute."""


def fewer(scenario: Scenario) -> Scenario:
    """Leave out the servers of a scenario that come after the first ones, with all that is about them."""
    servers = [event.as_ for event in scenario.timeline if isinstance(event, ServerCreate)]
    left_out = set(servers[MOST_PLAYED:])

    def is_left_out(event: AnyEvent) -> bool:
        return bool({getattr(event, "as_", None), getattr(event, "on", None)} & left_out)

    return msgspec.structs.replace(
        scenario,
        timeline=tuple(event for event in scenario.timeline if not is_left_out(event)),
        invoices=tuple(
            msgspec.structs.replace(one, lines=tuple(line for line in one.lines if line.on not in left_out))
            for one in scenario.invoices
        ),
    )


@each
def test_the_mock_gives_the_lines(scenario, played):
    scenario = fewer(scenario)
    lines = played(scenario)
    for period in scenario.periods:
        assert known(scenario, lines[period]) == expected(scenario, period)
