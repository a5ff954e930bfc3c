"""The customers document: customers with their addresses and prices, in JSON, exact in both directions.

    {"customers": [{"billing_user_id": 7, "name": "Ann", "email": "ann@example.com", "pricing": {...}}]}

``pricing`` is what GetTokenPricing has to answer for this customer. A misspelled or unknown member is an
error: a discount that is ignored costs money. `pricing.to_json` says what there is.
"""

from collections.abc import Iterable
from decimal import Decimal, InvalidOperation
from typing import Annotated, Any

import msgspec

from solusio_reference.accounts.wanted import check_email
from solusio_reference.money import json_number
from solusio_reference.pricing import Currency, Customer, Discount, Tax, price, to_json

MOST_FACTORS = 100
"""Discounts, and taxes, of one customer: a price has all the digits of all of them."""


class _Strict(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    pass


# Costs, factors and rates stay the text that they are in the document: a JSON number, and no string.
class _Discount(_Strict, frozen=True):
    name: str
    multipler: msgspec.Raw
    description: str = ""


class _Tax(_Strict, frozen=True):
    label: str
    rate: msgspec.Raw


class _Taxes(_Strict, frozen=True):
    compound: bool
    rates: Annotated[list[_Tax], msgspec.Meta(max_length=MOST_FACTORS)]


class _Currency(_Strict, frozen=True):
    code: str
    display_prefix: str
    display_suffix: str
    thousands_separator: str
    decimals_separator: str
    decimals: int | None = None


class _Pricing(_Strict, frozen=True):
    base_token_unit_cost: msgspec.Raw
    user_token_unit_cost: msgspec.Raw
    currency: _Currency
    discounts: Annotated[list[_Discount], msgspec.Meta(max_length=MOST_FACTORS)]
    taxes: _Taxes


class _Customer(_Strict, frozen=True):
    billing_user_id: int
    name: str
    email: str
    pricing: _Pricing


class _Document(_Strict, frozen=True):
    customers: list[_Customer]


def read(document: bytes) -> list[tuple[Customer, str]]:
    """Read customers with their e-mail addresses.

    Raises ValueError, which names the place, for anything that is not as it should be; also for a
    ``user_token_unit_cost`` that is not what base cost, discounts and taxes come to.
    """
    try:
        given = msgspec.json.decode(document, type=_Document).customers
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError) as error:
        raise ValueError(f"the customers document is not as it should be: {error}") from None
    found = []
    known: set[int] = set()
    for index, one in enumerate(given):
        place = f"customers[{index}]"
        customer = _customer(place, one)
        if customer.id in known:
            raise ValueError(f"{place}.billing_user_id: {customer.id} is there twice")
        known.add(customer.id)
        try:
            found.append((customer, check_email(one.email)))
        except ValueError as error:
            raise ValueError(f"{place}.email: {error}") from None
    return found


def write(customers: Iterable[tuple[Customer, str]]) -> bytes:
    """Write customers with their e-mail addresses, as `read` reads them."""
    rows: list[dict[str, Any]] = [
        {
            "billing_user_id": customer.id,
            "name": customer.name,
            "email": email,
            "pricing": msgspec.Raw(to_json(price(customer))),
        }
        for customer, email in customers
    ]
    return msgspec.json.format(msgspec.json.encode({"customers": rows}), indent=2) + b"\n"


def _customer(place: str, given: _Customer) -> Customer:
    pricing = f"{place}.pricing"
    # What the constructors refuse is told with the place where it stands.
    where = place
    try:
        where = f"{pricing}.currency"
        currency = Currency(
            given.pricing.currency.code,
            given.pricing.currency.display_prefix,
            given.pricing.currency.display_suffix,
            given.pricing.currency.thousands_separator,
            given.pricing.currency.decimals_separator,
        )
        if given.pricing.currency.decimals not in {None, currency.decimals}:
            raise ValueError(
                f"{currency.code} has {currency.decimals} decimals, got {given.pricing.currency.decimals}"
            )
        discounts = []
        for index, discount in enumerate(given.pricing.discounts):
            where = f"{pricing}.discounts[{index}].multipler"
            discounts.append(Discount(discount.name, discount.description, _number(discount.multipler)))
        taxes = []
        for index, tax in enumerate(given.pricing.taxes.rates):
            where = f"{pricing}.taxes.rates[{index}].rate"
            taxes.append(Tax(tax.label, _number(tax.rate)))
        where = f"{pricing}.base_token_unit_cost"
        base = _number(given.pricing.base_token_unit_cost)
        where = place
        customer = Customer(
            given.billing_user_id,
            given.name,
            base,
            currency,
            tuple(discounts),
            tuple(taxes),
            given.pricing.taxes.compound,
        )
        where = f"{pricing}.user_token_unit_cost"
        user = _number(given.pricing.user_token_unit_cost)
        due = price(customer).user_token_unit_cost
        if user != due:
            sent = bytes(given.pricing.user_token_unit_cost).decode()
            raise ValueError(f"base cost, discounts and taxes come to {json_number(due)}, got {sent}")
    except ValueError as error:
        raise ValueError(f"{where}: {error}") from None
    return customer


def _number(raw: msgspec.Raw) -> Decimal:
    text = bytes(raw).decode().strip()
    if not text[:1].isdigit() and text[:1] != "-":
        raise ValueError(f"expected a number, got {text[:40]}")
    try:
        return Decimal(text)
    except InvalidOperation:  # an exponent that no computer can hold
        raise ValueError(f"expected a number of a sensible size, got {text[:40]}") from None
