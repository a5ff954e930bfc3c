"""What a scenario says: plain immutable data, as `scenario.parse_scenario` reads it from a file."""

from decimal import Decimal
from typing import Annotated, Literal

import msgspec
from babel.numbers import get_currency_precision
from msgspec import Meta

from solusio_contracts.timeline import AnyEvent

Name = Annotated[str, Meta(min_length=1, max_length=255)]
Natural = Annotated[int, Meta(ge=0)]
PeriodText = Annotated[str, Meta(pattern=r"^[0-9]{4}-(0[1-9]|1[0-2])$")]
Charge = Literal["hourly", "monthly"]


class Part(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Something a file says. Numbers with decimals are exact."""

    def __post_init__(self) -> None:
        for name in self.__struct_fields__:
            value = getattr(self, name)
            if isinstance(value, Decimal) and not value.is_finite():
                raise ValueError(f"`{name}` must be a number, got {value}")


class ScenarioPlan(Part, frozen=True, kw_only=True):
    """A plan that is there from the beginning. Prices are tokens, that of backups is a percentage."""

    name: Name
    tokens_per_hour: Natural = 0
    tokens_per_month: Natural = 0
    ip_tokens_per_hour: Natural = 0
    ip_tokens_per_month: Natural = 0
    backup_price: Decimal = Decimal(0)


class Currency(Part, frozen=True, kw_only=True):
    """A currency, and how SolusIO writes an amount of it."""

    code: Annotated[str, Meta(pattern="^[A-Z]{3}$")]
    display_prefix: str = ""
    display_suffix: str = ""
    thousands_separator: str = ","
    decimals_separator: str = "."

    @property
    def decimals(self) -> int:
        """Digits of the minor unit (CLDR): 0 for JPY, 2 for USD, 3 for KWD."""
        return get_currency_precision(self.code)


class Discount(Part, frozen=True, kw_only=True):
    """A discount; `multiplier` is a factor, 0.95 for 5 % off (on the wire it is `multipler`, sic)."""

    name: Name
    description: str = ""
    multiplier: Decimal


class Rate(Part, frozen=True, kw_only=True):
    """A tax; `rate` is a percentage."""

    label: Name
    rate: Decimal


class Taxes(Part, frozen=True, kw_only=True):
    """The taxes, each on top of the one before (`compound`) or all on the same amount."""

    compound: bool = False
    rates: tuple[Rate, ...] = ()


class Pricing(Part, frozen=True, kw_only=True):
    """What GetTokenPricing must answer for a customer."""

    base_token_unit_cost: Decimal
    user_token_unit_cost: Decimal
    currency: Currency
    discounts: tuple[Discount, ...] = ()
    taxes: Taxes = Taxes()


class ScenarioCustomer(Part, frozen=True, kw_only=True):
    """A user of SolusIO. Of one that is `unknown` the billing system is never told."""

    name: Name
    full_name: Name
    email: Name
    unknown: bool = False
    pricing: Pricing | None = None


class ExpectedLine(Part, frozen=True, kw_only=True):
    """A line of an invoice: hours and tokens as in /usage; `amount` at the base price, rounded.

    `on` and `plan` are the names that server and plan have in /usage.
    """

    on: Name
    plan: Name
    resource: Name = "server"
    hours: Natural
    charge: Charge
    tokens: Natural
    amount: Decimal


class ExpectedDiscount(Part, frozen=True, kw_only=True):
    """What a discount takes off: negative, or zero."""

    name: Name
    amount: Decimal


class ExpectedTax(Part, frozen=True, kw_only=True):
    """What a tax adds."""

    label: Name
    amount: Decimal


class ExpectedInvoice(Part, frozen=True, kw_only=True):
    """An invoice that there must be. What is None may be anything. Amounts are in units of `currency`."""

    customer: Name
    period: PeriodText
    currency: str
    lines: tuple[ExpectedLine, ...]
    subtotal: Decimal | None = None
    discounts: tuple[ExpectedDiscount, ...] | None = None
    taxes: tuple[ExpectedTax, ...] | None = None
    rounding: Decimal | None = None
    display: str | None = None
    """The total as a customer sees it, in the format of his currency."""
    total: Decimal

    @property
    def tokens(self) -> int:
        """The tokens of all lines."""
        return sum(line.tokens for line in self.lines)


class Scenario(msgspec.Struct, frozen=True, kw_only=True):
    """A timeline, the periods that are billed, in order, and all invoices of these periods."""

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

    def customer(self, name: str) -> ScenarioCustomer:
        """Return a customer by his name.

        Raises:
            KeyError: there is none.
        """
        for one in self.customers:
            if one.name == name:
                return one
        raise KeyError(name)
