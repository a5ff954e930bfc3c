"""The invoices document: the invoices of a billing system, as it returns them.

The models are the only definition; `invoices.schema.json` beside this module is derived from them, for people
and for programs in other languages.
"""

from decimal import Decimal
from typing import Annotated, Any, Final

import msgspec
from msgspec import Meta

from solusio_contracts.adapter.customers import BillingUserId
from solusio_contracts.adapter.schema import document_schema
from solusio_contracts.decoding import SHOWN, DecodingError, MisfitError, from_json, shown, text_of

PERIOD: Final = r"^[0-9]{4}-(0[1-9]|1[0-2])$"
LARGEST: Final = Decimal(10) ** 18
"""Larger amounts are refused; the bound keeps exact arithmetic cheap."""
_FINEST = 40
_AMOUNT = {
    "description": 'An amount of money: a decimal string such as "-0.65" (preferred), or a JSON number.',
    "anyOf": [{"type": "string", "pattern": r"^-?[0-9]+(\.[0-9]+)?$"}, {"type": "number"}],
}

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


# Reading and writing


def read_invoices(content: bytes) -> tuple[BilledInvoice, ...]:
    """Read an invoices document.

    Raises:
        DecodingError: it is not JSON, or does not fit the schema; it names the field, what was expected and
            what is there.
    """
    name = "the invoices document"
    try:
        document = from_json(text_of(content, name), InvoicesDocument, name)
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


# Schemas


def invoices_schema() -> dict[str, Any]:
    """Return the JSON Schema of an invoices document: the content of `invoices.schema.json`."""
    schema = document_schema(InvoicesDocument, "Invoices of a billing system", {"$ref": "#/$defs/amount"})
    schema["$defs"]["amount"] = _AMOUNT
    return schema
