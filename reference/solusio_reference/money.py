"""Exact decimal arithmetic: prices never pass through a binary float, and only amounts are rounded.

``0.1 + 0.2`` is ``0.30000000000000004`` in floats. A unit cost is multiplied by thousands of
tokens, so such an error becomes visible on an invoice.
"""

from collections.abc import Iterable
from decimal import MAX_EMAX, MAX_PREC, MIN_EMIN, ROUND_HALF_UP, Context, Decimal, Inexact, InvalidOperation

from babel.core import get_global
from babel.numbers import get_currency_precision

# Decimal rounds to 28 digits unless told otherwise. This context has room for every digit, and
# would raise Inexact rather than drop one.
_EXACT = Context(prec=MAX_PREC, Emax=MAX_EMAX, Emin=MIN_EMIN, traps=[Inexact, InvalidOperation])
_ROUNDING = Context(
    prec=MAX_PREC, Emax=MAX_EMAX, Emin=MIN_EMIN, rounding=ROUND_HALF_UP, traps=[InvalidOperation]
)

MAX_DIGITS = 18
"""Digits that an entered number may have on either side of its decimal point."""


def product(factors: Iterable[Decimal]) -> Decimal:
    """Multiply exactly, in the order given; the product of nothing is 1."""
    result = Decimal(1)
    for factor in factors:
        result = _EXACT.multiply(result, factor)
    return result


def total(summands: Iterable[Decimal]) -> Decimal:
    """Add exactly; the total of nothing is 0."""
    result = Decimal(0)
    for summand in summands:
        result = _EXACT.add(result, summand)
    return result


def difference(minuend: Decimal, subtrahend: Decimal) -> Decimal:
    """Subtract exactly."""
    return _EXACT.subtract(minuend, subtrahend)


def rounded(amount: Decimal, code: str) -> Decimal:
    """Round to the decimals of a currency, halves away from zero: 2.345 USD is 2.35, -2.345 is -2.35.

    Raises ValueError for an unknown currency.
    """
    result = _ROUNDING.quantize(amount, Decimal(1).scaleb(-minor_digits(code)))
    return result.copy_abs() if result.is_zero() else result  # nobody wants to read -0.00


def from_percent(rate: Decimal) -> Decimal:
    """Turn a percentage into a fraction exactly: 6 becomes 0.06."""
    return _EXACT.scaleb(rate, Decimal(-2))


def json_number(value: Decimal) -> str:
    """Write a decimal as JSON number text: all its digits, no exponent, no trailing zeros.

    A JSON number has no precision of its own, so the text decides how exact the price is.
    Raises ValueError for NaN and infinity, which JSON does not have.
    """
    if not value.is_finite():
        raise ValueError("JSON has no NaN and no infinity")
    text = format(value, "f")  # "f": 1E-5 is written 0.00001
    if "." in text:
        text = text.rstrip("0").rstrip(".")
    return "0" if text == "-0" else text


def require_plain(what: str, value: Decimal) -> None:
    """Refuse numbers that are no price, factor or rate: NaN, infinity, absurdly many digits.

    The limit keeps exact arithmetic cheap: 1E-999999 is a valid decimal, and a megabyte of JSON.
    Raises ValueError, with ``what`` naming the number.
    """
    if not value.is_finite():
        raise ValueError(f"{what} must be a finite number")
    exponent = value.as_tuple().exponent
    if value.adjusted() >= MAX_DIGITS or int(exponent) < -MAX_DIGITS:
        raise ValueError(f"{what} may have at most {MAX_DIGITS} digits before and after the decimal point")


def minor_digits(code: str) -> int:
    """Decimals in which a currency is written: JPY 0, USD 2, KWD 3 (CLDR data).

    Raises ValueError for anything but the three capitals of a currency that CLDR knows.
    """
    if code not in get_global("all_currencies"):
        raise ValueError("the currency must be an ISO 4217 code in capitals, such as EUR")
    return get_currency_precision(code)
