"""The two documents that a billing system and `invoices check` exchange: its customers, and what it billed.

The models below are the only definition; `customers.schema.json` and `invoices.schema.json` beside this
module are derived from them, for people and for programs in other languages.
"""

import re
from decimal import Decimal
from typing import Annotated, Any, Final, TypeVar

import msgspec
from msgspec import Meta

PERIOD: Final = r"^[0-9]{4}-(0[1-9]|1[0-2])$"
LARGEST: Final = Decimal(10) ** 18
"""Larger amounts are refused; the bound keeps exact arithmetic cheap."""
_FINEST = 40
_EXCERPT = 160
_UNKNOWN = object()
_MESSAGE = re.compile(r"(?P<problem>.*?)(?: - at `(?P<path>\$.*)`)?", re.DOTALL)
_NAMES = {
    "int": "an integer",
    "str": "a string",
    "float": "a number",
    "array": "a list",
    "object": "an object",
    "bool": "true or false",
    "null": "null",
    "decimal": "a decimal number",
}
_AMOUNT = {
    "description": 'An amount of money: a decimal string such as "-0.65" (preferred), or a JSON number.',
    "anyOf": [{"type": "string", "pattern": r"^-?[0-9]+(\.[0-9]+)?$"}, {"type": "number"}],
}

BillingUserId = Annotated[int, Meta(ge=1, description="The customer's id in the billing system.")]
Period = Annotated[
    str, Meta(pattern=PERIOD, description="The calendar month (UTC) that was billed, such as 2026-03.")
]


class DocumentError(ValueError):
    """A document does not match its schema."""

    def __init__(self, field: str, expected: str, got: str) -> None:
        super().__init__(f"{field}: expected {expected}, got {got}")
        self.field = field
        self.expected = expected
        self.got = got


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


# Who is to be billed


class CurrencyFormat(msgspec.Struct, frozen=True, kw_only=True):
    """A currency, and how SolusIO formats an amount in it."""

    code: Annotated[str, Meta(description="ISO 4217 code.")]
    display_prefix: str
    display_suffix: str
    thousands_separator: str
    decimals_separator: str
    decimals: Annotated[int, Meta(ge=0, le=8, description="Number of decimals of the minor unit.")]


class Discount(msgspec.Struct, frozen=True, kw_only=True):
    """A discount."""

    name: str
    description: str
    multipler: Annotated[Decimal, Meta(description="A factor: 0.95 is 5 % off. The spelling is SolusIO's.")]


class Rate(msgspec.Struct, frozen=True, kw_only=True):
    """A tax."""

    label: str
    rate: Annotated[Decimal, Meta(description="A percentage: 20 is 20 %.")]


class Taxes(msgspec.Struct, frozen=True, kw_only=True):
    """The taxes of a customer."""

    compound: Annotated[bool, Meta(description="Whether each tax applies on top of the one before.")]
    rates: list[Rate]


class CustomerPricing(msgspec.Struct, frozen=True, kw_only=True):
    """The response that GetTokenPricing must return for a customer."""

    base_token_unit_cost: Decimal
    user_token_unit_cost: Decimal
    currency: CurrencyFormat
    discounts: list[Discount]
    taxes: Taxes


class Customer(msgspec.Struct, frozen=True, kw_only=True):
    """A customer of the billing system."""

    billing_user_id: BillingUserId
    name: str
    email: Annotated[str, Meta(description="Two customers may have the same address.")]
    pricing: CustomerPricing


class CustomersDocument(msgspec.Struct, frozen=True, kw_only=True):
    """The customers to bill. Numbers in `pricing` are JSON numbers with all their digits."""

    customers: list[Customer]


T = TypeVar("T")


def read_invoices(content: bytes) -> tuple[BilledInvoice, ...]:
    """Read an invoices document.

    Raises:
        DocumentError: the document is not JSON, or does not match the schema; the error names the field, what
            was expected and what was found.
    """
    document = _decode(content, InvoicesDocument, "invoices document")
    for index, invoice in enumerate(document.invoices):
        _require_money(invoice, f"invoices[{index}]")
    return tuple(document.invoices)


def read_customers(content: bytes) -> tuple[Customer, ...]:
    """Read a customers document.

    Raises:
        DocumentError: the document is not JSON, or does not match the schema.
    """
    return tuple(_decode(content, CustomersDocument, "customers document").customers)


def _decode(content: bytes, kind: type[T], name: str) -> T:
    try:
        return msgspec.json.decode(content, type=kind)
    except msgspec.ValidationError as error:
        raise _misfit(error, content, name) from None
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError) as error:
        raise DocumentError(f"the {name}", "JSON", _unreadable(content, str(error))) from None


def _misfit(error: msgspec.ValidationError, content: bytes, name: str) -> DocumentError:
    match = _MESSAGE.fullmatch(str(error))
    problem, path = (match["problem"], match["path"] or "$") if match else (str(error), "$")
    field = path.removeprefix("$").removeprefix(".") or f"the {name}"
    missing = re.fullmatch(r"Object missing required field `(.*)`", problem)
    if missing:
        there = _at(content, path)
        keys = ", ".join(list(there)[:12]) if isinstance(there, dict) else ""
        return DocumentError(field, f"a member {missing[1]!r}", f"only {keys}" if keys else "none")
    return DocumentError(field, _expected(problem), _shown(_at(content, path)))


def _expected(problem: str) -> str:
    """Turn the words of the decoder into those of a person."""
    types = re.match(r"Expected `([^`]+)`(?:, got .*)?$", problem)
    if types:
        return " or ".join(_NAMES.get(one.strip(), one.strip()) for one in types[1].split("|"))
    if problem == "Invalid decimal string":
        return 'a decimal number such as "14.84"'
    if "matching regex" in problem:
        return "a month such as 2026-03"
    return problem[:1].lower() + problem[1:].replace("`", "").removeprefix("Expected ")


def _at(content: bytes, path: str) -> Any:
    """Return what stands at a path of the decoder such as `$.invoices[0].lines[...]`, if it can be told."""
    try:
        value = msgspec.json.decode(content)
        for key, index in re.findall(r"\.(\w+)|\[(\d+)\]", path):
            value = value[key] if key else value[int(index)]
    except (LookupError, TypeError, ValueError):
        return _UNKNOWN
    return value


def _shown(value: Any) -> str:
    if value is _UNKNOWN:
        return "something else"
    if isinstance(value, dict):
        return "an object" if value else "an empty object"
    if isinstance(value, list):
        return f"a list of {len(value)}" if value else "an empty list"
    text = msgspec.json.encode(value).decode()
    return text if len(text) <= _EXCERPT else text[:_EXCERPT] + "…"


def _unreadable(content: bytes, problem: str) -> str:
    """Say what came instead of JSON, and what probably made it so."""
    if not content.strip():
        return "nothing"
    if content.startswith(b"\xef\xbb\xbf"):
        return "a byte order mark before it: save the file without one"
    text = content[: _EXCERPT * 4].decode("utf-8", "backslashreplace").strip()
    shown = text[:_EXCERPT] + ("…" if len(text) > _EXCERPT else "")
    if text[:1] not in "{[":
        return f"other output: {shown!r}. Let messages go to standard error (PHP: display_errors=stderr)"
    return f"something that is no JSON ({problem}): {shown!r}"


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
            raise DocumentError(f"{where}.{name}", "an amount of money", str(amount)[:40])


# Schemas


def invoices_schema() -> dict[str, Any]:
    """Return the JSON Schema of an invoices document: what `invoices.schema.json` must say."""
    return _schema(InvoicesDocument, "Invoices of a billing system", _AMOUNT)


def customers_schema() -> dict[str, Any]:
    """Return the JSON Schema of a customers document: what `customers.schema.json` must say."""
    return _schema(CustomersDocument, "Customers to bill", {"type": "number"})


def _schema(kind: type[msgspec.Struct], title: str, number: dict[str, Any]) -> dict[str, Any]:
    (root,), definitions = msgspec.json.schema_components([kind], ref_template="#/$defs/{name}")
    top = definitions.pop(root["$ref"].rpartition("/")[2])
    schema = {
        "$schema": "https://json-schema.org/draft/2020-12/schema",
        "title": title,
        **{key: value for key, value in top.items() if key != "title"},
        "$defs": dict(sorted(definitions.items())),
    }
    if "anyOf" in number:
        schema["$defs"]["amount"] = number
        number = {"$ref": "#/$defs/amount"}
    changed: dict[str, Any] = _with_numbers(schema, number)
    return changed


def _with_numbers(value: Any, number: dict[str, Any]) -> Any:
    """Put the form of our numbers in the place of msgspec's, which knows decimal strings alone."""
    if isinstance(value, dict):
        if value.get("format") == "decimal":
            rest = {key: member for key, member in value.items() if key not in ("type", "format")}
            return {**rest, **number}
        return {key: _with_numbers(member, number) for key, member in value.items()}
    if isinstance(value, list):
        return [_with_numbers(member, number) for member in value]
    return value
