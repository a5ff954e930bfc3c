"""Amounts of money, rounded once and written as SolusIO shows them. Pure."""

from decimal import MAX_EMAX, MAX_PREC, MIN_EMIN, ROUND_HALF_UP, Context, Decimal

from solusio_contracts.adapter.customers import Currency

EXACT = Context(prec=200, Emax=MAX_EMAX, Emin=MIN_EMIN, rounding=ROUND_HALF_UP)
"""Precise enough for any price."""
_ROUNDING = Context(prec=MAX_PREC, Emax=MAX_EMAX, Emin=MIN_EMIN, rounding=ROUND_HALF_UP)


def rounded(amount: Decimal, decimals: int, rounding: str = ROUND_HALF_UP) -> Decimal:
    """Round an amount, by default half up (away from zero); the result is never a negative zero."""
    return EXACT.add(amount.quantize(Decimal(1).scaleb(-decimals), rounding, _ROUNDING), Decimal(0))


def written(amount: Decimal, currency: Currency) -> str:
    """Return an amount as SolusIO shows it: minus sign, prefix, grouped digits, suffix."""
    text = format(rounded(amount, currency.decimals), "f")
    sign = "-" if text.startswith("-") else ""
    whole, _, fraction = text.removeprefix("-").partition(".")
    grouped = f"{int(whole):,}".replace(",", currency.thousands_separator)
    digits = f"{grouped}{currency.decimals_separator}{fraction}" if fraction else grouped
    return f"{sign}{currency.display_prefix}{digits}{currency.display_suffix}"
