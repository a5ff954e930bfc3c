"""Prices of a customer: the response of GetTokenPricing, and the amounts that follow from it. Pure.

All arithmetic is decimal and exact; only `format_amount` rounds. An *amount* is money in the customer's
currency, a *unit cost* is money for one token.
"""

import re
from collections.abc import Iterable
from decimal import MAX_EMAX, MAX_PREC, MIN_EMIN, ROUND_HALF_UP, Context, Decimal, InvalidOperation
from typing import Any, Protocol

import msgspec

from solusio_contracts.minor_units import minor_digits

HOURS = 24 * 31
"""Hours of the longest month, as the vendor's page counts them (step 2)."""

LARGEST, FINEST = 30, 100
"""The most digits of a number before and after its decimal point (assumed).

Real prices have far fewer, and 1e-999999999 must not become a gigabyte of zeros.
"""

LONGEST = 64
"""The most characters of a prefix, suffix or separator, which is part of every amount (assumed)."""

_EXACT = Context(prec=MAX_PREC, Emax=MAX_EMAX, Emin=MIN_EMIN, rounding=ROUND_HALF_UP)
_NUMERIC = re.compile(r"\s*[+-]?(?:[0-9]+\.?[0-9]*|\.[0-9]+)(?:[eE][+-]?[0-9]{1,9})?\s*", re.ASCII)
_MOST_DECIMALS = 8  # of an amount, as in the contract of the billing endpoint


class Currency(msgspec.Struct, frozen=True):
    """The format of amounts: prefix, grouped digits and suffix, without spaces in between."""

    code: str
    prefix: str
    suffix: str
    thousands_separator: str
    decimals_separator: str
    decimals: int
    """Digits of the minor unit: from the endpoint, otherwise those of ISO 4217."""


class Discount(msgspec.Struct, frozen=True):
    """A discount that the unit cost includes; None for a multiplier that cannot be read."""

    name: str
    description: str
    multiplier: Decimal | None


class Tax(msgspec.Struct, frozen=True):
    """A tax that the unit cost includes; `rate` is a percentage."""

    label: str
    rate: Decimal


class Pricing(msgspec.Struct, frozen=True):
    """What one token costs a customer, and the format of their prices (vendor's page, step 6)."""

    user_token_unit_cost: Decimal
    currency: Currency
    base_token_unit_cost: Decimal | None = None
    """None if the response omits it: no displayed price depends on it."""
    discounts: tuple[Discount, ...] = ()
    taxes: tuple[Tax, ...] = ()
    taxes_compound: bool = False


class Priced(Protocol):
    """What a plan costs, in tokens (observed)."""

    @property
    def tokens_per_hour(self) -> int:
        """Tokens for each started hour; 0 means no hourly billing."""

    @property
    def tokens_per_month(self) -> int:
        """The most tokens for a month; 0 means no monthly billing."""

    @property
    def ip_tokens_per_hour(self) -> int:
        """The same for each additional IP address."""

    @property
    def ip_tokens_per_month(self) -> int:
        """The same for each additional IP address."""

    @property
    def backup_price(self) -> Decimal | float:
        """Percent of the server's price (vendor's page "Offering Paid Backups")."""


def unit_cost(pricing: Pricing) -> str:
    """Return what a token costs, with all its digits: `0.00137637 USD`."""
    return f"{pricing.user_token_unit_cost:f} {pricing.currency.code}".rstrip()


def parse_pricing(body: bytes) -> Pricing:
    """Read the body of a response to GetTokenPricing (vendor's page, step 6).

    It is as tolerant as a PHP program presumably is (assumed). Numbers may be numeric strings. Prefix, suffix
    and separators may be missing: nothing, no grouping and a decimal point. Lists may be objects, since
    json_encode turns an array with gaps into one. Discounts and taxes that cannot be read are skipped, since
    the unit cost includes them anyway; so is `decimals`, which is an assumption of ours. Unknown members are
    ignored; the last of repeated ones counts.

    Raises:
        ValueError: no price follows from it. The text is one sentence for the journal, and never quotes the
            response, which may repeat the authorization token.
    """
    answer = _read(body)
    if not isinstance(answer, dict):
        raise ValueError(f"The response is JSON, but {_kind(answer)} instead of an object.")
    if "user_token_unit_cost" not in answer and any(
        isinstance(inner, dict) and "user_token_unit_cost" in inner for inner in answer.values()
    ):
        raise ValueError("`user_token_unit_cost` is inside another object instead of at the top.")
    user_cost = _number(answer, "user_token_unit_cost")
    if user_cost < 0:
        raise ValueError("`user_token_unit_cost` is negative.")
    taxes = answer.get("taxes")
    taxes = taxes if isinstance(taxes, dict) else {}
    return Pricing(
        user_token_unit_cost=user_cost,
        currency=_currency(answer),
        base_token_unit_cost=_number_or_none(answer, "base_token_unit_cost"),
        discounts=tuple(
            Discount(
                _text_or_nothing(entry, "name"),
                _text_or_nothing(entry, "description"),
                _number_or_none(entry, "multipler"),
            )
            for entry in _objects(answer.get("discounts"))
        ),
        taxes=tuple(
            Tax(_text_or_nothing(entry, "label"), rate)
            for entry in _objects(taxes.get("rates"))
            if (rate := _number_or_none(entry, "rate")) is not None
        ),
        taxes_compound=taxes.get("compound") is True,
    )


def _read(body: bytes) -> Any:
    if not body.strip():
        raise ValueError("The response is empty.")
    try:
        return _JSON.decode(body)
    except UnicodeDecodeError:
        raise ValueError("The response is not valid UTF-8.") from None
    except RecursionError:
        raise ValueError("The response is nested too deeply.") from None
    except msgspec.ValidationError:
        raise ValueError("The response has an integer with too many digits.") from None
    except msgspec.DecodeError:
        raise ValueError(_no_json(body)) from None


def _no_json(body: bytes) -> str:
    """Return what is wrong with a body that is not JSON."""
    start = body.lstrip()
    if start.startswith((b"\xef\xbb\xbf", b"\xff\xfe", b"\xfe\xff")):
        return "The response begins with a byte order mark, which JSON must not have."
    if start.startswith(b"<"):
        return "The response is not JSON: it begins with HTML (a page, or a PHP message before the JSON)."
    if not start.startswith((b"{", b"[")):
        behind = b"{" in start
        return f"The response is not JSON: it begins with other text{' before the JSON' if behind else ''}."
    return "The response is not valid JSON."


def _fraction(text: str) -> Decimal:
    try:
        return Decimal(text)
    except InvalidOperation:  # an exponent beyond every range
        return Decimal("Infinity")


_JSON = msgspec.json.Decoder(float_hook=_fraction)


def _kind(value: object) -> str:
    if value is None or isinstance(value, bool):
        return "null" if value is None else str(value).lower()
    for kind, words in ((dict, "an object"), (list, "a list"), (str, "a string")):
        if isinstance(value, kind):
            return words
    return "a number"


def _number(of: dict[str, Any], name: str) -> Decimal:
    if name not in of:
        raise ValueError(f"`{name}` is missing.")
    value = of[name]
    if isinstance(value, str) and _NUMERIC.fullmatch(value):
        value = _fraction(value.strip())
    if isinstance(value, bool) or not isinstance(value, int | Decimal):
        raise ValueError(f"`{name}` is {_kind(value)} instead of a number.")
    number = Decimal(value)
    exponent = number.as_tuple().exponent
    if not isinstance(exponent, int):
        raise ValueError(f"`{name}` is not a finite number.")
    if not number:
        return Decimal(0)
    if number.adjusted() >= LARGEST or exponent < -FINEST:
        raise ValueError(
            f"`{name}` has more than {LARGEST} digits before its decimal point, or {FINEST} after it."
        )
    return number


def _number_or_none(of: dict[str, Any], name: str) -> Decimal | None:
    try:
        return _number(of, name)
    except ValueError:
        return None


def _objects(value: Any) -> Iterable[dict[str, Any]]:
    items = value.values() if isinstance(value, dict) else value if isinstance(value, list) else ()
    return (item for item in items if isinstance(item, dict))


def _text_or_nothing(of: dict[str, Any], name: str) -> str:
    value = of.get(name)
    return value if isinstance(value, str) else ""


def _currency(answer: dict[str, Any]) -> Currency:
    if "currency" not in answer:
        raise ValueError("`currency` is missing.")
    currency = answer["currency"]
    if not isinstance(currency, dict):
        raise ValueError(f"`currency` is {_kind(currency)} instead of an object.")
    code = _text(currency, "code", "")
    if not code.strip():
        raise ValueError("`currency.code` is missing or empty.")
    decimals = _number_or_none(currency, "decimals")
    usable = decimals is not None and decimals in range(_MOST_DECIMALS + 1)
    return Currency(
        code=code,
        prefix=_text(currency, "display_prefix", ""),
        suffix=_text(currency, "display_suffix", ""),
        thousands_separator=_text(currency, "thousands_separator", ""),
        decimals_separator=_text(currency, "decimals_separator", "."),
        decimals=int(decimals) if decimals is not None and usable else minor_digits(code.upper()),
    )


def _text(of: dict[str, Any], name: str, default: str) -> str:
    value = of.get(name)
    if value is None:
        return default
    if not isinstance(value, str):
        raise ValueError(f"`currency.{name}` is {_kind(value)} instead of a string.")
    if len(value) > LONGEST:
        raise ValueError(f"`currency.{name}` is longer than {LONGEST} characters.")
    return value


def token_amount(tokens: int, pricing: Pricing) -> Decimal:
    """Return the exact cost of a number of tokens (vendor's page, end of step 6)."""
    return _EXACT.multiply(Decimal(tokens), pricing.user_token_unit_cost)


def plan_price(plan: Priced, pricing: Pricing, *, backups: bool = True) -> dict[str, Any]:
    """Return the object `price` of a plan (names and types: observed; values: assumed).

    Amounts are strings in the customer's currency format: rounded to the minor unit, but with all digits for
    an hour, where rounding would turn 0.007 into 0.01.

    The totals are the most that a month costs: `tokens_per_month`, or 744 hours with hourly billing only.
    `backup_price` is the plan's percentage of that (vendor's page "Offering Paid Backups": 10 % of 5000
    tokens are 500 a month), 0 without `backups`; `total_price` is the sum. Taxes are inclusive, since the
    unit cost includes them.
    """
    month = token_amount(plan.tokens_per_month or plan.tokens_per_hour * HOURS, pricing)
    # str() returns the digits that the request had before JSON made a float of them.
    percent = Decimal(str(plan.backup_price)) if backups else Decimal(0)
    backup = _EXACT.scaleb(_EXACT.multiply(month, percent), Decimal(-2))

    def of_tokens(tokens: int, *, exact: bool = False) -> str:
        return format_amount(token_amount(tokens, pricing), pricing, exact=exact)

    return {
        "per_hour": of_tokens(plan.tokens_per_hour, exact=True),
        "per_month": of_tokens(plan.tokens_per_month),
        "additional_ips_per_hour": of_tokens(plan.ip_tokens_per_hour, exact=True),
        "additional_ips_per_month": of_tokens(plan.ip_tokens_per_month),
        "currency_code": pricing.currency.code,
        "taxes_inclusive": True,
        "taxes": _taxes(pricing),
        "total_price": format_amount(_EXACT.add(month, backup), pricing),
        "total_price_without_backups": format_amount(month, pricing),
        "backup_price": format_amount(backup, pricing),
    }


def token_pricing(pricing: Pricing) -> dict[str, Any]:
    """Return the object `token_pricing` of a project (names: observed; types: assumed).

    `unit_cost` is the customer's, as a JSON number with all digits, since the only client that reads it
    declares a number. It is `msgspec.Raw`, so that no encoder turns it into a float or a string.
    """
    currency = pricing.currency
    return {
        "unit_cost": _json_number(pricing.user_token_unit_cost),
        "currency_code": currency.code,
        "currency_decimals": currency.decimals,
        "currency_decimals_separator": currency.decimals_separator,
        "currency_prefix": currency.prefix,
        "currency_suffix": currency.suffix,
        "currency_thousands_separator": currency.thousands_separator,
        "taxes_inclusive": True,
        "taxes": _taxes(pricing),
    }


def _taxes(pricing: Pricing) -> list[dict[str, Any]]:
    return [{"label": tax.label, "rate": _json_number(tax.rate)} for tax in pricing.taxes]


def _json_number(value: Decimal) -> msgspec.Raw:
    return msgspec.Raw(plain_amount(value, 0).encode("ascii"))


def plain_amount(amount: Decimal, decimals: int) -> str:
    """Return an amount with all digits and at least `decimals`: no exponent, a decimal point, no grouping.

    Raises:
        ValueError: the amount is not finite.
    """
    if not amount.is_finite():
        raise ValueError("an amount must be a finite number")
    whole, _, fraction = format(amount, "f").partition(".")
    if not amount:
        whole = "0"  # neither -0 nor 000
    fraction = fraction.rstrip("0").ljust(decimals, "0")
    return f"{whole}.{fraction}" if fraction else whole


def format_amount(amount: Decimal, pricing: Pricing, *, exact: bool = False) -> str:
    """Return an amount in the customer's format, such as `£1,234.50 GBP` (vendor's page, step 6).

    It is rounded half up (away from zero) to the minor unit. With `exact` it keeps all digits, as hourly
    prices need (assumed): 7 tokens at 0.001 are `$0.007`. The minus sign comes first (assumed). Prefix,
    suffix and separators appear as they were sent, so that mistakes in them are visible.

    Raises:
        ValueError: the amount is not finite.
    """
    currency = pricing.currency
    text = plain_amount(amount if exact else _rounded(amount, currency.decimals), currency.decimals)
    sign = "-" if text.startswith("-") else ""
    whole, _, fraction = text.removeprefix("-").partition(".")
    # Decimal groups them, since int() refuses strings of many digits.
    grouped = format(Decimal(whole), ",f").replace(",", currency.thousands_separator)
    separator = currency.decimals_separator
    if exact and not separator:
        # A currency without decimals may lack a separator, but 1.155 must not become 1155.
        separator = "," if currency.thousands_separator == "." else "."
    digits = f"{grouped}{separator}{fraction}" if fraction else grouped
    return f"{sign}{currency.prefix}{digits}{currency.suffix}"


def _rounded(amount: Decimal, decimals: int) -> Decimal:
    if not amount.is_finite():
        raise ValueError("an amount must be a finite number")
    return amount.quantize(Decimal(1).scaleb(-decimals), context=_EXACT)
