"""The customers document: the customers of a scenario with their prices, as the billing system gets them.

The models are the only definition; `customers.schema.json` beside this module is derived from them, for
people and for programs in other languages.
"""

from collections.abc import Iterable
from decimal import Decimal
from typing import Annotated, Any

import msgspec
from msgspec import Meta

from solusio_contracts.adapter.schema import document_schema
from solusio_contracts.minor_units import minor_digits

BillingUserId = Annotated[int, Meta(ge=1, description="The customer's id in the billing system.")]


class Strict(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Data that refuses unknown fields and numbers that are not finite."""

    def __post_init__(self) -> None:
        for name in self.__struct_fields__:
            value = getattr(self, name)
            if isinstance(value, Decimal) and not value.is_finite():
                raise ValueError(f"`{name}` must be a finite number, got {value}")


class Currency(Strict, frozen=True, kw_only=True):
    """A currency, and how SolusIO formats an amount in it."""

    code: Annotated[str, Meta(pattern="^[A-Z]{3}$", examples=["EUR"], description="ISO 4217 code.")]
    display_prefix: str = ""
    display_suffix: str = ""
    thousands_separator: str = ","
    decimals_separator: str = "."
    decimals: Annotated[int, Meta(ge=0, le=8, description="Number of decimals of the minor unit.")] = -1

    def __post_init__(self) -> None:
        if self.decimals < 0:
            msgspec.structs.force_setattr(self, "decimals", minor_digits(self.code))


class Discount(Strict, frozen=True, kw_only=True, rename={"multiplier": "multipler"}):
    """A discount."""

    name: Annotated[str, Meta(min_length=1)]
    description: str = ""
    multiplier: Annotated[Decimal, Meta(description="A factor: 0.95 is 5 % off. The spelling is SolusIO's.")]


class Rate(Strict, frozen=True, kw_only=True):
    """A tax."""

    label: Annotated[str, Meta(min_length=1)]
    rate: Annotated[Decimal, Meta(description="A percentage: 20 is 20 %.")]


class Taxes(Strict, frozen=True, kw_only=True):
    """The taxes of a customer."""

    compound: Annotated[bool, Meta(description="Whether each tax applies on top of the one before.")] = False
    rates: tuple[Rate, ...] = ()


class Pricing(Strict, frozen=True, kw_only=True):
    """The response that GetTokenPricing must return for a customer."""

    base_token_unit_cost: Decimal
    user_token_unit_cost: Decimal
    currency: Currency
    discounts: tuple[Discount, ...] = ()
    taxes: Taxes = Taxes()


class Customer(Strict, frozen=True, kw_only=True):
    """A customer of the billing system."""

    billing_user_id: BillingUserId
    name: str
    email: Annotated[str, Meta(description="Two customers may have the same address.")]
    pricing: Pricing


class CustomersDocument(Strict, frozen=True, kw_only=True):
    """The customers to bill. Numbers in `pricing` are JSON numbers with all their digits."""

    customers: tuple[Customer, ...]


def write_customers(customers: Iterable[Customer]) -> bytes:
    """Return a customers document."""
    document = CustomersDocument(customers=tuple(customers))
    return msgspec.json.encode(_plain(msgspec.to_builtins(document, builtin_types=(Decimal,))))


def _plain(value: Any) -> Any:
    """Write numbers with all digits and no exponent, which some readers would take for a float."""
    if isinstance(value, Decimal):
        return msgspec.Raw(format(value, "f").encode())
    if isinstance(value, dict):
        return {name: _plain(one) for name, one in value.items()}
    return [_plain(one) for one in value] if isinstance(value, list | tuple) else value


def customers_schema() -> dict[str, Any]:
    """Return the JSON Schema of a customers document: the content of `customers.schema.json`."""
    schema = document_schema(CustomersDocument, "Customers to bill", {"type": "number"})
    for one in (schema, *schema["$defs"].values()):
        # What has a default in a scenario is always written.
        one["required"] = list(one["properties"])
        del one["additionalProperties"]
        for member in one["properties"].values():
            member.pop("default", None)
    return schema
