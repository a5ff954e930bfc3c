"""Invoice scenarios: a timeline of usage with the invoices it must lead to, read from `scenarios/*.toml`.

To run one, give each customer a billing_user_id, play `events`, and give the billing system
`customers_document`. The expected values in the files are worked out by hand, never by a program.
"""

import functools
from collections.abc import Iterable, Iterator, Mapping, Sequence
from datetime import UTC, datetime
from decimal import Decimal
from importlib import resources
from typing import Annotated, Any, Final, Literal, TypeVar, get_args

import msgspec
from msgspec import Meta

from solusio_contracts.adapter.customers import Customer, Pricing, Strict, write_customers
from solusio_contracts.adapter.fault import Fault
from solusio_contracts.contract.clauses import ClauseError, clause
from solusio_contracts.decoding import MisfitError, convert, from_toml, read_text, shown
from solusio_contracts.invoices.documents import PERIOD
from solusio_contracts.timeline import PRICES, AnyEvent, PlanCreate, UserCreate, UserUpdate

Area = Literal[
    "metering",
    "cap",
    "months",
    "lifecycle",
    "resize",
    "resources",
    "customers",
    "prices",
    "currency",
    "rounding",
    "scale",
    "faults",
]
"""What a scenario is about, from simple to hard."""

VENDOR: Final = "vendor-"
"""How the ids of the vendor's own examples begin."""

CUSTOMER: Final = "customer"
"""The name of the only customer of a scenario with a `[pricing]` table."""

MAX_REPEAT: Final = 10_000

S = TypeVar("S", bound=msgspec.Struct)

Name = Annotated[str, Meta(min_length=1, max_length=255)]
Natural = Annotated[int, Meta(ge=0)]
Month = Annotated[str, Meta(pattern=PERIOD, examples=["2026-03"])]


class ScenarioPlan(Strict, frozen=True, kw_only=True):
    """A plan that exists from the start. Prices are in tokens, that of backups is a percentage."""

    name: Name
    tokens_per_hour: Natural = 0
    tokens_per_month: Natural = 0
    ip_tokens_per_hour: Natural = 0
    ip_tokens_per_month: Natural = 0
    iso_image_tokens_per_hour: Natural = 0
    iso_image_tokens_per_month: Natural = 0
    backup_price: Decimal = Decimal(0)


class ScenarioCustomer(Strict, frozen=True, kw_only=True):
    """A user of SolusIO. If they are `unknown`, the billing system does not know them."""

    name: Name
    full_name: Name
    email: Name
    unknown: bool = False
    pricing: Pricing | None = None
    """What a token costs them at first."""
    later_pricing: tuple[tuple[Month, Pricing], ...] = ()
    """What it costs from later months on, in order."""

    def pricing_in(self, period: str) -> Pricing | None:
        """Return what a token costs them when a period is billed; None for an unknown customer."""
        return next((one for month, one in reversed(self.later_pricing) if month <= period), self.pricing)


class ExpectedLine(Strict, frozen=True, kw_only=True):
    """A line of an invoice: hours and tokens as in /usage; `amount` at the base unit cost, rounded.

    `on` and `plan` are the names of server and plan in /usage.
    """

    on: Name
    plan: Name
    resource: Name = "server"
    hours: Natural
    charge: Literal["hourly", "monthly"]
    tokens: Natural
    amount: Decimal


class ExpectedDiscount(Strict, frozen=True, kw_only=True):
    """The amount that a discount takes off: negative or zero."""

    name: Name
    amount: Decimal


class ExpectedTax(Strict, frozen=True, kw_only=True):
    """The amount that a tax adds."""

    label: Name
    amount: Decimal


class ExpectedInvoice(Strict, frozen=True, kw_only=True):
    """An invoice that must exist. Amounts are in units of `currency`; None is not checked."""

    customer: Name
    period: Month
    currency: str
    lines: tuple[ExpectedLine, ...]
    subtotal: Decimal | None = None
    discounts: tuple[ExpectedDiscount, ...] | None = None
    taxes: tuple[ExpectedTax, ...] | None = None
    rounding: Decimal | None = None
    display: str | None = None
    """The total as the customer sees it, in the format of their currency."""
    total: Decimal

    @property
    def tokens(self) -> int:
        """The tokens of all lines."""
        return sum(line.tokens for line in self.lines)


class Scenario(msgspec.Struct, frozen=True, kw_only=True):
    """A timeline, the periods to bill, in order, and all invoices of these periods."""

    id: str
    title: str
    area: str
    clauses: tuple[str, ...]
    assumes: str = ""
    """What the vendor leaves open and this scenario assumes."""
    plans: tuple[ScenarioPlan, ...]
    customers: tuple[ScenarioCustomer, ...]
    timeline: tuple[AnyEvent, ...]
    """A `billing_user_id` in it is the position of a customer in `customers`, from 1."""
    invoices: tuple[ExpectedInvoice, ...]
    periods: tuple[str, ...]
    faults: tuple[Fault, ...] = ()
    """What goes wrong in SolusIO while the first period is billed."""
    early_bills: tuple[datetime, ...] = ()
    """When somebody bills the month that is still open then, in order."""

    def early_bills_of(self, period: str) -> Iterator[datetime]:
        """Yield when a period is billed although it is still open."""
        return (at for at in self.early_bills if month_of(at) == period)

    def customer(self, name: str) -> ScenarioCustomer:
        """Return a customer by name.

        Raises:
            KeyError: there is no such customer.
        """
        for one in self.customers:
            if one.name == name:
                return one
        raise KeyError(name)


class _CustomerTable(Strict, frozen=True, kw_only=True):
    name: Name | None = None
    email: Name | None = None
    unknown: bool = False
    pricing: dict[str, Any] | None = None
    pricing_from: dict[str, dict[str, Any]] = msgspec.field(default_factory=dict)
    repeat: Annotated[int, Meta(ge=1, le=1000)] = 1


class _Document(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    id: Annotated[str, Meta(pattern=r"^[a-z0-9]+(-[a-z0-9]+)*$", examples=["resize-mid-month"])]
    title: Annotated[str, Meta(min_length=1)]
    area: Area
    clauses: Annotated[tuple[str, ...], Meta(min_length=1)]
    assumes: str = ""
    plans: dict[str, dict[str, Any]] = {}
    pricing: dict[str, Any] | None = None
    pricing_from: dict[str, dict[str, Any]] = {}
    customers: dict[str, _CustomerTable] = {}
    timeline: Annotated[list[dict[str, Any]], Meta(min_length=1)]
    invoice: dict[str, Any] | None = None
    invoices: list[dict[str, Any]] | None = None
    periods: tuple[Month, ...] | None = None
    faults: tuple[Fault, ...] = ()
    early_bills: tuple[Annotated[datetime, Meta(tz=True)], ...] = ()


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
    """Return all scenarios of the package: the vendor's examples, then by area from simple to hard.

    Raises:
        DecodingError: one of them cannot be read.
    """
    folder = resources.files("solusio_contracts").joinpath("scenarios")
    files = sorted((one for one in folder.iterdir() if one.name.endswith(".toml")), key=lambda one: one.name)
    scenarios = [parse_scenario(read_text(file), file.name) for file in files]
    return tuple(sorted(scenarios, key=_difficulty))


def _difficulty(scenario: Scenario) -> tuple[bool, int, int, int, str]:
    """Return what scenarios are sorted by: fixing the first failures often fixes later ones."""
    sizes = (len(scenario.periods) + len(scenario.customers), len(scenario.timeline) + len(scenario.invoices))
    return not scenario.id.startswith(VENDOR), get_args(Area).index(scenario.area), *sizes, scenario.id


def events(scenario: Scenario, ids: Mapping[str, int]) -> list[AnyEvent]:
    """Return all events to play: first the plans and the customers' users, then the timeline.

    `ids` gives each customer, also an unknown one, a billing_user_id. A user that the timeline itself creates
    gets it then, unless another event of the timeline sets it.
    """
    begin = scenario.timeline[0].at
    numbers = [ids[one.name] for one in scenario.customers]
    users = [event for event in scenario.timeline if isinstance(event, UserCreate | UserUpdate)]
    created = {event.as_ for event in users if isinstance(event, UserCreate)}
    linked = {_user_of(event) for event in users if event.billing_user_id is not None}
    found: list[AnyEvent] = [PlanCreate(at=begin, as_=plan.name, **_prices(plan)) for plan in scenario.plans]
    found += [
        UserCreate(at=begin, as_=one.name, email=one.email, billing_user_id=ids[one.name])
        for one in scenario.customers
        if one.name not in created
    ]
    for event in scenario.timeline:
        number = None
        if isinstance(event, UserCreate | UserUpdate) and event.billing_user_id is not None:
            number = numbers[event.billing_user_id - 1]
        elif isinstance(event, UserCreate) and event.as_ not in linked:
            number = ids.get(event.as_)
        found.append(event if number is None else msgspec.structs.replace(event, billing_user_id=number))
    return found


def customers_document(scenario: Scenario, ids: Mapping[str, int], period: str) -> bytes:
    """Return the customers that the billing system knows when a period is billed, as JSON."""
    return write_customers(
        Customer(billing_user_id=ids[one.name], name=one.full_name, email=one.email, pricing=pricing)
        for one in scenario.customers
        if (pricing := one.pricing_in(period)) is not None
    )


def month_of(moment: datetime) -> str:
    """Return the month (UTC) of a moment, such as 2026-03."""
    return f"{moment.astimezone(UTC):%Y-%m}"


def _user_of(event: UserCreate | UserUpdate) -> str:
    return event.as_ if isinstance(event, UserCreate) else event.on


def _prices(plan: ScenarioPlan) -> dict[str, Any]:
    return {**{name: getattr(plan, name) for name in PRICES}, "backup_price": float(plan.backup_price)}


def _scenario(document: _Document, name: str) -> Scenario:
    if name.removesuffix(".toml") != document.id:
        raise MisfitError("id", expected="the name of the file", actual=shown(document.id))
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
        faults=document.faults,
        early_bills=document.early_bills,
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
            raise MisfitError(f"clauses[{index}]", f"{one} is given twice")
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
            later_pricing=_later_pricing(document.pricing_from, "pricing_from"),
        )
    elif document.pricing_from:
        raise MisfitError("pricing_from", "expected within the tables [customers.<name>]")
    for name, table in document.customers.items():
        where = f"customers.{name}"
        if table.unknown == (table.pricing is not None):
            wrong = "an unknown customer has no pricing" if table.unknown else "the pricing is missing"
            raise MisfitError(f"{where}.pricing", wrong)
        if table.unknown and table.pricing_from:
            raise MisfitError(f"{where}.pricing_from", "an unknown customer has no pricing")
        pricing = None if table.pricing is None else _pricing(table.pricing, f"{where}.pricing")
        later = _later_pricing(table.pricing_from, f"{where}.pricing_from")
        for n in range(1, table.repeat + 1):
            own = name.replace("{n}", str(n))
            yield ScenarioCustomer(
                name=own,
                full_name=table.name or f"{own.capitalize()} Example",
                email=table.email or f"{own}@example.com",
                unknown=table.unknown,
                pricing=pricing,
                later_pricing=later,
            )


def _later_pricing(tables: Mapping[str, Mapping[str, Any]], where: str) -> tuple[tuple[str, Pricing], ...]:
    return tuple((month, _pricing(table, f"{where}.{month}")) for month, table in sorted(tables.items()))


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
            if not isinstance(name, str) or name not in positions:
                place = f"{where}.billing_user_id"
                raise MisfitError(place, expected="the name of a customer", actual=shown(name))
            entry = {**entry, "billing_user_id": positions[name]}  # noqa: PLW2901 - as an event has it
        kind: type[AnyEvent] = AnyEvent  # type: ignore[assignment]
        for event in _repeated(entry, kind, where):
            if latest is not None and event.at < latest:
                raise MisfitError(f"{where}.at", f"{event.at} is before the event above, {latest}")
            latest = event.at
            yield event


def _times(entry: Mapping[str, Any], where: str) -> int:
    times = entry.get("repeat", 1)
    if isinstance(times, bool) or not isinstance(times, int) or not 1 <= times <= MAX_REPEAT:
        raise MisfitError(
            f"{where}.repeat", expected=f"an integer from 1 to {MAX_REPEAT}", actual=shown(times)
        )
    return times


def _numbered(entry: Mapping[str, Any], n: int) -> Mapping[str, Any]:
    """Return an entry; if it is repeated, with the number in place of {n}."""
    if "repeat" not in entry:
        return entry
    return {
        key: value.replace("{n}", str(n)) if isinstance(value, str) else value
        for key, value in entry.items()
        if key != "repeat"
    }


def _repeated(entry: Mapping[str, Any], kind: type[S], where: str) -> Iterator[S]:
    """Yield an entry as `kind`, as often as it is repeated."""
    times = _times(entry, where)
    first = convert(_numbered(entry, 1), kind, at=where)
    yield first
    # Thousands differ only in their names: to convert each takes ten times as long as to copy the first.
    names = dict(zip(first.__struct_encode_fields__, first.__struct_fields__, strict=True))
    texts = {names[key]: text for key, text in entry.items() if isinstance(text, str) and "{n}" in text}
    named_only = all(isinstance(getattr(first, name), str) for name in texts)
    for n in range(2, times + 1):
        if named_only:
            changed = {name: text.replace("{n}", str(n)) for name, text in texts.items()}
            yield msgspec.structs.replace(first, **changed)
        else:
            yield convert(_numbered(entry, n), kind, at=where)


def _invoices(document: _Document, customers: Mapping[str, ScenarioCustomer]) -> Iterator[ExpectedInvoice]:
    if document.invoice is not None and document.invoices is not None:
        raise MisfitError("invoice", "expected either [invoice] or [[invoices]]")
    tables: list[tuple[str, Mapping[str, Any]]] = []
    if document.invoice is not None:
        tables.append(("invoice", document.invoice))
    for index, one in enumerate(document.invoices or ()):
        where = f"invoices[{index}]"
        tables += [(where, _numbered(one, n)) for n in range(1, _times(one, where) + 1)]
    for where, table in tables:
        name = table.get("customer", CUSTOMER)
        customer = customers.get(name) if isinstance(name, str) else None
        pricing = None if customer is None else customer.pricing_in(str(table.get("period", "")))
        if pricing is None:
            expected = ", ".join(one.name for one in customers.values() if not one.unknown)
            raise MisfitError(f"{where}.customer", expected=f"one of {expected}", actual=shown(name))
        code = pricing.currency.code
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
            line
            for index, one in enumerate(lines)
            for line in _repeated(one, ExpectedLine, f"{where}.lines[{index}]")
        ]
        if not expanded:
            raise MisfitError(f"{where}.lines", "expected at least one line")
        invoice = {**table, "customer": name, "currency": code, "lines": ()}
        yield msgspec.structs.replace(convert(invoice, ExpectedInvoice, at=where), lines=tuple(expanded))


def _check(scenario: Scenario) -> None:
    """Check how periods and invoices fit together.

    Raises:
        MisfitError: periods are missing or not in order; an invoice is given twice, or one or a price or an
            early billing run for no period.
    """
    if not scenario.periods:
        raise MisfitError("periods", "expected at least one, or an invoice")
    if list(scenario.periods) != sorted(set(scenario.periods)):
        raise MisfitError("periods", expected="each once, in order", actual=", ".join(scenario.periods))
    for customer in scenario.customers:
        for month, _ in customer.later_pricing:
            if month not in scenario.periods[1:]:
                later = ", ".join(scenario.periods[1:]) or "a second one"
                raise MisfitError("pricing_from", expected=f"a later period: {later}", actual=month)
    if list(scenario.early_bills) != sorted(scenario.early_bills):
        raise MisfitError(
            "early_bills", expected="moments in order", actual=", ".join(map(str, scenario.early_bills))
        )
    for at in scenario.early_bills:
        if month_of(at) not in scenario.periods:
            raise MisfitError("early_bills", expected="moments within the periods", actual=str(at))
    seen: set[tuple[str, str]] = set()
    for invoice in scenario.invoices:
        key = (invoice.customer, invoice.period)
        if invoice.period not in scenario.periods:
            raise MisfitError("periods", f"{invoice.period} is missing, and there is an invoice for it")
        if key in seen:
            raise MisfitError("invoices", f"two for {invoice.customer} in {invoice.period}")
        seen.add(key)
