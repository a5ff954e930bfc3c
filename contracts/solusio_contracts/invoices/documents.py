"""The two documents that `invoices check` and a billing system exchange: the customers, and the invoices.

The models are the only definition; `customers.schema.json` and `invoices.schema.json` beside this module are
derived from them, for people and for programs in other languages.
"""

from collections.abc import Iterable
from decimal import Decimal
from typing import Annotated, Any, Final

import msgspec
from msgspec import Meta

from solusio_contracts.decoding import SHOWN, DecodingError, MisfitError, from_json, shown
from solusio_contracts.minor_units import minor_digits

PERIOD: Final = r"^[0-9]{4}-(0[1-9]|1[0-2])$"
LARGEST: Final = Decimal(10) ** 18
"""Larger amounts are refused; the bound keeps exact arithmetic cheap."""
_FINEST = 40
_AMOUNT = {
    "description": 'An amount of money: a decimal string such as "-0.65" (preferred), or a JSON number.',
    "anyOf": [{"type": "string", "pattern": r"^-?[0-9]+(\.[0-9]+)?$"}, {"type": "number"}],
}

BillingUserId = Annotated[int, Meta(ge=1, description="The customer's id in the billing system.")]
Period = Annotated[
    str, Meta(pattern=PERIOD, examples=["2026-03"], description="The calendar month (UTC) that was billed.")
]


# What was billed


class BilledLine(msgspec.Struct, frozen=True, kw_only=True):
    """A line of an invoice: one line of /usage."""

    server: Annotated[str, Meta(description="The server's name: `server_name` in /usage.")]
    resource: Annotated[
        str, Meta(description="The kind of resource, as in /usage: server, additional_ip, backup, iso_image.")
    ]
    plan: Annotated[str, Meta(description="The plan's name: `plan.name` in /usage.")]
    hours: Annotated[int, Meta(description="Hours, as in /usage.")]
    tokens: Annotated[int, Meta(description="Tokens, as in /usage.")]
    charge: Annotated[
        str | None, Meta(description="The price that applied, as in /usage: hourly or monthly.")
    ] = None
    amount: Annotated[
        Decimal | None,
        Meta(description="The line's price at the base or the customer's unit cost, the same in all lines."),
    ] = None


class BilledDiscount(msgspec.Struct, frozen=True, kw_only=True):
    """A discount, and what it takes off."""

    name: str
    amount: Annotated[Decimal, Meta(description="Negative or zero.")]


class BilledTax(msgspec.Struct, frozen=True, kw_only=True):
    """A tax, and what it adds."""

    label: str
    amount: Decimal


class BilledInvoice(msgspec.Struct, frozen=True, kw_only=True):
    """An invoice. Optional members are checked if present."""

    number: Annotated[str | int, Meta(description="The invoice number.")]
    billing_user_id: BillingUserId
    period: Period
    currency: Annotated[str, Meta(description="ISO 4217 code.")]
    lines: list[BilledLine]
    subtotal: Annotated[Decimal | None, Meta(description="The sum of the lines.")] = None
    discounts: Annotated[
        list[BilledDiscount] | None, Meta(description="In the order in which they apply.")
    ] = None
    taxes: Annotated[list[BilledTax] | None, Meta(description="In the order in which they apply.")] = None
    rounding: Annotated[
        Decimal | None,
        Meta(description="The rounding difference between the sum of the above and the total."),
    ] = None
    total: Annotated[Decimal, Meta(description="What the customer pays.")]
    display_total: Annotated[
        str | None, Meta(description="The total as the customer sees it, in the format of their currency.")
    ] = None

    @property
    def tokens(self) -> int:
        """The tokens of all lines."""
        return sum(line.tokens for line in self.lines)


class InvoicesDocument(msgspec.Struct, frozen=True, kw_only=True):
    """The invoices of a billing system. Members that are not named here are ignored."""

    invoices: Annotated[list[BilledInvoice], Meta(description="The invoices of a period, for all customers.")]


# The customers to bill


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


# Reading and writing


def read_invoices(content: bytes) -> tuple[BilledInvoice, ...]:
    """Read an invoices document.

    Raises:
        DecodingError: it is not JSON, or does not fit the schema; it names the field, what was expected and
            what is there.
    """
    name = "the invoices document"
    try:
        document = from_json(content, InvoicesDocument, name)
    except MisfitError:
        raise
    except DecodingError as error:
        raise DecodingError(f"expected JSON, got {_unreadable(content, error.problem)}", name) from None
    for index, invoice in enumerate(document.invoices):
        _require_money(invoice, f"invoices[{index}]")
    return tuple(document.invoices)


def _unreadable(content: bytes, problem: str) -> str:
    """Return what came instead of JSON, with the probable cause."""
    if not content.strip():
        return "nothing"
    if content.startswith(b"\xef\xbb\xbf"):
        return "a byte order mark before it: save the file without one"
    text = content[: SHOWN * 4].decode("utf-8", "backslashreplace").strip()
    if text[:1] not in "{[":
        return f"other output: {shown(text)}. Write messages to standard error (PHP: display_errors=stderr)"
    return f"text that is {problem}: {shown(text)}"


def _require_money(invoice: BilledInvoice, where: str) -> None:
    amounts: list[tuple[str, Decimal | None]] = [
        (name, getattr(invoice, name)) for name in ("total", "subtotal", "rounding")
    ]
    amounts += [(f"lines[{index}].amount", line.amount) for index, line in enumerate(invoice.lines)]
    amounts += [
        (f"discounts[{index}].amount", one.amount) for index, one in enumerate(invoice.discounts or ())
    ]
    amounts += [(f"taxes[{index}].amount", one.amount) for index, one in enumerate(invoice.taxes or ())]
    for name, amount in amounts:
        if amount is None:
            continue
        exponent = amount.as_tuple().exponent
        if not isinstance(exponent, int) or abs(amount) >= LARGEST or exponent < -_FINEST:
            raise MisfitError(f"{where}.{name}", expected="an amount of money", actual=shown(amount))


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


# Schemas


def invoices_schema() -> dict[str, Any]:
    """Return the JSON Schema of an invoices document: the content of `invoices.schema.json`."""
    schema = _schema(InvoicesDocument, "Invoices of a billing system", {"$ref": "#/$defs/amount"})
    schema["$defs"]["amount"] = _AMOUNT
    return schema


def customers_schema() -> dict[str, Any]:
    """Return the JSON Schema of a customers document: the content of `customers.schema.json`."""
    schema = _schema(CustomersDocument, "Customers to bill", {"type": "number"})
    for one in (schema, *schema["$defs"].values()):
        # What has a default in a scenario is always written.
        one["required"] = list(one["properties"])
        del one["additionalProperties"]
        for member in one["properties"].values():
            member.pop("default", None)
    return schema


def _schema(kind: type[msgspec.Struct], title: str, number: dict[str, Any]) -> dict[str, Any]:
    (root,), definitions = msgspec.json.schema_components([kind], ref_template="#/$defs/{name}")
    top = definitions.pop(root["$ref"].rpartition("/")[2])
    schema: dict[str, Any] = _with_numbers(
        {
            "$schema": "https://json-schema.org/draft/2020-12/schema",
            "title": title,
            **{key: value for key, value in top.items() if key != "title"},
            "$defs": dict(sorted(definitions.items())),
        },
        number,
    )
    return schema


def _with_numbers(value: Any, number: dict[str, Any]) -> Any:
    """Replace msgspec's form of a number, a decimal string, by ours."""
    if isinstance(value, dict):
        if value.get("format") == "decimal":
            rest = {key: member for key, member in value.items() if key not in ("type", "format")}
            return {**rest, **number}
        return {key: _with_numbers(member, number) for key, member in value.items()}
    return [_with_numbers(member, number) for member in value] if isinstance(value, list) else value
