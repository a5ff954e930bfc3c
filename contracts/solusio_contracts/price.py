"""The part of an answer that is the price, and the arithmetic the vendor's page asks for. Pure."""

from collections.abc import Iterator
from dataclasses import dataclass
from decimal import Decimal, localcontext
from typing import Any

from solusio_contracts.exchange import Exchange

PRECISION = 80
"""Digits of the exact arithmetic: enough for any product of a price list."""

COSTS = ("base_token_unit_cost", "user_token_unit_cost")
CURRENCY_KEYS = (
    "code",
    "display_prefix",
    "display_suffix",
    "thousands_separator",
    "decimals_separator",
    "decimals",
)


def price_fields(value: Any) -> Any:
    """Return what the contract names of an answer; time stamps and other extras are left out."""
    if not isinstance(value, dict):
        return value
    fields = {key: value.get(key) for key in (*COSTS, "currency", "discounts", "taxes")}
    if isinstance(fields["currency"], dict):
        fields["currency"] = {key: fields["currency"].get(key) for key in CURRENCY_KEYS}
    if isinstance(fields["discounts"], list):
        fields["discounts"] = [
            _only(entry, ("name", "description", "multipler")) for entry in fields["discounts"]
        ]
    if isinstance(fields["taxes"], dict):
        taxes = _only(fields["taxes"], ("compound", "rates"))
        if isinstance(taxes["rates"], list):
            taxes["rates"] = [_only(entry, ("label", "rate")) for entry in taxes["rates"]]
        fields["taxes"] = taxes
    return fields


def _only(value: Any, keys: tuple[str, ...]) -> Any:
    return {key: value.get(key) for key in keys} if isinstance(value, dict) else value


def same_price(one: Exchange, other: Exchange) -> bool:
    """Whether two answers give the same price."""
    if not one.reading.readable or not other.reading.readable:
        return one.content == other.content
    return bool(price_fields(one.reading.value) == price_fields(other.reading.value))


def difference(one: Exchange, other: Exchange) -> str:
    """Say in words how the price of `other` differs from that of `one`."""
    if not other.ok or not other.reading.readable:
        return other.summary
    before, after = price_fields(one.reading.value), price_fields(other.reading.value)
    if isinstance(before, dict) and isinstance(after, dict):
        for key in before:
            if before[key] != after.get(key):
                return f"{key} is {_short(after.get(key))} instead of {_short(before[key])}"
    return other.summary


def _short(value: Any) -> str:
    text = str(value)
    return text if len(text) <= 60 else text[:60] + "…"


@dataclass(frozen=True, slots=True)
class PriceParts:
    """The numbers of a well-formed answer."""

    base: Decimal
    user: Decimal
    multiplers: tuple[Decimal, ...]
    compound: bool
    rates: tuple[Decimal, ...]


def price_parts(value: dict[str, Any]) -> PriceParts | None:
    """Return the numbers of an answer, or None when one is missing or no number."""
    base, user = number(value.get(COSTS[0])), number(value.get(COSTS[1]))
    discounts, taxes = value.get("discounts"), value.get("taxes")
    if taxes in ([], {}):
        taxes = {"compound": False, "rates": []}
    if not isinstance(discounts, list) or not isinstance(taxes, dict):
        return None
    entries = taxes.get("rates")
    if not isinstance(entries, list) or not isinstance(taxes.get("compound"), bool):
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
    """Return a JSON number of sensible size, or None for anything else; true and false are no numbers."""
    if isinstance(value, bool) or not isinstance(value, int | Decimal):
        return None
    exact = Decimal(value)
    return exact if exact.is_finite() and abs(exact.adjusted()) < PRECISION else None


def expected_cost(parts: PriceParts) -> Decimal:
    """Return base x discounts x taxes, exactly (TP-070; vendor's page, step 6)."""
    return _cost(parts.base, parts.multiplers, parts.compound, parts.rates)


def _cost(
    base: Decimal, multiplers: tuple[Decimal, ...], compound: bool, rates: tuple[Decimal, ...]
) -> Decimal:
    with localcontext() as context:
        context.prec = PRECISION
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
    """Whether a cost is the expected one, allowing for digits that were cut or rounded off.

    A relative error of one in ten thousand is a cent on 100.00 and thus invisible; more is not rounding.
    """
    if expected == 0 or sent == 0:
        return sent == expected
    return abs(sent - expected) <= abs(expected) / 10_000


@dataclass(frozen=True, slots=True)
class Misreading:
    """Another way to read the numbers, under which they do add up."""

    clause: str
    where: str
    text: str


def misreadings(parts: PriceParts) -> Iterator[Misreading]:
    """Yield the wrong units under which the answer adds up although as declared it does not.

    Evidence, not proof: so a reading counts only when it changes the price, fits closely and the declared
    reading does not fit.
    """
    if agrees(parts.user, expected_cost(parts)):
        return
    one = Decimal(1)
    factors = (
        ("a percentage to take off", lambda m: one - m / 100),
        ("a percentage that remains", lambda m: m / 100),
        ("the part to take off", lambda m: one - m),
    )
    if parts.multiplers:
        for text, read in factors:
            cost = _cost(parts.base, tuple(map(read, parts.multiplers)), parts.compound, parts.rates)
            if _telling(parts, cost):
                yield Misreading("TP-068", "discounts[].multipler", text)
    units = (
        ("a fraction (0.06 for 6 %)", lambda r: r * 100),
        ("a factor (1.06 for 6 %)", lambda r: (r - 1) * 100),
    )
    if parts.rates:
        for text, read in units:
            cost = _cost(parts.base, parts.multiplers, parts.compound, tuple(map(read, parts.rates)))
            if _telling(parts, cost):
                yield Misreading("TP-069", "taxes.rates[].rate", text)


def _telling(parts: PriceParts, cost: Decimal) -> bool:
    untaxed = _cost(parts.base, parts.multiplers, False, ())
    undiscounted = _cost(parts.base, (), parts.compound, parts.rates)
    trivial = any(agrees(parts.user, other) for other in (parts.base, untaxed, undiscounted))
    return not trivial and agrees(parts.user, cost)


def explanation(parts: PriceParts) -> str:
    """Say which shorter computation gives the cost that was sent, if one does."""
    candidates = (
        ("the discounts are left out", _cost(parts.base, (), parts.compound, parts.rates)),
        ("the taxes are left out", _cost(parts.base, parts.multiplers, False, ())),
        ("discounts and taxes are left out", parts.base),
        (
            f"`compound` is {str(parts.compound).lower()} but was computed the other way",
            _cost(parts.base, parts.multiplers, not parts.compound, parts.rates),
        ),
        (
            "the base cost is left out",
            expected_cost(parts) / parts.base if parts.base else Decimal(0),
        ),
        ("it is given in hundredths", expected_cost(parts) * 100),
        (
            "base and discounts are left out, as in the vendor's own example",
            _cost(Decimal(1), (), parts.compound, parts.rates),
        ),
    )
    fitting = (text for text, cost in candidates if agrees(parts.user, cost))
    return next(fitting, "")
