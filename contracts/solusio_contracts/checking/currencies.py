"""ISO 4217 currencies, from the CLDR data in Babel: codes and symbols, for judging prices.

How many decimals an amount has is in `solusio_contracts.minor_units`.
"""

import datetime
import functools

from babel.core import get_global
from babel.numbers import get_currency_symbol, list_currencies

from solusio_contracts.minor_units import minor_digits

# ISO 4217 codes that are not money: metals, tests, no currency, units of account.
NO_MONEY = frozenset(
    {"XXX", "XTS", "XAU", "XAG", "XPD", "XPT", "XSU", "XUA", "XDR", "XBA", "XBB", "XBC", "XBD"}
)

# Currencies written with $; in CLDR's English data, most have a longer symbol.
DOLLARS = frozenset(
    {
        *("USD", "CAD", "AUD", "NZD", "SGD", "HKD", "TWD", "MXN", "ARS", "CLP", "COP", "UYU"),
        *("CUP", "DOP", "BBD", "BMD", "BND", "BSD", "BZD", "FJD", "GYD", "JMD", "KYD", "LRD"),
        *("NAD", "SBD", "SRD", "TTD", "XCD", "CVE", "TOP", "WST", "NIO", "BRL", "MOP"),
    }
)


@functools.cache
def known() -> frozenset[str]:
    """Return all codes that are or were currencies."""
    return frozenset(list_currencies()) - NO_MONEY


@functools.cache
def current() -> frozenset[str]:
    """Return the codes of currencies that are legal tender today."""
    today = datetime.datetime.now(datetime.UTC).date()
    codes: set[str] = set()
    for entries in get_global("territory_currencies").values():
        for code, _start, end, tender in entries:
            if tender and (end is None or datetime.date(*end) >= today):
                codes.add(code)
    return frozenset(codes)


def may_lack_decimals(code: str) -> bool:
    """Whether amounts of this currency are shown without decimals: JPY by definition, HUF in practice."""
    digits, _, cash_digits, _ = get_global("currency_fractions").get(code, (2, 0, 2, 0))
    return minor_digits(code) == 0 or bool(digits == 0 or cash_digits == 0)


@functools.cache
def symbols() -> dict[str, frozenset[str]]:
    """Return symbols of one character, such as £ and $, with the codes that use them."""
    users: dict[str, set[str]] = {}
    for code in current():
        symbol = get_currency_symbol(code, locale="en")
        if len(symbol) == 1 and not symbol.isascii():
            users.setdefault(symbol, set()).add(code)
    # Several currencies share these, whatever CLDR's English data says.
    users["$"] = set(DOLLARS)
    users.setdefault("£", set()).update({"GBP", "EGP", "LBP", "SYP", "FKP", "GIP", "SHP", "SSP", "SDG"})
    users.setdefault("¥", set()).update({"JPY", "CNY"})
    users.setdefault("₩", set()).update({"KRW", "KPW"})
    return {symbol: frozenset(codes) for symbol, codes in users.items()}
