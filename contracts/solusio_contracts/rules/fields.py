"""Fields: every member that SolusIO reads is present, with the right name and type."""

import re
from collections.abc import Iterator
from typing import Any

from solusio_contracts.checking.pace import UndecidedError
from solusio_contracts.checking.price import LONGEST_LIST
from solusio_contracts.checking.rule import (
    BOOLEAN,
    INTEGER,
    LIST,
    NUMBER,
    OBJECT,
    STRING,
    Expect,
    JsonType,
    SkipRule,
    rule,
)
from solusio_contracts.checking.target import Target
from solusio_contracts.contract.clauses import Level
from solusio_contracts.http.exchange import Exchange

_COMMA = re.compile(r"\s*-?\d+,\d+\s*")


def _unquote(value: object) -> str:
    """Return what to do with a number or truth value that came as a string."""
    if not isinstance(value, str):
        return ""
    if _COMMA.fullmatch(value):
        return f"send it without quotes and with a decimal point: {value.strip().replace(',', '.')}"
    return "send it without quotes"


def _prices(target: Target) -> list[tuple[str, Exchange, dict[str, Any]]]:
    found = [
        (f"user {user}: ", exchange, value)
        for user, exchange, value in target.prices()
        if exchange.status == 200
    ]
    if not found:
        raise UndecidedError("no valid request returned a JSON object")
    return found


def _member(
    prefix: str,
    path: str,
    key: str,
    kind: JsonType,
    holder: dict[str, Any],
    exchange: Exchange,
    *,
    clause: str = "",
    near: tuple[str, ...] = (),
) -> Iterator[Expect]:
    """Expect a key and the type of its value."""
    where = f"{prefix}{path}"
    present = Expect.key(
        where.rstrip(": ") or "the document", key, holder, exchange, near=near, clause=clause
    )
    yield present
    if present.ok:
        value = holder[key]
        full = f"{prefix}{path}.{key}" if path else f"{prefix}{key}"
        hint = _unquote(value) if kind in (NUMBER, BOOLEAN) else ""
        yield Expect.json_type(full, kind, value, exchange, clause=clause, hint=hint)


def _cost(target: Target, key: str, near: tuple[str, ...]) -> Iterator[Expect]:
    for prefix, exchange, value in _prices(target):
        yield from _member(prefix, "", key, NUMBER, value, exchange, near=near)


@rule("TP-030", title="base_token_unit_cost is a number", needs_price=False)
def base_cost(target: Target) -> Iterator[Expect]:
    """The price of one token before discounts and taxes."""
    return _cost(target, "base_token_unit_cost", ("base_unit_cost", "base_cost", "unit_cost"))


@rule("TP-031", title="user_token_unit_cost is a number", needs_price=False)
def user_cost(target: Target) -> Iterator[Expect]:
    """SolusIO multiplies a plan's tokens by it: the price the customer sees."""
    return _cost(target, "user_token_unit_cost", ("user_unit_cost", "user_cost"))


@rule("TP-032", title="currency is an object", needs_price=False)
def currency_object(target: Target) -> Iterator[Expect]:
    """The page calls it an array and shows an object; the object is right."""
    for prefix, exchange, value in _prices(target):
        yield from _member(prefix, "", "currency", OBJECT, value, exchange)


@rule("TP-033", "TP-034", "TP-035", title="currency has its five strings", needs_price=False)
def currency_texts(target: Target) -> Iterator[Expect]:
    """SolusIO formats an amount with them: prefix, digits with separators, suffix."""
    for prefix, exchange, currency in _currencies(target):
        for key, clause, near in (
            ("code", "TP-033", ("iso", "iso_code", "currency", "currency_code", "name")),
            ("display_prefix", "TP-034", ("prefix", "symbol")),
            ("display_suffix", "TP-034", ("suffix",)),
            ("thousands_separator", "TP-035", ("thousand_separator", "thousands_sep")),
            (
                "decimals_separator",
                "TP-035",
                ("decimal_separator", "decimal_point", "decimals_sep"),
            ),
        ):
            yield from _member(prefix, "currency", key, STRING, currency, exchange, clause=clause, near=near)


@rule("TP-036", title="currency.decimals, if sent, is a small integer", needs_price=False)
def currency_decimals(target: Target) -> Iterator[Expect]:
    """The page promises it but its example does not have it, so it is optional."""
    for prefix, exchange, currency in _currencies(target):
        if "decimals" not in currency:
            continue
        value = currency["decimals"]
        subject = f"{prefix}currency.decimals"
        yield Expect.json_type(subject, INTEGER, value, exchange, level=Level.SHOULD)
        if INTEGER.admits(value):
            yield Expect.that(0 <= value <= 8, subject, "0 to 8", value, exchange)


def _currencies(target: Target) -> list[tuple[str, Exchange, dict[str, Any]]]:
    found = [
        (prefix, exchange, value["currency"])
        for prefix, exchange, value in _prices(target)
        if isinstance(value.get("currency"), dict)
    ]
    if not found:
        raise UndecidedError("there is no `currency` object")
    return found


@rule("TP-040", title="discounts is a list of objects", needs_price=False)
def discounts_list(target: Target) -> Iterator[Expect]:
    """PHP turns an array with gaps into an object, and every array with JSON_FORCE_OBJECT."""
    for prefix, exchange, value in _prices(target):
        yield from _member(prefix, "", "discounts", LIST, value, exchange, near=("discount",))
        yield from _entries(prefix, "discounts", value.get("discounts"), exchange)


def _entries(prefix: str, path: str, entries: object, exchange: Exchange) -> Iterator[Expect]:
    for index, entry in enumerate(_list(entries)):
        yield Expect.json_type(f"{prefix}{path}[{index}]", OBJECT, entry, exchange)


def _discounts(target: Target) -> list[tuple[str, str, Exchange, dict[str, Any]]]:
    found = [
        (prefix, f"discounts[{index}]", exchange, entry)
        for prefix, exchange, value in _prices(target)
        for index, entry in enumerate(_list(value.get("discounts")))
        if isinstance(entry, dict)
    ]
    if not found:
        raise SkipRule("no response has a discount; add the --user-id of a customer who has one")
    return found


@rule("TP-041", "TP-043", title="discounts use the key SolusIO reads, `multipler`", needs_price=False)
def discount_key(target: Target) -> Iterator[Expect]:
    """SolusIO reads `multipler` (sic); any other spelling silently drops the discount."""
    near = ("multiplier", "multiplyer", "multiplikator", "factor", "multiply")
    for prefix, path, exchange, entry in _discounts(target):
        present = Expect.key(f"{prefix}{path}", "multipler", entry, exchange, near=near)
        yield present
        if present.ok:
            value = entry["multipler"]
            yield Expect.json_type(
                f"{prefix}{path}.multipler",
                NUMBER,
                value,
                exchange,
                clause="TP-043",
                hint=_unquote(value),
            )


@rule("TP-042", title="discounts have a name and a description", needs_price=False)
def discount_texts(target: Target) -> Iterator[Expect]:
    """The customer sees both next to the discount."""
    for prefix, path, exchange, entry in _discounts(target):
        yield from _member(prefix, path, "name", STRING, entry, exchange, near=("title", "label"))
        yield from _member(prefix, path, "description", STRING, entry, exchange, near=("desc",))


@rule("TP-050", title="taxes is an object", needs_price=False)
def taxes_object(target: Target) -> Iterator[Expect]:
    """The page calls it an array and shows an object. PHP's `[]` for no taxes is accepted, with a note."""
    for prefix, exchange, value in _prices(target):
        taxes = value.get("taxes")
        if taxes in ([], {}):
            yield Expect.that(
                False,
                f"{prefix}taxes",
                "an object with `compound` and `rates`",
                f"{'[]' if taxes == [] else '{}'} for no taxes is accepted; an object is clearer",
                exchange,
                level=Level.MAY,
            )
            continue
        yield from _member(prefix, "", "taxes", OBJECT, value, exchange, near=("tax",))


def _taxes(target: Target) -> list[tuple[str, Exchange, dict[str, Any]]]:
    found = [
        (prefix, exchange, value["taxes"])
        for prefix, exchange, value in _prices(target)
        if isinstance(value.get("taxes"), dict) and value["taxes"]
    ]
    if not found:
        raise SkipRule("no response has a `taxes` object with members")
    return found


@rule("TP-051", title="taxes.compound is true or false", needs_price=False)
def tax_compound(target: Target) -> Iterator[Expect]:
    """The string "false" counts as true in PHP and JavaScript."""
    for prefix, exchange, taxes in _taxes(target):
        near = ("is_compound", "compounded")
        yield from _member(prefix, "taxes", "compound", BOOLEAN, taxes, exchange, near=near)


@rule("TP-052", title="taxes.rates is a list of objects", needs_price=False)
def tax_rates(target: Target) -> Iterator[Expect]:
    """PHP turns an array with gaps into an object."""
    for prefix, exchange, taxes in _taxes(target):
        yield from _member(prefix, "taxes", "rates", LIST, taxes, exchange, near=("rate",))
        yield from _entries(prefix, "taxes.rates", taxes.get("rates"), exchange)


@rule("TP-053", "TP-054", title="tax rates have a label and a rate", needs_price=False)
def tax_rate_members(target: Target) -> Iterator[Expect]:
    """The customer sees the tax under its label, with its percentage."""
    seen = 0
    for prefix, exchange, taxes in _taxes(target):
        for index, entry in enumerate(_list(taxes.get("rates"))):
            if not isinstance(entry, dict):
                continue
            seen += 1
            path = f"taxes.rates[{index}]"
            yield from _member(
                prefix,
                path,
                "label",
                STRING,
                entry,
                exchange,
                clause="TP-053",
                near=("name", "title"),
            )
            yield from _member(
                prefix,
                path,
                "rate",
                NUMBER,
                entry,
                exchange,
                clause="TP-054",
                near=("percent", "value"),
            )
    if not seen:
        raise SkipRule("no response has a tax; add the --user-id of a customer who pays one")


def _list(value: object) -> list[Any]:
    return value[:LONGEST_LIST] if isinstance(value, list) else []
