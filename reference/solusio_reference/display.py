"""Amounts as a customer reads them, in the currency format that GetTokenPricing sends (step 6)."""

import unicodedata
from decimal import Decimal

from solusio_reference.money import json_number, rounded
from solusio_reference.pricing import Currency


def format_amount(amount: Decimal, currency: Currency) -> str:
    """Write an amount, rounded to the currency's decimals: ``-£1,234.50 GBP``, ``¥1,235``, ``1.234,50 €``.

    Prefix, grouped digits and suffix follow each other without spaces, as SolusIO writes prices. The minus
    sign comes first (assumed). Raises ValueError for an amount that is not finite.
    """
    return _write(rounded(_finite(amount), currency.decimals), currency, currency.decimals_separator)


def format_unit_cost(cost: Decimal, currency: Currency) -> str:
    """Write a unit cost with all its digits, and at least as many as an amount has: ``$0.00091``, ``$2.00``.

    A token costs a fraction of a cent; rounded, it would look free. Raises ValueError for a cost that is not
    finite.
    """
    whole, _, fraction = format(_finite(cost), "f").partition(".")
    digits = fraction.rstrip("0").ljust(currency.decimals, "0")
    # A currency without decimals may have no decimals separator, but its unit costs need one.
    separator = currency.decimals_separator or ("," if currency.thousands_separator == "." else ".")
    return _write(Decimal(f"{whole}.{digits}"), currency, separator)


def _finite(amount: Decimal) -> Decimal:
    if not amount.is_finite():
        raise ValueError("an amount must be a finite number")
    return amount


def _write(amount: Decimal, currency: Currency, separator: str) -> str:
    # "f" writes no exponent, and the comma groups thousands. abs() would round to 28 digits.
    whole, _, fraction = format(amount.copy_abs(), ",f").partition(".")
    digits = whole.replace(",", currency.thousands_separator)
    if fraction:
        digits += separator + fraction
    sign = "-" if amount < 0 else ""  # not for a negative zero
    return f"{sign}{currency.display_prefix}{digits}{currency.display_suffix}"


def format_factor(number: Decimal, currency: Currency) -> str:
    """Write a factor or a percentage with all its digits and the currency's separator: ``0,95``, ``8.1``."""
    return json_number(number).replace(".", currency.decimals_separator or ".")


def format_count(number: int, currency: Currency) -> str:
    """Write a number of tokens or hours, grouped as amounts are: ``20.000`` next to ``18,20 €``."""
    return f"{number:,}".replace(",", currency.thousands_separator)


def format_invoice_number(number: int) -> str:
    """Write the number of an invoice: ``000042``. Raises ValueError for a number below 1."""
    if number < 1:
        raise ValueError("invoices are numbered from 1")
    return f"{number:06}"


def printable(text: str) -> str:
    """Make a text safe for a terminal: replace control characters, but keep spaces of all kinds."""
    return "".join(char if char.isprintable() or unicodedata.category(char) == "Zs" else "?" for char in text)
