"""Prints scenarios: `invoices list` and `invoices show`."""

from typing import Any

import msgspec
from rich.console import Console
from rich.padding import Padding
from rich.table import Table
from rich.text import Text

from mock_solusio.scenario_faults import fault_text
from solusio_contracts.adapter.customers import Pricing
from solusio_contracts.contract.clauses import clauses
from solusio_contracts.invoices.amounts import plain
from solusio_contracts.invoices.compare_amounts import money
from solusio_contracts.invoices.numbers import NUMBERS
from solusio_contracts.invoices.scenario import (
    ExpectedInvoice,
    Scenario,
    ScenarioCustomer,
    ScenarioPlan,
    load_scenarios,
    month_of,
)
from solusio_contracts.reporting.printing import PLAIN_WIDTH, print_list, print_section
from solusio_contracts.reporting.words import plural
from solusio_contracts.suggestions import did_you_mean
from solusio_contracts.timeline import AnyEvent

MOST = 12
"""The most customers, events or lines that are shown; of more, the first ones and the last."""
MOST_INVOICES = 5
"""Invoices of a period that are shown; scenarios with more have invoices that are alike."""


class UnknownScenarioError(ValueError):
    """No scenario has this id."""


def print_scenarios() -> None:
    """Print a table of all scenarios, by area."""
    print_list(
        ("Scenario", "Area", "Clauses", "What it checks"),
        ((one.id, one.area, " ".join(one.clauses), one.title) for one in load_scenarios()),
    )


def print_scenario(name: str) -> None:
    """Print the events of a scenario and its expected invoices.

    Raises:
        UnknownScenarioError: there is no such scenario.
    """
    if name.strip().lower() == NUMBERS:
        clause = clauses()["INV-013"]
        page = Console(highlight=False)
        page.print(Text.assemble((NUMBERS, "bold"), f"  ({clause.id})"))
        page.print(Text("not a scenario: checks the invoices of all scenarios together; --skip works"))
        page.print(Text(f"{clause.text} {clause.why}"))
        return
    known = {one.id: one for one in load_scenarios()}
    scenario = known.get(name.strip().lower())
    if scenario is None:
        hint = did_you_mean(name, [*known, NUMBERS]) or " `mock-solusio invoices list` lists them."
        raise UnknownScenarioError(f"{name!r} is not a scenario.{hint}")
    console = Console(highlight=False)
    if not console.is_terminal:
        console.width = PLAIN_WIDTH
    console.print(Text.assemble((scenario.id, "bold"), f"  ({scenario.area}; {', '.join(scenario.clauses)})"))
    console.print(Text(scenario.title))
    print_section(console, "Plans", [(plan.name, _plan(plan)) for plan in scenario.plans])
    print_section(
        console,
        "Customers",
        [_customer(one) for one in _few(list(scenario.customers))],
    )
    print_section(
        console, "What happens", [_event(event, scenario) for event in _few(list(scenario.timeline))]
    )
    if scenario.early_bills:
        bills = [(msgspec.to_builtins(at), f"{month_of(at)} is billed") for at in scenario.early_bills]
        print_section(console, "Billed early", bills)
    if scenario.faults:
        print_section(console, "What goes wrong", [(fault_text(one), "") for one in scenario.faults])
    for period in scenario.periods:
        expected = [one for one in scenario.invoices if one.period == period]
        if not expected:
            print_section(console, f"Invoices of {period}", [("none", "")])
        for invoice in expected[:MOST_INVOICES]:
            _invoice(console, scenario, invoice)
        if (more := len(expected) - MOST_INVOICES) > 0:
            console.print(f"\n... and {more} more invoices for {period}")
    if scenario.assumes:
        print_section(console, "Assumed", [(scenario.assumes, "")])


def _customer(customer: ScenarioCustomer | int) -> tuple[str, str]:
    if isinstance(customer, int):
        return "...", f"and {customer} more"
    if customer.pricing is None:
        return customer.name, "unknown to the billing system"
    later = [f"from {month} on, {_price(pricing)}" for month, pricing in customer.later_pricing]
    return customer.name, "\n".join([_price(customer.pricing), *later])


def _plan(plan: ScenarioPlan) -> str:
    texts = [f"{plan.tokens_per_hour} tokens an hour, {plan.tokens_per_month} a month"]
    if plan.ip_tokens_per_hour or plan.ip_tokens_per_month:
        texts.append(f"an address {plan.ip_tokens_per_hour} an hour, {plan.ip_tokens_per_month} a month")
    if plan.iso_image_tokens_per_hour or plan.iso_image_tokens_per_month:
        texts.append(
            f"an ISO image {plan.iso_image_tokens_per_hour} an hour, "
            f"{plan.iso_image_tokens_per_month} a month"
        )
    if plan.backup_price:
        texts.append(f"backups {plain(plan.backup_price)} %")
    return "; ".join(texts)


def _price(pricing: Pricing) -> str:
    texts = [
        f"a token costs {plain(pricing.base_token_unit_cost)} {pricing.currency.code},"
        f" with discounts and taxes {plain(pricing.user_token_unit_cost)}"
    ]
    texts += [f"{one.name} x {plain(one.multiplier)}" for one in pricing.discounts]
    kind = " compound" if pricing.taxes.compound and len(pricing.taxes.rates) > 1 else ""
    texts += [f"{one.label} {plain(one.rate)} %{kind}" for one in pricing.taxes.rates]
    return "; ".join(texts)


def _few(events: list[Any]) -> list[Any]:
    if len(events) <= MOST:
        return events
    return [*events[: MOST - 2], len(events) - MOST + 1, events[-1]]


def _event(event: AnyEvent | int, scenario: Scenario) -> tuple[str, str]:
    if isinstance(event, int):
        return "...", f"and {event} more"
    members = msgspec.to_builtins(event)
    at, verb = members.pop("at"), members.pop("do")
    if "billing_user_id" in members:
        members["billing_user_id"] = scenario.customers[members["billing_user_id"] - 1].name
    rest = ", ".join(f"{name} {value}" for name, value in members.items())
    return at, f"{verb}: {rest}" if rest else verb


def _invoice(console: Console, scenario: Scenario, invoice: ExpectedInvoice) -> None:
    pricing = scenario.customer(invoice.customer).pricing_in(invoice.period)
    assert pricing is not None  # noqa: S101 - a customer with an invoice has a price
    console.print()
    console.print(Text(f"Invoice of {invoice.customer} for {invoice.period}", "bold"))
    grid = Table.grid(padding=(0, 2))
    for justify in ("left", "right", "left", "right", "right"):
        grid.add_column(justify=justify)
    for line in _few(list(invoice.lines)):
        if isinstance(line, int):
            grid.add_row(Text(f"... and {line} more lines"), "", "", "", "")
            continue
        kind = "" if line.resource == "server" else f", {line.resource}"
        grid.add_row(
            Text(f"{line.on}{kind}, plan {line.plan}"),
            plural(line.hours, "hour"),
            line.charge,
            plural(line.tokens, "token"),
            money(line.amount, pricing),
        )
    rows = [("subtotal", invoice.subtotal)]
    rows += [(one.name, one.amount) for one in invoice.discounts or ()]
    rows += [(one.label, one.amount) for one in invoice.taxes or ()]
    rows += [("rounding", invoice.rounding)]
    for name, amount in rows:
        if amount is not None:
            grid.add_row(Text(name), "", "", "", money(amount, pricing))
    grid.add_row(Text("total", "bold"), "", "", "", Text(money(invoice.total, pricing), "bold"))
    if invoice.display is not None:
        grid.add_row(Text("as the customer sees it"), "", "", "", Text(invoice.display))
    console.print(Padding(grid, (0, 0, 0, 2)))
