"""What one token costs one customer: pure functions over plain values, no I/O.

Source: vendor page "custom billing integration", step 6. A cost is the price of one token, in units of the
currency (not cents).
"""

from collections.abc import Sequence
from dataclasses import dataclass
from decimal import Decimal
from typing import Final

import msgspec

from solusio_reference import money

MAX_DECIMALS: Final = 8
"""Limit for the decimals of a currency."""

ISO_4217: Final = -1
"""Stands for the decimals that ISO 4217 gives a currency."""


@dataclass(frozen=True, slots=True)
class Currency:
    """How SolusIO writes amounts: ``display_prefix`` + grouped digits + ``display_suffix``.

    SolusIO adds no spaces, so put them in the prefix or suffix (" EUR"). Raises ValueError for an unknown
    code, for decimals that are not 0 to 8, and for two equal separators, which would make 1.234 ambiguous.
    """

    code: str
    display_prefix: str = ""
    display_suffix: str = ""
    thousands_separator: str = ","
    decimals_separator: str = "."
    decimals: int = ISO_4217
    """To how many digits amounts are rounded: ISO 4217's unless you choose others, such as none for HUF."""

    def __post_init__(self) -> None:
        minor_digits = money.minor_digits(self.code)
        if self.decimals == ISO_4217:
            object.__setattr__(self, "decimals", minor_digits)  # the class is frozen
        if not 0 <= self.decimals <= MAX_DECIMALS:
            raise ValueError(f"a currency has 0 to {MAX_DECIMALS} decimals, got {self.decimals}")
        if self.thousands_separator == self.decimals_separator:
            raise ValueError("the thousands separator and the decimals separator must differ")


@dataclass(frozen=True, slots=True)
class Discount:
    """A factor on the price: ``multiplier`` 0.95 is 5 % off, 0 is free.

    Raises ValueError for a negative multiplier.
    """

    name: str
    description: str
    multiplier: Decimal

    def __post_init__(self) -> None:
        money.require_plain("a discount's multiplier", self.multiplier)
        if self.multiplier < 0:
            raise ValueError("a discount's multiplier must not be negative")


@dataclass(frozen=True, slots=True)
class Tax:
    """A percentage of the price: ``rate`` is 6 for 6 %, not 0.06. Raises ValueError for a negative rate."""

    label: str
    rate: Decimal

    def __post_init__(self) -> None:
        money.require_plain("a tax rate", self.rate)
        if self.rate < 0:
            raise ValueError("a tax rate must not be negative")


@dataclass(frozen=True, slots=True)
class Customer:
    """One user of the billing system. ``id`` is what SolusIO sends as ``userid``.

    Raises ValueError for an id below 1 or longer than 18 digits, and for a base cost that is not positive.
    """

    id: int
    name: str
    base_token_unit_cost: Decimal
    currency: Currency
    discounts: tuple[Discount, ...] = ()
    taxes: tuple[Tax, ...] = ()
    taxes_compound: bool = False

    def __post_init__(self) -> None:
        if not 1 <= self.id < 10**18:
            raise ValueError("a customer's id must be positive and have at most 18 digits")
        money.require_plain("the base cost of a token", self.base_token_unit_cost)
        if self.base_token_unit_cost <= 0:
            raise ValueError("the base cost of a token must be positive")


@dataclass(frozen=True, slots=True)
class Pricing:
    """The response to GetTokenPricing, before it becomes JSON."""

    base_token_unit_cost: Decimal
    user_token_unit_cost: Decimal
    currency: Currency
    discounts: tuple[Discount, ...]
    taxes: tuple[Tax, ...]
    taxes_compound: bool


def price(customer: Customer) -> Pricing:
    """Calculate what one token costs this customer: base x discounts x taxes, never rounded.

    The vendor's example prints 1.0812, which is only the taxes. Its text says "full and final price", so we
    send 1.34 x 0.95 x 1.06 x 1.02 = 1.3763676.
    """
    factors = [
        customer.base_token_unit_cost,
        *(discount.multiplier for discount in customer.discounts),
        tax_factor(customer.taxes, compound=customer.taxes_compound),
    ]
    return Pricing(
        base_token_unit_cost=customer.base_token_unit_cost,
        user_token_unit_cost=money.product(factors),
        currency=customer.currency,
        discounts=customer.discounts,
        taxes=customer.taxes,
        taxes_compound=customer.taxes_compound,
    )


def tax_factor(taxes: Sequence[Tax], *, compound: bool) -> Decimal:
    """Combine taxes into one factor: 6 % and 2 % give 1.06 x 1.02 = 1.0812 if compound, else 1.08.

    Compound means that each tax applies on top of the one before.
    """
    fractions = [money.from_percent(tax.rate) for tax in taxes]
    one = Decimal(1)
    if compound:
        return money.product(money.total([one, fraction]) for fraction in fractions)
    return money.total([one, *fractions])


def to_json(pricing: Pricing) -> bytes:
    """Write the JSON document that SolusIO reads, in UTF-8.

    Every key is always present: without discounts there is an empty list, and without taxes an object with
    an empty list of rates.
    """
    currency = pricing.currency
    document = {
        "base_token_unit_cost": _number(pricing.base_token_unit_cost),
        "user_token_unit_cost": _number(pricing.user_token_unit_cost),
        "currency": {
            "code": currency.code,
            "display_prefix": currency.display_prefix,
            "display_suffix": currency.display_suffix,
            "thousands_separator": currency.thousands_separator,
            "decimals_separator": currency.decimals_separator,
            "decimals": currency.decimals,
        },
        "discounts": [
            {
                "name": discount.name,
                "description": discount.description,
                # SolusIO reads "multipler". Spelled correctly, it would be ignored.
                "multipler": _number(discount.multiplier),
            }
            for discount in pricing.discounts
        ],
        "taxes": {
            "compound": pricing.taxes_compound,
            "rates": [{"label": tax.label, "rate": _number(tax.rate)} for tax in pricing.taxes],
        },
    }
    return msgspec.json.encode(document)


def _number(value: Decimal) -> msgspec.Raw:
    # Raw writes our digits unchanged; a JSON number in Python would be a float.
    return msgspec.Raw(money.json_number(value).encode())
