"""Values: the numbers and strings make sense, alone and together."""

import re
from collections.abc import Iterator
from decimal import Decimal
from typing import Any

from solusio_contracts.checking import currencies
from solusio_contracts.checking.pace import UndecidedError
from solusio_contracts.checking.price import (
    LONGEST_LIST,
    agrees,
    expected_cost,
    explanation,
    misreadings,
    number,
    price_parts,
)
from solusio_contracts.checking.rule import Expect, rule
from solusio_contracts.checking.target import Target
from solusio_contracts.http.exchange import Exchange


@rule("TP-060", title="the base cost is positive", needs_price=False)
def base_positive(target: Target) -> Iterator[Expect]:
    """At zero every server is free."""
    for user, exchange, value in target.prices():
        cost = number(value.get("base_token_unit_cost"))
        if cost is not None:
            yield Expect.that(
                cost > 0, f"user {user}: base_token_unit_cost", "a number above 0", cost, exchange
            )


@rule("TP-061", title="the user's cost is positive, unless a discount is 100 %", needs_price=False)
def user_cost_positive(target: Target) -> Iterator[Expect]:
    """Zero is correct only if some `multipler` is 0."""
    for user, exchange, value in target.prices():
        cost = number(value.get("user_token_unit_cost"))
        if cost is None:
            continue
        free = any(entry.get("multipler") == 0 for entry in _entries(value.get("discounts")))
        expected = "a number not below 0" if free else "a number above 0"
        ok = cost >= 0 if free else cost > 0
        yield Expect.that(ok, f"user {user}: user_token_unit_cost", expected, cost, exchange)


def _entries(value: object) -> list[dict[str, Any]]:
    judged = value[:LONGEST_LIST] if isinstance(value, list) else []
    return [entry for entry in judged if isinstance(entry, dict)]


def _currencies(target: Target) -> list[tuple[str, Exchange, dict[str, Any]]]:
    found = [
        (f"user {user}: currency", exchange, value["currency"])
        for user, exchange, value in target.prices()
        if isinstance(value.get("currency"), dict)
    ]
    if not found:
        raise UndecidedError("there is no `currency` object")
    return found


@rule("TP-062", "TP-063", title="the currency code is an ISO 4217 code", needs_price=False)
def currency_code(target: Target) -> Iterator[Expect]:
    """Three capital letters for a currency in use."""
    for where, exchange, currency in _currencies(target):
        code = currency.get("code")
        if not isinstance(code, str):
            continue
        real = code in currencies.known()
        meant = code.strip().upper()
        hint = f'did you mean "{meant}"?' if not real and meant in currencies.known() else ""
        yield Expect.that(
            real,
            f"{where}.code",
            "an ISO 4217 code in capital letters",
            f'"{code}"',
            exchange,
            hint=hint,
        )
        if real:
            yield Expect.that(
                code in currencies.current(),
                f"{where}.code",
                "a currency in use today",
                f'"{code}"',
                exchange,
                clause="TP-063",
            )


@rule("TP-064", "TP-065", title="separators differ from each other and from digits", needs_price=False)
def separators(target: Target) -> Iterator[Expect]:
    """There must be only one way to read 1,000.50."""
    for where, exchange, currency in _currencies(target):
        thousands, decimals = (
            currency.get("thousands_separator"),
            currency.get("decimals_separator"),
        )
        if not isinstance(thousands, str) or not isinstance(decimals, str):
            continue
        if thousands or decimals:
            yield Expect.that(
                " ".join(f"|{thousands}|".split()) != " ".join(f"|{decimals}|".split()),
                where,
                "two different separators",
                f'"{thousands}" for both',
                exchange,
            )
        for name, sign in (("thousands_separator", thousands), ("decimals_separator", decimals)):
            yield Expect.that(
                re.search(r"[\w+\-]", sign) is None and len(sign) <= 2,
                f"{where}.{name}",
                "a sign such as . , ' or a space",
                f'"{sign}"',
                exchange,
                clause="TP-065",
            )
        stated = number(currency.get("decimals"))
        yield Expect.that(
            bool(decimals) or _without_decimals(currency),
            f"{where}.decimals_separator",
            'a sign such as "."' + (" (this currency has decimals)" if stated is None else ""),
            '""' if stated is None else f'"", while `decimals` is {stated}',
            exchange,
            clause="TP-065",
            hint=_yen(currency) if stated is not None else "",
        )


def _yen(currency: dict[str, Any]) -> str:
    code = currency.get("code")
    if isinstance(code, str) and code in currencies.known() and currencies.may_lack_decimals(code):
        return f"or send `decimals: 0`: {code} is usually shown without decimals"
    return ""


def _without_decimals(currency: dict[str, Any]) -> bool:
    decimals = number(currency.get("decimals"))
    if decimals is not None:
        return decimals == 0
    code = currency.get("code")
    return isinstance(code, str) and code in currencies.known() and currencies.may_lack_decimals(code)


@rule("TP-066", title="no discount is negative", needs_price=False)
def multipler_not_negative(target: Target) -> Iterator[Expect]:
    """A factor below zero turns the price negative."""
    for user, exchange, value in target.prices():
        for index, entry in enumerate(_entries(value.get("discounts"))):
            factor = number(entry.get("multipler"))
            if factor is not None:
                subject = f"user {user}: discounts[{index}].multipler"
                yield Expect.that(factor >= 0, subject, "0 or more", factor, exchange)


@rule("TP-067", title="no tax is negative", needs_price=False)
def rate_not_negative(target: Target) -> Iterator[Expect]:
    """A reduction is a discount."""
    for user, exchange, value in target.prices():
        taxes = value.get("taxes")
        rates = taxes.get("rates") if isinstance(taxes, dict) else None
        for index, entry in enumerate(_entries(rates)):
            rate = number(entry.get("rate"))
            if rate is not None:
                subject = f"user {user}: taxes.rates[{index}].rate"
                yield Expect.that(rate >= 0, subject, "0 or more", rate, exchange)


@rule("TP-068", "TP-069", title="discounts are factors and taxes are percentages", needs_price=False)
def units(target: Target) -> Iterator[Expect]:
    """The arithmetic shows it: the numbers add up only in the wrong unit."""
    for user, exchange, value in target.prices():
        parts = price_parts(value)
        if parts is None or not (parts.multiplers or parts.rates):
            continue
        wrong = {one.clause: one for one in misreadings(parts)}
        for clause, present, expected in (
            ("TP-068", parts.multiplers, "the factor that remains (0.95 for 5 % off)"),
            ("TP-069", parts.rates, "a percentage (6 for 6 %)"),
        ):
            if not present:
                continue
            found = wrong.get(clause)
            numbers = ", ".join(str(number) for number in present[:8]) + (" …" if len(present) > 8 else "")
            yield Expect.that(
                found is None,
                f"user {user}: {found.where if found else 'numbers'}",
                expected,
                f"{numbers}: user_token_unit_cost adds up only if that is {found.text}" if found else "",
                exchange,
                clause=clause,
            )


@rule("TP-070", title="the user's cost follows from base, discounts and taxes", needs_price=False)
def arithmetic(target: Target) -> Iterator[Expect]:
    """Only a warning: the vendor's own example does not add up, and the cost may include special offers."""
    for user, exchange, value in target.prices():
        parts = price_parts(value)
        if parts is None:
            continue
        expected = expected_cost(parts)
        why = explanation(parts)
        yield Expect.that(
            agrees(parts.user, expected),
            f"user {user}: user_token_unit_cost",
            _plain(expected),
            _plain(parts.user),
            exchange,
            hint=f"the numbers match if {why}" if why else "",
        )


def _plain(number: Decimal) -> str:
    text = f"{number:f}"
    if "." in text:
        text = text.rstrip("0").rstrip(".")
    return text if len(text) <= 40 else f"{number:.12g}"


@rule(
    "TP-071",
    title="prefix and suffix belong to the currency",
    needs_price=False,
    prepare=currencies.symbols,
)
def display_fits_code(target: Target) -> Iterator[Expect]:
    """A € before an amount in pounds misleads the customer."""
    for where, exchange, currency in _currencies(target):
        code = currency.get("code")
        if not isinstance(code, str) or code not in currencies.known():
            continue
        for name in ("display_prefix", "display_suffix"):
            text = currency.get(name)
            if not isinstance(text, str):
                continue
            others = set(re.findall(r"(?<![A-Za-z])[A-Z]{3}(?![A-Za-z])", text)) & currencies.current()
            for sign, codes in currencies.symbols().items():
                if sign in text and code not in codes:
                    others.add(sign)
            others.discard(code)
            named = " and ".join(sorted(others))
            yield Expect.that(
                not others,
                f"{where}.{name}",
                f"nothing but {code}",
                f'"{text}" names {named}',
                exchange,
            )


@rule("TP-072", title="lists are not longer than a customer's page can show", needs_price=False)
def list_lengths(target: Target) -> Iterator[Expect]:
    """A query without its WHERE returns the discounts of all customers. Only the first entries are judged."""
    for user, exchange, value in target.prices():
        taxes = value.get("taxes")
        rates = taxes.get("rates") if isinstance(taxes, dict) else None
        for path, entries in (("discounts", value.get("discounts")), ("taxes.rates", rates)):
            if isinstance(entries, list):
                yield Expect.that(
                    len(entries) <= LONGEST_LIST,
                    f"user {user}: {path}",
                    f"at most {LONGEST_LIST:,} entries",
                    f"{len(entries):,} entries, of which the first {LONGEST_LIST:,} are judged",
                    exchange,
                )
