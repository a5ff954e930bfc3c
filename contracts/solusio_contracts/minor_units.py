"""Minor units: how many decimals an amount of a currency has (ISO 4217, list one of 2026-01-01).

A library's display data is for display: CLDR's digits of HUF, COP or RSD differ from ISO 4217's and from one
release to the next, and money must not depend on which one is installed.
"""

from types import MappingProxyType
from typing import Final

NOT_TWO: Final = MappingProxyType(
    {
        **dict.fromkeys(("BIF", "CLP", "DJF", "GNF", "ISK", "JPY", "KMF", "KRW", "PYG"), 0),
        **dict.fromkeys(("RWF", "UGX", "UYI", "VND", "VUV", "XAF", "XOF", "XPF"), 0),
        **dict.fromkeys(("BHD", "IQD", "JOD", "KWD", "LYD", "OMR", "TND"), 3),
        **dict.fromkeys(("CLF", "UYW"), 4),
    }
)
"""Codes of the currencies whose minor unit is not a hundredth, with their number of decimals."""


def minor_digits(code: str) -> int:
    """Return the number of decimals of a currency: JPY 0, USD 2, HUF 2, KWD 3; 2 for an unknown one."""
    return NOT_TWO.get(code, 2)
