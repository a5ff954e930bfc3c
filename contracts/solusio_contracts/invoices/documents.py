"""The invoices document: the invoices of a billing system, as it returns them.

The models are the only definition; `invoices.schema.json` beside this module is derived from them, for people
and for programs in other languages.
"""

from collections.abc import Iterator
from dataclasses import dataclass
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


# Reading


@dataclass(frozen=True, slots=True)
class BrokenInvoice:
    """An invoice that does not fit the schema."""

    problem: str
    """The field, what was expected and what is there."""
    billing_user_id: int | None
    """Whose it is, if that can be read."""
    period: str | None


class _Envelope(msgspec.Struct, frozen=True, kw_only=True):
    invoices: list[msgspec.Raw]


class _Owner(msgspec.Struct, frozen=True, kw_only=True):
    billing_user_id: Any = None
    period: Any = None


_SOURCE: Final = "the invoices document"


def read_invoices(content: bytes) -> tuple[list[BilledInvoice], list[BrokenInvoice]]:
    """Read an invoices document; an invoice that does not fit the schema leaves the others as they are.

    Raises:
        DecodingError: it is not JSON, or not a document with a list of invoices.
    """
    try:
        text = text_of(content, _SOURCE)
        document = from_json(text, _Envelope, _SOURCE)
    except MisfitError:
        raise
    except DecodingError as error:
        raise DecodingError(f"expected JSON, got {_unreadable(content, error.problem)}", _SOURCE) from None
    found: list[BilledInvoice] = []
    broken: list[BrokenInvoice] = []
    for index, raw in enumerate(document.invoices):
        try:
            found.append(_invoice(bytes(raw), f"invoices[{index}]"))
        except DecodingError as error:
            broken.append(_broken(bytes(raw), str(error)))
    return found, broken


def _invoice(raw: bytes, where: str) -> BilledInvoice:
    """Read an invoice.

    Raises:
        DecodingError: it does not fit the schema.
    """
    try:
        invoice = from_json(raw, BilledInvoice)
        _require_money(invoice)
    except MisfitError as error:
        place = f"{where}.{error.place}" if error.place else where
        raise MisfitError(place, error.problem, source=_SOURCE) from None
    except DecodingError as error:
        raise MisfitError(where, error.problem, source=_SOURCE) from None
    return invoice


def _broken(raw: bytes, problem: str) -> BrokenInvoice:
    try:
        owner = from_json(raw, _Owner)
    except DecodingError:
        return BrokenInvoice(problem, None, None)
    number, period = owner.billing_user_id, owner.period
    if isinstance(number, str) and number.isdecimal() and len(number) < 19:
        number = int(number)
    return BrokenInvoice(
        problem,
        number if isinstance(number, int) and not isinstance(number, bool) else None,
        period if isinstance(period, str) else None,
    )


def _unreadable(content: bytes, problem: str) -> str:
    """Return what came instead of JSON, with the probable cause."""
    if not content.strip():
        return "nothing"
    text = content[: SHOWN * 4].decode("utf-8", "backslashreplace").strip()
    if text[:1] not in "{[":
        return f"other output: {shown(text)}. Write messages to standard error (PHP: display_errors=stderr)"
    return f"text that is {problem}: {shown(text)}"


def _require_money(invoice: BilledInvoice) -> None:
    for name, amount in _amounts(invoice):
        if amount is None:
            continue
        exponent = amount.as_tuple().exponent
        if not isinstance(exponent, int) or abs(amount) >= LARGEST or exponent < -_FINEST:
            raise MisfitError(name, expected="an amount of money", actual=shown(amount))


def _amounts(invoice: BilledInvoice) -> Iterator[tuple[str, Decimal | None]]:
    for name in ("total", "subtotal", "rounding"):
        yield name, getattr(invoice, name)
    for name in ("lines", "discounts", "taxes"):
        for index, part in enumerate(getattr(invoice, name) or ()):
            yield f"{name}[{index}].amount", part.amount


# Schemas


def invoices_schema() -> dict[str, Any]:
    """Return the JSON Schema of an invoices document: the content of `invoices.schema.json`."""
    schema = document_schema(InvoicesDocument, "Invoices of a billing system", {"$ref": "#/$defs/amount"})
    schema["$defs"]["amount"] = _AMOUNT
    return schema
