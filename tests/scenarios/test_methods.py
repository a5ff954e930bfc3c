"""Amounts by a method: the figures worked out by hand for two, and what others make of one invoice."""

import tomllib
from decimal import Decimal
from fractions import Fraction
from pathlib import Path
from typing import Any, get_args

import pytest

from solusio_contracts.invoices.method import Method, PricedTokens, Rounding, methods, round_fraction
from solusio_contracts.invoices.scenario import load_scenarios

SECOND = Method(rounding="half-even", tax_on="rounded-net", total="sum-of-parts")
HERE = Path(__file__).parent
INVOICES: list[dict[str, Any]] = tomllib.loads((HERE / "second_method.toml").read_text("utf-8"))["invoice"]
SCENARIOS = {one.id: one for one in load_scenarios()}


def amounts(scenario, invoice, method):
    pricing = scenario.customer(invoice.customer).pricing_in(invoice.period)
    priced = PricedTokens([line.tokens for line in invoice.lines], pricing)
    found = priced.by(method)
    money = [[priced.money(one) for one in part] for part in (found.lines, found.discounts, found.taxes)]
    return [*money, priced.money(found.total), priced.money(found.subtotal)]


@pytest.mark.parametrize("name", SCENARIOS)
def test_the_default_is_the_method_of_the_scenarios(name):
    scenario = SCENARIOS[name]
    for invoice in scenario.invoices:
        lines, discounts, taxes, total, subtotal = amounts(scenario, invoice, Method())
        assert lines == [line.amount for line in invoice.lines]
        assert invoice.discounts is None or discounts == [one.amount for one in invoice.discounts]
        assert invoice.taxes is None or taxes == [one.amount for one in invoice.taxes]
        assert total == invoice.total
        assert invoice.subtotal in (None, subtotal)


@pytest.mark.parametrize("right", INVOICES, ids=lambda one: one["scenario"])
def test_a_second_method_by_hand(right):
    scenario = SCENARIOS[right["scenario"]]
    lines, discounts, taxes, total, _ = amounts(scenario, scenario.invoices[0], SECOND)
    assert [str(one) for one in lines] == right["lines"]
    assert [str(one) for one in discounts] == right.get("discounts", [])
    assert [str(one) for one in taxes] == right.get("taxes", [])
    assert str(total) == right["total"]


def test_enough_are_worked_out_and_some_differ_from_the_default():
    assert len(INVOICES) >= 10
    differ = [
        one for one in INVOICES if Decimal(one["total"]) != SCENARIOS[one["scenario"]].invoices[0].total
    ]
    assert len(differ) >= 5


@pytest.mark.parametrize(
    ("amount", "results"),
    [
        # half-up, half-even, half-down, floor, ceiling, truncate
        ("2.5", (3, 2, 2, 2, 3, 2)),
        ("3.5", (4, 4, 3, 3, 4, 3)),
        ("-2.5", (-3, -2, -2, -3, -2, -2)),
        ("2.51", (3, 3, 3, 2, 3, 2)),
        ("-2.49", (-2, -2, -2, -3, -2, -2)),
        ("7", (7, 7, 7, 7, 7, 7)),
    ],
)
def test_roundings(amount, results):
    assert tuple(round_fraction(Fraction(amount), how) for how in get_args(Rounding)) == results


@pytest.mark.parametrize(
    ("method", "total", "taxes"),
    [
        # 7777 x 0.0017 = 13.2209, - 10 % = 11.89881, + 8.5 % = 12.91020885.
        # 5 % = 0.5949405, 3.5 % = 0.41645835.
        (Method(), "12.91", ["0.59", "0.42"]),
        # 13.22 - 1.32 = 11.90; + 0.59 + 0.42.
        (Method(total="sum-of-parts"), "12.91", ["0.59", "0.42"]),
        # 5 % of 11.90 = 0.595.
        (Method(tax_on="rounded-net"), "12.91", ["0.60", "0.42"]),
        (Method(tax_on="rounded-lines", total="sum-of-parts"), "12.92", ["0.60", "0.42"]),
        (Method(rounding="ceiling"), "12.92", ["0.60", "0.42"]),
        (Method(cash_rounding=Decimal("0.05")), "12.90", ["0.59", "0.42"]),
        # 12.91 / 1.085 = 11.898617...: 5 % = 0.594930..., 3.5 % = 0.416451...
        (Method(prices="tax-inclusive", lines="final"), "12.91", ["0.59", "0.42"]),
    ],
)
def test_one_invoice_by_several_methods(method, total, taxes):
    scenario = SCENARIOS["discount-and-two-taxes"]
    _, _, found, sum_, _ = amounts(scenario, scenario.invoices[0], method)
    assert (str(sum_), [str(one) for one in found]) == (total, taxes)


def test_methods_are_tried_from_the_usual_to_the_unusual():
    found = methods()
    assert found[0] == Method()
    assert len(found) == len(set(found))
    assert {one.rounding for one in found} == {"half-up", "half-even", "half-down"}
    declared = methods(rounding="floor", cash_rounding=Decimal("0.10"))
    assert {(one.rounding, one.cash_rounding) for one in declared} == {("floor", Decimal("0.10"))}
    (one,) = methods(
        rounding="truncate", tax_on="exact", total="exact", lines="base", cash_rounding=None, prices="net"
    )
    assert str(one) == "truncate, total rounded once"
    assert str(SECOND) == "half-even, tax on the rounded net, total as the sum of its parts"
