"""Exact decimal arithmetic: a price never becomes a binary float, and only amounts are rounded.

As floats, ``0.1 + 0.2`` is ``0.30000000000000004``. SolusIO multiplies a unit cost by thousands of tokens,
so such an error shows on an invoice.
"""

from collections.abc import Iterable
from decimal import MAX_EMAX, MAX_PREC, MIN_EMIN, ROUND_HALF_UP, Context, Decimal, Inexact, InvalidOperation
from functools import cache, reduce

from babel.core import get_global

# By default, Decimal rounds to 28 digits. This context keeps every digit, and raises Inexact rather than
# drop one.
_EXACT = Context(prec=MAX_PREC, Emax=MAX_EMAX, Emin=MIN_EMIN, traps=[Inexact, InvalidOperation])
_ROUNDING = Context(
    prec=MAX_PREC, Emax=MAX_EMAX, Emin=MIN_EMIN, rounding=ROUND_HALF_UP, traps=[InvalidOperation]
)

NOT_TWO = {
    **dict.fromkeys(("BIF", "CLP", "DJF", "GNF", "ISK", "JPY", "KMF", "KRW", "PYG"), 0),
    **dict.fromkeys(("RWF", "UGX", "UYI", "VND", "VUV", "XAF", "XOF", "XPF"), 0),
    **dict.fromkeys(("BHD", "IQD", "JOD", "KWD", "LYD", "OMR", "TND"), 3),
    **dict.fromkeys(("CLF", "UYW"), 4),
}
"""Currencies whose minor unit is not a hundredth (ISO 4217, list one of 2026-01-01), with their decimals.

CLDR's digits are for display: they differ from ISO 4217's, and from one release of Babel to the next.
"""

MAX_DIGITS = 18
"""Limit for the digits of an input number, on each side of its decimal point."""


def product(factors: Iterable[Decimal]) -> Decimal:
    """Multiply exactly; the product of no factors is 1."""
    return reduce(_EXACT.multiply, factors, Decimal(1))


def total(summands: Iterable[Decimal]) -> Decimal:
    """Add exactly; the total of no summands is 0."""
    return reduce(_EXACT.add, summands, Decimal(0))


def times(count: int, amount: Decimal) -> Decimal:
    """Multiply an amount by a whole number exactly."""
    return _EXACT.multiply(amount, count)


def difference(minuend: Decimal, subtrahend: Decimal) -> Decimal:
    """Subtract exactly."""
    return _EXACT.subtract(minuend, subtrahend)


def rounded(amount: Decimal, decimals: int) -> Decimal:
    """Round halves away from zero: to two decimals, 2.345 becomes 2.35, and -2.345 becomes -2.35."""
    result = _ROUNDING.quantize(amount, _minor_unit(decimals))
    return result or result.copy_abs()  # 0.00 rather than -0.00


@cache  # a currency has at most eight decimals
def _minor_unit(decimals: int) -> Decimal:
    return Decimal(1).scaleb(-decimals)


def from_percent(rate: Decimal) -> Decimal:
    """Turn a percentage into a fraction exactly: 6 becomes 0.06."""
    return _EXACT.scaleb(rate, Decimal(-2))


def json_number(value: Decimal) -> str:
    """Write a decimal as JSON number text: all its digits, no exponent, no trailing zeros.

    JSON does not limit the precision of a number, so the text decides how exact the price is. Raises
    ValueError for NaN and infinity, which JSON does not have.
    """
    if not value.is_finite():
        raise ValueError("JSON has no NaN and no infinity")
    text = format(value, "f")  # "f" writes 1E-5 as 0.00001
    if "." in text:
        text = text.rstrip("0").rstrip(".")
    return "0" if text == "-0" else text


def require_plain(what: str, value: Decimal) -> None:
    """Raise ValueError for NaN, infinity and numbers with too many digits; ``what`` names the number.

    The limit keeps exact arithmetic cheap: 1E-999999 is a valid decimal that takes a megabyte of JSON.
    """
    if not value.is_finite():
        raise ValueError(f"{what} must be a finite number")
    exponent = value.as_tuple().exponent
    if value.adjusted() >= MAX_DIGITS or int(exponent) < -MAX_DIGITS:
        raise ValueError(f"{what} may have at most {MAX_DIGITS} digits before and after the decimal point")


def minor_digits(code: str) -> int:
    """Return how many decimals a currency has by ISO 4217: JPY 0, USD 2, HUF 2, KWD 3.

    Raises ValueError for anything but the code of a currency that CLDR knows, in capitals.
    """
    if code not in get_global("all_currencies"):
        raise ValueError("the currency must be an ISO 4217 code in capitals, such as EUR")
    return NOT_TWO.get(code, 2)
