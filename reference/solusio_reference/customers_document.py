"""The customers document: customers with their SolusIO profiles and prices as JSON, without loss of digits.

    {"customers": [{"billing_user_id": 7, "name": "Ann", "email": "ann@example.com", "pricing": {...}}]}

``pricing`` is what GetTokenPricing returns for the customer (see `pricing.to_json`). ``language_id`` and
``limit_group_id``, ids in SolusIO, may be missing or null. A misspelled or unknown member is an error:
ignoring a discount costs money.
"""

import codecs
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from dataclasses import asdict
from decimal import Decimal, InvalidOperation
from typing import Annotated, Any

import msgspec

from solusio_reference.accounts.wanted import Profile, check_email
from solusio_reference.money import json_number
from solusio_reference.pricing import (
    ISO_4217,
    MAX_DECIMALS,
    Currency,
    Customer,
    Discount,
    Tax,
    price,
    to_json,
)

MAX_FACTORS = 100
"""Limit for the discounts of a customer, and for their taxes: the digits of a price grow with each."""


class _Strict(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    pass


# Raw keeps the text of a cost, factor or rate as it is in the document. It must be a JSON number.
class _Discount(_Strict, frozen=True):
    name: str
    multipler: msgspec.Raw
    description: str = ""


class _Tax(_Strict, frozen=True):
    label: str
    rate: msgspec.Raw


class _Taxes(_Strict, frozen=True):
    compound: bool
    rates: Annotated[list[_Tax], msgspec.Meta(max_length=MAX_FACTORS)]


class _Currency(_Strict, frozen=True):
    code: str
    display_prefix: str
    display_suffix: str
    thousands_separator: str
    decimals_separator: str
    decimals: Annotated[int, msgspec.Meta(ge=0, le=MAX_DECIMALS)] = ISO_4217


class _Pricing(_Strict, frozen=True):
    base_token_unit_cost: msgspec.Raw
    user_token_unit_cost: msgspec.Raw
    currency: _Currency
    discounts: Annotated[list[_Discount], msgspec.Meta(max_length=MAX_FACTORS)]
    taxes: _Taxes


class _Customer(_Strict, frozen=True):
    billing_user_id: int
    name: str
    email: str
    pricing: _Pricing
    language_id: Annotated[int, msgspec.Meta(ge=1)] | None = None
    limit_group_id: Annotated[int, msgspec.Meta(ge=1)] | None = None


class _Document(_Strict, frozen=True):
    customers: list[_Customer]


def read(document: bytes) -> list[tuple[Customer, Profile]]:
    """Read customers with their profiles.

    Raises ValueError, which names the place, for an invalid document, and for a ``user_token_unit_cost`` that
    is not the base cost with discounts and taxes applied.
    """
    try:
        given = msgspec.json.decode(_text(document), type=_Document).customers
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError) as error:
        raise ValueError(f"the customers document is not valid: {error}") from None
    customers = []
    seen: set[int] = set()
    for index, one in enumerate(given):
        place = f"customers[{index}]"
        customer = _customer(place, one)
        if customer.id in seen:
            raise ValueError(f"{place}.billing_user_id: {customer.id} appears twice")
        seen.add(customer.id)
        with _errors_at(f"{place}.email"):
            profile = Profile(check_email(one.email), one.language_id, one.limit_group_id)
        customers.append((customer, profile))
    return customers


def write(customers: Iterable[tuple[Customer, Profile]]) -> bytes:
    """Write customers with their profiles, for `read`."""
    rows: list[dict[str, Any]] = [
        {
            "billing_user_id": customer.id,
            "name": customer.name,
            **{name: value for name, value in asdict(profile).items() if value is not None},
            "pricing": msgspec.Raw(to_json(price(customer))),
        }
        for customer, profile in customers
    ]
    return msgspec.json.format(msgspec.json.encode({"customers": rows}), indent=2) + b"\n"


def _text(document: bytes) -> str:
    """Decode UTF-8, or the UTF-16 of Windows, by its byte order mark."""
    is_utf_16 = document.startswith((codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE))
    return document.decode("utf-16" if is_utf_16 else "utf-8-sig")


def _customer(place: str, given: _Customer) -> Customer:
    prices, pricing = given.pricing, f"{place}.pricing"
    with _errors_at(f"{pricing}.currency"):
        currency = Currency(**msgspec.structs.asdict(prices.currency))
    discounts = []
    for index, discount in enumerate(prices.discounts):
        with _errors_at(f"{pricing}.discounts[{index}].multipler"):
            discounts.append(Discount(discount.name, discount.description, _number(discount.multipler)))
    taxes = []
    for index, tax in enumerate(prices.taxes.rates):
        with _errors_at(f"{pricing}.taxes.rates[{index}].rate"):
            taxes.append(Tax(tax.label, _number(tax.rate)))
    with _errors_at(f"{pricing}.base_token_unit_cost"):
        base = _number(prices.base_token_unit_cost)
    with _errors_at(place):
        customer = Customer(
            given.billing_user_id,
            given.name,
            base,
            currency,
            tuple(discounts),
            tuple(taxes),
            prices.taxes.compound,
        )
    with _errors_at(f"{pricing}.user_token_unit_cost"):
        expected = price(customer).user_token_unit_cost
        if _number(prices.user_token_unit_cost) != expected:
            got = bytes(prices.user_token_unit_cost).decode()
            raise ValueError(f"base cost, discounts and taxes give {json_number(expected)}, got {got}")
    return customer


def _number(raw: msgspec.Raw) -> Decimal:
    text = bytes(raw).decode().strip()
    if not text[:1].isdigit() and text[:1] != "-":
        raise ValueError(f"expected a number, got {text[:40]}")
    try:
        return Decimal(text)
    except InvalidOperation:  # an exponent beyond the limits of decimal
        raise ValueError(f"expected a number of a sensible size, got {text[:40]}") from None


@contextmanager
def _errors_at(place: str) -> Iterator[None]:
    """Put the place in front of the message of a ValueError."""
    try:
        yield
    except ValueError as error:
        raise ValueError(f"{place}: {error}") from None
