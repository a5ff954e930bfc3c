"""Scenarios: a timeline of usage with the invoices it must lead to. Data, from `scenarios/*.toml`.

Whoever plays one gives every customer a billing_user_id, lets `events` happen, and hands the billing system
`customers_document`. Expected values in the files are worked out by hand, never by a program.
"""

import functools
import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from datetime import datetime
from decimal import Decimal
from importlib import resources
from typing import Annotated, Any, Final

import msgspec
from msgspec import Meta

from solusio_contracts.contract.clauses import ClauseError, clause
from solusio_contracts.decoding import MisfitError, convert, from_toml, read_text, shown
from solusio_contracts.invoices.scenario_model import (
    Currency,
    Discount,
    ExpectedDiscount,
    ExpectedInvoice,
    ExpectedLine,
    ExpectedTax,
    Name,
    Part,
    PeriodText,
    Pricing,
    Rate,
    Scenario,
    ScenarioCustomer,
    ScenarioPlan,
    Taxes,
)
from solusio_contracts.timeline import PRICES, AnyEvent, PlanCreate, UserCreate, UserUpdate

__all__ = (
    "AREAS",
    "CUSTOMER",
    "Currency",
    "Discount",
    "ExpectedDiscount",
    "ExpectedInvoice",
    "ExpectedLine",
    "ExpectedTax",
    "Pricing",
    "Rate",
    "Scenario",
    "ScenarioCustomer",
    "ScenarioPlan",
    "Taxes",
    "customers_document",
    "events",
    "load_scenarios",
    "parse_scenario",
)

AREAS: Final = (
    *("metering", "cap", "months", "lifecycle", "resize", "resources"),
    *("customers", "prices", "currency", "rounding", "scale"),
)
"""What a scenario may be about."""

CUSTOMER: Final = "customer"
"""The name of the only customer of a scenario that has a `[pricing]` of its own."""

MAX_REPEAT: Final = 10_000

_ID: Final = re.compile(r"[a-z0-9]+(?:-[a-z0-9]+)*")


class _CustomerTable(Part, frozen=True, kw_only=True):
    name: Name | None = None
    email: Name | None = None
    unknown: bool = False
    pricing: dict[str, Any] | None = None


class _Document(msgspec.Struct, frozen=True, forbid_unknown_fields=True, kw_only=True):
    id: Annotated[str, Meta(min_length=1)]
    title: Annotated[str, Meta(min_length=1)]
    area: str
    clauses: Annotated[tuple[str, ...], Meta(min_length=1)]
    assumes: str = ""
    plans: dict[str, dict[str, Any]] = {}
    pricing: dict[str, Any] | None = None
    customers: dict[str, _CustomerTable] = {}
    timeline: Annotated[list[dict[str, Any]], Meta(min_length=1)]
    invoice: dict[str, Any] | None = None
    invoices: list[dict[str, Any]] | None = None
    periods: tuple[PeriodText, ...] | None = None


def parse_scenario(text: str, name: str) -> Scenario:
    """Read a scenario from TOML text; `name` is that of its file.

    Raises:
        DecodingError: it is not valid TOML.
        MisfitError: a field is unknown, missing or wrong, or a name or clause does not exist.
    """
    document = from_toml(text, _Document, name, exact=True)
    try:
        return _scenario(document, name)
    except MisfitError as error:
        raise MisfitError(error.place, error.problem, source=name) from None


@functools.cache
def load_scenarios() -> tuple[Scenario, ...]:
    """Return all scenarios of the package, in order of their ids.

    Raises:
        DecodingError: one of them is not as it must be.
    """
    folder = resources.files("solusio_contracts").joinpath("scenarios")
    files = sorted((one for one in folder.iterdir() if one.name.endswith(".toml")), key=lambda one: one.name)
    scenarios = [parse_scenario(read_text(file), file.name) for file in files]
    return tuple(sorted(scenarios, key=lambda one: one.id))


def events(scenario: Scenario, ids: Mapping[str, int]) -> list[AnyEvent]:
    """Return all events to play: first the plans and the customers' users, then the timeline.

    `ids` gives each customer, also an unknown one, a billing_user_id. A user whom the timeline itself creates
    gets it then, unless another event of the timeline sets it.
    """
    begin = scenario.timeline[0].at
    position = {one.name: number for number, one in enumerate(scenario.customers, 1)}
    made = {event.as_ for event in scenario.timeline if isinstance(event, UserCreate)}
    linked = {_user_of(event) for event in scenario.timeline if _link_of(event) is not None}
    first: list[AnyEvent] = [PlanCreate(at=begin, as_=plan.name, **_prices(plan)) for plan in scenario.plans]
    first += [
        UserCreate(at=begin, as_=one.name, email=one.email, billing_user_id=position[one.name])
        for one in scenario.customers
        if one.name not in made
    ]
    for event in scenario.timeline:
        if isinstance(event, UserCreate) and event.as_ in position and event.as_ not in linked:
            first.append(msgspec.structs.replace(event, billing_user_id=position[event.as_]))
        else:
            first.append(event)
    numbers = [ids[one.name] for one in scenario.customers]
    return [
        event
        if (link := _link_of(event)) is None
        else msgspec.structs.replace(event, billing_user_id=numbers[link - 1])
        for event in first
    ]


def _link_of(event: AnyEvent) -> int | None:
    """Return the position of the customer that an event links a user with, if it does."""
    return event.billing_user_id if isinstance(event, UserCreate | UserUpdate) else None


def _user_of(event: AnyEvent) -> str | None:
    return getattr(event, "as_", None) or getattr(event, "on", None)


def customers_document(scenario: Scenario, ids: Mapping[str, int]) -> bytes:
    """Return what a billing system is told about its customers, as JSON; of unknown ones nothing."""
    customers = [
        {
            "billing_user_id": ids[one.name],
            "name": one.full_name,
            "email": one.email,
            "pricing": _wire(one.pricing),
        }
        for one in scenario.customers
        if one.pricing is not None
    ]
    return msgspec.json.encode({"customers": customers})


def _prices(plan: ScenarioPlan) -> dict[str, Any]:
    return {**{name: getattr(plan, name) for name in PRICES}, "backup_price": float(plan.backup_price)}


def _wire(pricing: Pricing) -> dict[str, Any]:
    """Return a price as GetTokenPricing answers it."""
    currency = pricing.currency
    return {
        "base_token_unit_cost": _number(pricing.base_token_unit_cost),
        "user_token_unit_cost": _number(pricing.user_token_unit_cost),
        "currency": {**msgspec.structs.asdict(currency), "decimals": currency.decimals},
        "discounts": [
            {"name": one.name, "description": one.description, "multipler": _number(one.multiplier)}
            for one in pricing.discounts
        ],
        "taxes": {
            "compound": pricing.taxes.compound,
            "rates": [{"label": one.label, "rate": _number(one.rate)} for one in pricing.taxes.rates],
        },
    }


def _number(value: Decimal) -> msgspec.Raw:
    # All digits and no exponent, which some readers would take for a float.
    return msgspec.Raw(format(value, "f").encode())


def _scenario(document: _Document, name: str) -> Scenario:
    if not _ID.fullmatch(document.id):
        raise MisfitError("id", f"expected words in small letters, joined by hyphens; got {document.id!r}")
    if name.removesuffix(".toml") != document.id:
        raise MisfitError("id", f"expected the name of the file, got {document.id!r}")
    if document.area not in AREAS:
        raise MisfitError("area", f"expected one of {', '.join(AREAS)}; got {document.area!r}")
    customers = tuple(_customers(document))
    invoices = tuple(_invoices(document, {one.name: one for one in customers}))
    scenario = Scenario(
        id=document.id,
        title=document.title,
        area=document.area,
        clauses=tuple(_cited(document.clauses)),
        assumes=document.assumes,
        plans=tuple(
            convert({**table, "name": plan}, ScenarioPlan, at=f"plans.{plan}")
            for plan, table in document.plans.items()
        ),
        customers=customers,
        timeline=tuple(_timeline(document.timeline, customers)),
        invoices=invoices,
        periods=(
            tuple(sorted({one.period for one in invoices})) if document.periods is None else document.periods
        ),
    )
    _check(scenario)
    return scenario


def _cited(ids: Iterable[str]) -> Iterator[str]:
    seen: set[str] = set()
    for index, one in enumerate(ids):
        try:
            clause(one)
        except ClauseError as error:
            raise MisfitError(f"clauses[{index}]", str(error)) from None
        if one in seen:
            raise MisfitError(f"clauses[{index}]", f"{one} stands twice")
        seen.add(one)
        yield one


def _customers(document: _Document) -> Iterator[ScenarioCustomer]:
    if (document.pricing is None) == (not document.customers):
        raise MisfitError("pricing", "expected either [pricing] or [customers.<name>] tables")
    if document.pricing is not None:
        yield ScenarioCustomer(
            name=CUSTOMER,
            full_name="Ann Example",
            email=f"{CUSTOMER}@example.com",
            pricing=_pricing(document.pricing, "pricing"),
        )
    for name, table in document.customers.items():
        where = f"customers.{name}"
        if table.unknown == (table.pricing is not None):
            wrong = "an unknown customer has no pricing" if table.unknown else "the pricing is missing"
            raise MisfitError(f"{where}.pricing", wrong)
        yield ScenarioCustomer(
            name=name,
            full_name=table.name or f"{name.capitalize()} Example",
            email=table.email or f"{name}@example.com",
            unknown=table.unknown,
            pricing=None if table.pricing is None else _pricing(table.pricing, f"{where}.pricing"),
        )


def _pricing(table: Mapping[str, Any], where: str) -> Pricing:
    if isinstance(code := table.get("currency"), str):
        table = {**table, "currency": {"code": code, "display_suffix": f" {code}"}}
    return convert(table, Pricing, at=where)


def _timeline(entries: Iterable[dict[str, Any]], customers: Sequence[ScenarioCustomer]) -> Iterator[AnyEvent]:
    positions = {one.name: number for number, one in enumerate(customers, 1)}
    latest: datetime | None = None
    for index, entry in enumerate(entries):
        where = f"timeline[{index}]"
        if "billing_user_id" in entry:
            name = entry["billing_user_id"]
            if name not in positions:
                place = f"{where}.billing_user_id"
                raise MisfitError(place, expected="the name of a customer", actual=shown(name))
            entry = {**entry, "billing_user_id": positions[name]}  # noqa: PLW2901 - as an event has it
        for one in _repeated(entry, where):
            event: AnyEvent = convert(one, AnyEvent, at=where)  # type: ignore[arg-type]
            if latest is not None and event.at < latest:
                raise MisfitError(f"{where}.at", f"{event.at} is before the event above, {latest}")
            latest = event.at
            yield event


def _repeated(entry: Mapping[str, Any], where: str) -> Iterator[dict[str, Any]]:
    """Yield an entry as often as its `repeat` says, with the number in place of {n}."""
    times = entry.get("repeat", 1)
    if isinstance(times, bool) or not isinstance(times, int) or not 1 <= times <= MAX_REPEAT:
        raise MisfitError(
            f"{where}.repeat", expected=f"an integer from 1 to {MAX_REPEAT}", actual=shown(times)
        )
    plain = {key: value for key, value in entry.items() if key != "repeat"}
    if "repeat" not in entry:
        yield plain
        return
    for n in range(1, times + 1):
        yield {
            key: value.replace("{n}", str(n)) if isinstance(value, str) else value
            for key, value in plain.items()
        }


def _invoices(document: _Document, customers: Mapping[str, ScenarioCustomer]) -> Iterator[ExpectedInvoice]:
    if document.invoice is not None and document.invoices is not None:
        raise MisfitError("invoice", "expected either [invoice] or [[invoices]]")
    tables = {"invoice": document.invoice} if document.invoice is not None else {}
    tables |= {f"invoices[{index}]": table for index, table in enumerate(document.invoices or ())}
    for where, table in tables.items():
        name = table.get("customer", CUSTOMER)
        customer = customers.get(name) if isinstance(name, str) else None
        if customer is None or customer.pricing is None:
            expected = ", ".join(one.name for one in customers.values() if not one.unknown)
            raise MisfitError(f"{where}.customer", f"expected one of {expected}; got {name!r}")
        code = customer.pricing.currency.code
        if table.get("currency", code) != code:
            raise MisfitError(
                f"{where}.currency",
                expected=f"that of {name}, {code}",
                actual=shown(table["currency"]),
            )
        lines = table.get("lines", [])
        if not isinstance(lines, list) or not all(isinstance(one, dict) for one in lines):
            raise MisfitError(f"{where}.lines", "expected a list of tables")
        expanded = [
            convert(line, ExpectedLine, at=f"{where}.lines[{index}]")
            for index, one in enumerate(lines)
            for line in _repeated(one, f"{where}.lines[{index}]")
        ]
        if not expanded:
            raise MisfitError(f"{where}.lines", "expected at least one line")
        invoice = {**table, "customer": name, "currency": code, "lines": ()}
        yield msgspec.structs.replace(convert(invoice, ExpectedInvoice, at=where), lines=tuple(expanded))


def _check(scenario: Scenario) -> None:
    """Check what no field says by itself.

    Raises:
        MisfitError: periods are missing or in disorder, or an invoice stands twice or in no period.
    """
    if not scenario.periods:
        raise MisfitError("periods", "expected at least one, or an invoice")
    if list(scenario.periods) != sorted(set(scenario.periods)):
        raise MisfitError("periods", f"expected each once, in order; got {', '.join(scenario.periods)}")
    seen: set[tuple[str, str]] = set()
    for invoice in scenario.invoices:
        key = (invoice.customer, invoice.period)
        if invoice.period not in scenario.periods:
            raise MisfitError("periods", f"{invoice.period} is missing, for which there is an invoice")
        if key in seen:
            raise MisfitError("invoices", f"two for {invoice.customer} in {invoice.period}")
        seen.add(key)
