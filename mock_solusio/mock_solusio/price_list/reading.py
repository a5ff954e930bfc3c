"""Reads a price list from TOML, and reports all errors at once, each with its place."""

import re
from decimal import MAX_EMAX, MAX_PREC, MIN_EMIN, Context, Decimal
from typing import Any

from babel.numbers import get_currency_symbol

from mock_solusio.domain.prices import LONGEST, Currency, Pricing
from mock_solusio.price_list.model import (
    CONVERTED,
    LARGEST_TOKENS,
    Diagnostic,
    PlanPrice,
    PriceList,
    Severity,
)
from solusio_contracts.checking import currencies
from solusio_contracts.decoding import DecodingError, decimal_of, parse_toml, text_of
from solusio_contracts.minor_units import minor_digits
from solusio_contracts.suggestions import closest

LONGEST_FILE = 1_000_000
"""The largest file in bytes; a plan takes about a hundred."""

MOST_DIGITS = 18
"""The most digits of a unit cost before and after its decimal point (assumed: more than any price has)."""

_TOP = ("$schema", "tokens", "currencies", "plans")
_CURRENCY = (
    "code",
    "token_unit_cost",
    "display_prefix",
    "display_suffix",
    "thousands_separator",
    "decimals_separator",
    "decimals",
)
_PLAN = ("name", "tokens_per_hour", "tokens_per_month", "ip_tokens_per_hour", "ip_tokens_per_month")
_EXACT = Context(prec=MAX_PREC, Emax=MAX_EMAX, Emin=MIN_EMIN)
_NUMBER = re.compile(r"[+-]?(?:[0-9]+\.?[0-9]*|\.[0-9]+)(?:[eE][+-]?[0-9]{1,9})?", re.ASCII)


def read(data: bytes, source: str = "") -> tuple[PriceList | None, list[Diagnostic]]:
    """Read a price list; without a usable list, at least one diagnostic is an error.

    Raises:
        DecodingError: it is not valid TOML, or too long.
    """
    if len(data) > LONGEST_FILE:
        raise DecodingError(f"longer than {LONGEST_FILE:,} bytes", source)
    return _Reader().read(parse_toml(text_of(data, source), source, exact=True))


class _Reader:
    """Collects errors while it reads."""

    def __init__(self) -> None:
        self.found: list[Diagnostic] = []

    def error(self, code: str, place: str, message: str, name: str = "") -> None:
        self.found.append(Diagnostic(Severity.ERROR, code, place, name, message))

    def read(self, content: dict[str, Any]) -> tuple[PriceList | None, list[Diagnostic]]:
        self.known(content, _TOP, "", "")
        converted = self.converted(content.get("tokens"))
        prices = [
            self.currency(entry, f"currencies[{index}]")
            for index, entry in enumerate(self.tables(content, "currencies"))
        ]
        if not prices and "currencies" not in {finding.place for finding in self.found}:
            message = (
                'there is no currency. Start with [[currencies]], code = "EUR", token_unit_cost = 0.001.'
            )
            self.error("missing", "currencies", message)
        plans = [
            plan
            for index, entry in enumerate(self.tables(content, "plans"))
            for plan in self.plan(entry, f"plans[{index}]")
        ]
        if not plans and "plans" not in {finding.place for finding in self.found}:
            message = "there are no plans, so there is only the conversion table (step 1)."
            self.found.append(Diagnostic(Severity.INFORMATION, "missing", "plans", "", message))
        self.twice([one.currency.code if one else "" for one in prices])
        if any(finding.level is Severity.ERROR for finding in self.found):
            return None, self.found
        usable = tuple(one for one in prices if one is not None)
        return PriceList(usable, tuple(plans), converted), self.found

    def twice(self, codes: list[str]) -> None:
        for index, code in enumerate(codes):
            if code and code in codes[:index]:
                first = f"currencies[{codes.index(code)}]"
                self.error("currency-twice", f"currencies[{index}].code", f"{first} is also {code}.", code)

    def known(self, of: dict[str, Any], names: tuple[str, ...], place: str, name: str) -> None:
        for key in of:
            if key not in names:
                near = [one for one in names if key and (one.endswith(f"_{key}") or one == key.lower())]
                near = near or closest(key, names)[:1]
                hint = f"did you mean `{near[0]}`?" if near else f"known keys: {', '.join(names)}."
                self.error("unknown-key", f"{place}.{key}" if place else key, f"unknown; {hint}", name)

    def tables(self, content: dict[str, Any], name: str) -> list[dict[str, Any]]:
        value = content.get(name, [])
        if isinstance(value, list) and all(isinstance(entry, dict) for entry in value):
            return value
        self.error("wrong-type", name, f"{_kind(value)} instead of tables [[{name}]].")
        return []

    def converted(self, value: Any) -> tuple[int, ...]:
        if value is None:
            return CONVERTED
        if not isinstance(value, list) or not value:
            self.error("wrong-type", "tokens", f"{_kind(value)} instead of a list such as [1, 10, 100].")
            return CONVERTED
        for index, one in enumerate(value):
            if self.tokens(one, f"tokens[{index}]", "") == 0:
                self.error("too-small", f"tokens[{index}]", "0 tokens cost nothing; remove it.")
        return tuple(value)

    def plan(self, entry: dict[str, Any], place: str) -> list[PlanPrice]:
        name = self.text(entry, "name", place, "", "")
        self.known(entry, _PLAN, place, name)
        if entry.get("name", "") == "" or name.isspace():
            self.error("missing", f"{place}.name", "a plan needs a name.")

        def price(field: str) -> int:
            return self.tokens(entry.get(field, 0), f"{place}.{field}", name) or 0

        plans = [PlanPrice(name, price("tokens_per_hour"), price("tokens_per_month"), place)]
        if "ip_tokens_per_hour" in entry or "ip_tokens_per_month" in entry:
            hour, month = price("ip_tokens_per_hour"), price("ip_tokens_per_month")
            plans.append(PlanPrice(f"{name}: additional IP", hour, month, f"{place}.ip"))
        return plans

    def tokens(self, value: Any, place: str, name: str) -> int | None:
        """Return a number of tokens, or None after an error."""
        if isinstance(value, bool) or not isinstance(value, int):
            shown = f"{_kind(value)} is"
            hint = ""
            if isinstance(value, Decimal) and value.is_finite():
                hint = (
                    f" Write {int(value)}."
                    if -LARGEST_TOKENS <= value <= LARGEST_TOKENS and value == int(value)
                    else " For finer prices, let a token cost a tenth, and charge ten times as many."
                )
            message = f"{shown} not an integer. Tokens are always integers (step 1).{hint}"
            self.error("not-an-integer", place, message, name)
            return None
        if value < 0:
            self.error("negative", place, f"{_short(value)} is negative; 0 disables a price.", name)
            return None
        if value > LARGEST_TOKENS:
            self.error("too-large", place, f"{_short(value)} is more than {LARGEST_TOKENS:,} tokens.", name)
            return None
        return value

    def currency(self, entry: dict[str, Any], place: str) -> Pricing | None:
        code = self.code(entry, place)
        self.known(entry, _CURRENCY, place, code)
        unit_cost = self.unit_cost(entry, place, code)
        decimals = entry.get("decimals")
        if decimals is not None and (
            isinstance(decimals, bool) or not isinstance(decimals, int) or not 0 <= decimals <= 8
        ):
            self.error("wrong-type", f"{place}.decimals", "expected an integer from 0 to 8.", code)
            decimals = None
        usual_prefix = _usual_prefix(code) if code else ""
        own = {"display_prefix", "display_suffix"} & entry.keys()
        formats = {
            "prefix": self.text(entry, "display_prefix", place, "" if own else usual_prefix, code),
            "suffix": self.text(entry, "display_suffix", place, "", code),
            "thousands_separator": self.text(entry, "thousands_separator", place, ",", code),
            "decimals_separator": self.text(entry, "decimals_separator", place, ".", code),
        }
        separators = formats["thousands_separator"], formats["decimals_separator"]
        if separators[0] and separators[0] == separators[1]:
            message = f"‘{separators[0]}’ also separates thousands, so amounts cannot be read."
            self.error("same-separator", f"{place}.decimals_separator", message, code)
        if not code or unit_cost is None:
            return None
        digits = decimals if decimals is not None else minor_digits(code)
        if digits and not separators[1]:
            message = f"it is empty, and {code} has {digits} decimals."
            self.error("missing", f"{place}.decimals_separator", message, code)
        return Pricing(unit_cost, Currency(code=code, decimals=digits, **formats))

    def code(self, entry: dict[str, Any], place: str) -> str:
        """Return the code of an existing currency, or an empty string after an error."""
        code = self.text(entry, "code", place, "", "")
        where = f"{place}.code"
        if "code" not in entry:
            self.error("missing", where, "a currency needs its ISO 4217 code, such as EUR.")
        elif isinstance(entry["code"], str) and code not in currencies.known():
            near = [code.strip().upper()] if code.strip().upper() in currencies.known() else []
            near = near or closest(code, sorted(currencies.current()))
            hint = f" Did you mean {' or '.join(near)}?" if near else ""
            self.error("unknown-currency", where, f"‘{code}’ is not a currency code of ISO 4217.{hint}")
            return ""
        elif code and code not in currencies.current():
            message = "it is no longer legal tender anywhere."
            self.found.append(Diagnostic(Severity.WARNING, "old-currency", where, code, message))
        return code

    def unit_cost(self, entry: dict[str, Any], place: str, code: str) -> Decimal | None:
        where = f"{place}.token_unit_cost"
        value = entry.get("token_unit_cost")
        if value is None:
            self.error("missing", where, "the price of one token is missing, such as 0.001 (step 1).", code)
            return None
        if isinstance(value, str) and _NUMBER.fullmatch(value):
            value = decimal_of(value)
        if isinstance(value, bool) or not isinstance(value, int | Decimal):
            self.error("wrong-type", where, f"{_kind(value)} instead of a number.", code)
            return None
        number = Decimal(value)
        if not number.is_finite():
            self.error("wrong-type", where, "it is not a finite number, or out of range.", code)
        elif number <= 0:
            text = "is negative" if number < 0 else "makes everything free; a token must have a price"
            self.error("negative" if number < 0 else "too-small", where, f"{_short(number)} {text}.", code)
        elif (
            number.adjusted() >= MOST_DIGITS
            or int(number.normalize(_EXACT).as_tuple().exponent) < -MOST_DIGITS
        ):
            message = f"it has more than {MOST_DIGITS} digits before or after the decimal point."
            self.error("too-large", where, message, code)
        else:
            return number
        return None

    def text(self, of: dict[str, Any], key: str, place: str, default: str, name: str) -> str:
        value = of.get(key, default)
        if not isinstance(value, str):
            self.error("wrong-type", f"{place}.{key}", f"{_kind(value)} instead of a text in quotes.", name)
            return default
        longest = 255 if key == "name" else LONGEST
        if len(value) > longest:
            self.error("too-large", f"{place}.{key}", f"it has more than {longest} characters.", name)
            return default
        # A no-break space is a usual separator.
        if not value.replace("\u00a0", " ").replace("\u202f", " ").isprintable():
            message = f"{value!a} has characters that cannot be printed."
            self.error("not-printable", f"{place}.{key}", message, name)
            return default
        return value


def _usual_prefix(code: str) -> str:
    """Return what precedes an amount in English, by CLDR: `$`, `€`, `CA$`, `CHF `."""
    symbol = str(get_currency_symbol(code, locale="en"))
    return f"{symbol} " if symbol[-1].isalpha() else symbol


def _kind(value: object) -> str:
    if isinstance(value, bool):
        return str(value).lower()
    if isinstance(value, str):
        return f"the text {value[:40]!a}" if value else "an empty text"
    if isinstance(value, list):
        return "a list" if value else "an empty list"
    if isinstance(value, int | Decimal):
        return _short(value)
    return "a table" if isinstance(value, dict) else "a date or time"


def _short(number: int | Decimal) -> str:
    # Never all digits: an integer in TOML may have thousands.
    if isinstance(number, int):
        return f"{number:,}" if number.bit_length() < 100 else f"{Decimal(number):.6g}"
    text = str(number)
    return text if len(text) < 40 else f"{number:.6g}"
