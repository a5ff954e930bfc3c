"""The price in a response, and the arithmetic that the vendor's page prescribes. Pure."""

import re
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from decimal import MAX_EMAX, MIN_EMIN, Decimal, localcontext
from typing import Any

from solusio_contracts.decoding import shown
from solusio_contracts.http.exchange import Exchange

_MISSING = object()
"""Stands for a member that is not there, which is not the same as null."""
PRECISION = 80
"""Digits of the exact arithmetic: enough for any product of a price list."""

LONGEST_LIST = 1000
"""Entries of a list that are judged; no customer has a thousand discounts (TP-072)."""

COSTS = ("base_token_unit_cost", "user_token_unit_cost")
_ERROR_KEYS = frozenset(
    {"error", "errors", "message", "msg", "success", "status", "code", "result", "detail", "reason", "fault"}
)
CURRENCY_KEYS = (
    "code",
    "display_prefix",
    "display_suffix",
    "thousands_separator",
    "decimals_separator",
    "decimals",
)


def price_fields(value: Any) -> Any:
    """Return the members that the contract names, without extras such as time stamps."""
    if not isinstance(value, dict):
        return value
    fields = _only(value, (*COSTS, "currency", "discounts", "taxes"))
    if isinstance(fields.get("currency"), dict):
        fields["currency"] = _only(fields["currency"], CURRENCY_KEYS)
    if isinstance(fields.get("discounts"), list):
        fields["discounts"] = [
            _only(entry, ("name", "description", "multipler")) for entry in fields["discounts"]
        ]
    if isinstance(fields.get("taxes"), dict):
        taxes = _only(fields["taxes"], ("compound", "rates"))
        if isinstance(taxes.get("rates"), list):
            taxes["rates"] = [_only(entry, ("label", "rate")) for entry in taxes["rates"]]
        fields["taxes"] = taxes
    return fields


def judged_part(value: Any) -> Any:
    """Return a price whose lists end after `LONGEST_LIST` entries."""
    if not isinstance(value, dict):
        return value
    part = dict(value)
    if isinstance(part.get("discounts"), list):
        part["discounts"] = part["discounts"][:LONGEST_LIST]
    taxes = part.get("taxes")
    if isinstance(taxes, dict) and isinstance(taxes.get("rates"), list):
        part["taxes"] = {**taxes, "rates": taxes["rates"][:LONGEST_LIST]}
    return part


def _only(value: Any, keys: tuple[str, ...]) -> Any:
    return {key: value[key] for key in keys if key in value} if isinstance(value, dict) else value


def same_price(one: Exchange, other: Exchange) -> bool:
    """Whether two responses give the same price."""
    if not one.reading.readable or not other.reading.readable:
        return one.content == other.content
    return one.content == other.content or _differing(one, other) is None


def difference(one: Exchange, other: Exchange) -> str:
    """Say in words how the price of `other` differs from that of `one`."""
    if not other.ok or not other.reading.readable or is_error(other):
        return other.summary
    found = _differing(one, other)
    return found.text if found else other.summary


def is_error(exchange: Exchange) -> bool:
    """Whether a response with status 200 is an error object, such as `{"error": "..."}`."""
    value = exchange.reading.value
    return (
        exchange.ok
        and isinstance(value, dict)
        and not any(key in value for key in COSTS)
        and any(key.lower() in _ERROR_KEYS for key in value)
    )


def differing_member(one: Exchange, other: Exchange) -> str:
    """Return the path of the first member in which two prices differ, without indexes; empty if none does."""
    found = _differing(one, other)
    return re.sub(r"\[\d+\]", "[]", found.path) if found else ""


@dataclass(frozen=True, slots=True)
class _Difference:
    """Where two values first differ, and how in words."""

    path: str
    text: str


def _differing(one: Exchange, other: Exchange) -> _Difference | None:
    return _first_difference(price_fields(one.reading.value), price_fields(other.reading.value))


def _first_difference(before: Any, after: Any, path: str = "") -> _Difference | None:
    members: list[tuple[str, Any, Any]] = []
    if isinstance(before, dict) and isinstance(after, dict):
        dot = "." if path else ""
        members = [
            (f"{path}{dot}{key}", before.get(key, _MISSING), after.get(key, _MISSING))
            for key in dict.fromkeys((*before, *after))
        ]
    elif isinstance(before, list) and isinstance(after, list) and len(before) == len(after):
        members = [(f"{path}[{place}]", *pair) for place, pair in enumerate(zip(before, after, strict=True))]
    elif not _same(before, after):
        where = path or "the document"
        return _Difference(where, f"{where} is {_shown(after)} instead of {_shown(before)}")
    return next((found for where, x, y in members if (found := _first_difference(x, y, where))), None)


def _shown(value: Any) -> str:
    return "missing" if value is _MISSING else shown(value)


def _same(one: Any, other: Any) -> bool:
    if isinstance(one, bool) or isinstance(other, bool):
        return one is other
    if isinstance(one, Decimal) and isinstance(other, Decimal) and one.is_nan() and other.is_nan():
        return True
    return bool(one == other)


@dataclass(frozen=True, slots=True)
class PriceParts:
    """The numbers of a well-formed price."""

    base: Decimal
    user: Decimal
    multiplers: tuple[Decimal, ...]
    compound: bool
    rates: tuple[Decimal, ...]


def price_parts(value: dict[str, Any]) -> PriceParts | None:
    """Return the numbers of a price, or None when one is missing or not a number."""
    base, user = number(value.get(COSTS[0])), number(value.get(COSTS[1]))
    discounts, taxes = value.get("discounts"), value.get("taxes")
    if taxes in ([], {}):
        taxes = {"compound": False, "rates": []}
    if not isinstance(discounts, list) or not isinstance(taxes, dict):
        return None
    entries = taxes.get("rates")
    if not isinstance(entries, list) or not isinstance(taxes.get("compound"), bool):
        return None
    if max(len(discounts), len(entries)) > LONGEST_LIST:
        return None
    multiplers = [number(entry.get("multipler")) for entry in discounts if isinstance(entry, dict)]
    rates = [number(entry.get("rate")) for entry in entries if isinstance(entry, dict)]
    if base is None or user is None or len(multiplers) != len(discounts) or len(rates) != len(entries):
        return None
    if any(one is None for one in (*multiplers, *rates)):
        return None
    return PriceParts(
        base,
        user,
        tuple(one for one in multiplers if one is not None),
        taxes["compound"],
        tuple(one for one in rates if one is not None),
    )


def number(value: object) -> Decimal | None:
    """Return a JSON number of sensible size, or None for anything else, including true and false."""
    if isinstance(value, bool) or not isinstance(value, int | Decimal):
        return None
    exact = Decimal(value)
    if not exact:
        return Decimal(0)
    return exact if exact.is_finite() and abs(exact.adjusted()) < PRECISION else None


def expected_cost(parts: PriceParts) -> Decimal:
    """Return base x discounts x taxes with more digits than any price has (TP-070; vendor's page, step 6)."""
    return _cost(parts.base, parts.multiplers, parts.compound, parts.rates)


@contextmanager
def _exactly() -> Iterator[None]:
    with localcontext() as context:
        context.prec, context.Emax, context.Emin = PRECISION, MAX_EMAX, MIN_EMIN
        yield


def _cost(
    base: Decimal, multiplers: tuple[Decimal, ...], compound: bool, rates: tuple[Decimal, ...]
) -> Decimal:
    with _exactly():
        cost = base
        for multipler in multiplers:
            cost *= multipler
        if compound:
            for rate in rates:
                cost *= 1 + rate / 100
        else:
            cost *= 1 + sum(rates, Decimal(0)) / 100
        return cost


def agrees(sent: Decimal, expected: Decimal) -> bool:
    """Whether a cost is the expected one, give or take digits that were cut or rounded off.

    One part in ten thousand is a cent in 100.00, which nobody sees; a larger error is not rounding.
    """
    if expected == 0 or sent == 0:
        return sent == expected
    with _exactly():
        return abs(sent - expected) <= abs(expected) / 10_000


def _rounded(sent: Decimal, expected: Decimal) -> bool:
    """Whether a cost is the expected one, rounded or cut to the decimals it was sent with."""
    exponent = sent.as_tuple().exponent
    if not isinstance(exponent, int) or abs(exponent) > PRECISION or abs(expected.adjusted()) > PRECISION:
        return False
    with _exactly():
        return abs(sent - expected) < Decimal(1).scaleb(exponent) and exponent <= 0


@dataclass(frozen=True, slots=True)
class Misreading:
    """A wrong unit under which the numbers add up."""

    clause: str
    where: str
    text: str


_Reader = Callable[[Decimal], Decimal]
_Range = Callable[[Decimal], bool]

# What a number may mean, for which numbers that is plausible, and what it then counts as.
# As a part to take off, 0.95 would be 95 % off, which nobody grants.
_MULTIPLERS: tuple[tuple[str, _Range, _Reader], ...] = (
    ("a percentage to take off", lambda m: 1 < m <= 100, lambda m: 1 - m / 100),
    ("a percentage that remains", lambda m: 10 <= m <= 100, lambda m: m / 100),
    ("the part to take off", lambda m: 0 <= m < Decimal("0.5"), lambda m: 1 - m),
)
_RATES: tuple[tuple[str, _Range, _Reader], ...] = (
    ("a fraction (0.06 for 6 %)", lambda r: 0 <= r < 1, lambda r: r * 100),
    ("a factor (1.06 for 6 %)", lambda r: 1 <= r < 2, lambda r: (r - 1) * 100),
)


def misreadings(parts: PriceParts) -> Iterator[Misreading]:
    """Yield the wrong units under which a price adds up that does not add up as declared.

    This is evidence, not proof. So a reading counts only if the numbers have its magnitude, if it fits
    closely, and if neither the declared reading nor a simple mistake (see `explanation`) fits.
    """
    if parts.user == 0 or agrees(parts.user, expected_cost(parts)) or explanation(parts):
        return
    base, multiplers, compound, rates = parts.base, parts.multiplers, parts.compound, parts.rates
    for text, usual, read in _MULTIPLERS:
        if multiplers and all(map(usual, multiplers)):
            with _exactly():
                cost = _cost(base, tuple(map(read, multiplers)), compound, rates)
            if _fits(parts.user, cost):
                yield Misreading("TP-068", "discounts[].multipler", text)
    for text, usual, read in _RATES:
        if rates and all(map(usual, rates)):
            with _exactly():
                cost = _cost(base, multiplers, compound, tuple(map(read, rates)))
            if _fits(parts.user, cost):
                yield Misreading("TP-069", "taxes.rates[].rate", text)


def _fits(sent: Decimal, cost: Decimal) -> bool:
    """Whether a cost fits a reading; a rounded cost is evidence only if it has three digits."""
    return agrees(sent, cost) or (len(sent.normalize().as_tuple().digits) >= 3 and _rounded(sent, cost))


def explanation(parts: PriceParts) -> str:
    """Return the mistake in the computation that leads to the cost that was sent, if there is one."""
    base, multiplers, compound, rates = parts.base, parts.multiplers, parts.compound, parts.rates
    one, expected = Decimal(1), expected_cost(parts)
    candidates = [
        ("the discounts are left out", _cost(base, (), compound, rates)),
        ("the taxes are left out", _cost(base, multiplers, False, ())),
        ("discounts and taxes are left out", base),
        (
            f"`compound` is {str(compound).lower()}, but the cost was computed the other way",
            _cost(base, multiplers, not compound, rates),
        ),
        ("the base cost is left out", _cost(one, multiplers, compound, rates)),
        ("it is in hundredths", _cost(Decimal(100), (base, *multiplers), compound, rates)),
        (
            "base and discounts are left out, as in the vendor's own example",
            _cost(one, (), compound, rates),
        ),
        ("base and taxes are left out", _cost(one, multiplers, False, ())),
    ]
    if all(multipler < 10 for multipler in multiplers):
        # A multipler of 95 for 5 % off is itself the mistake.
        candidates.append(("it is in hundreds", _cost(base / 100, multiplers, compound, rates)))
    for text, cost in candidates:
        if agrees(parts.user, cost):
            return text
    if _rounded(parts.user, expected):
        exponent = parts.user.as_tuple().exponent
        decimals = -exponent if isinstance(exponent, int) else 0
        return f"it is rounded to {decimals} decimal{'' if decimals == 1 else 's'}"
    return ""


def customer_texts(value: dict[str, Any]) -> Iterator[tuple[str, str, bool]]:
    """Yield each text for customers, with its place and whether it is part of every amount."""
    currency = value.get("currency")
    if isinstance(currency, dict):
        for name in ("display_prefix", "display_suffix", "thousands_separator", "decimals_separator"):
            if isinstance(currency.get(name), str):
                yield f"currency.{name}", currency[name], True
    taxes = value.get("taxes")
    lists: list[tuple[str, Any, tuple[str, ...]]] = [
        ("discounts", value.get("discounts"), ("name", "description"))
    ]
    if isinstance(taxes, dict):
        lists.append(("taxes.rates", taxes.get("rates"), ("label",)))
    for path, entries, names in lists:
        for index, entry in enumerate(entries if isinstance(entries, list) else []):
            for name in names if isinstance(entry, dict) else ():
                if isinstance(entry.get(name), str):
                    yield f"{path}[{index}].{name}", entry[name], False
