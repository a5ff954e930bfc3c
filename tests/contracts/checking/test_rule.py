"""Expectations in words, JSON types, misspelt keys, and how a rule is registered."""

from collections.abc import Iterator
from decimal import Decimal
from typing import Any

import pytest

from solusio_contracts.checking.rule import (
    BOOLEAN,
    INTEGER,
    LIST,
    NUMBER,
    OBJECT,
    STRING,
    Expect,
    misspelt,
    registered,
    rule,
    shown,
)
from solusio_contracts.checking.target import Target
from solusio_contracts.contract.clauses import ClauseError, Level
from solusio_contracts.http.exchange import Exchange, FailureKind, Request


def answer(status: int | None, content: bytes = b"", failure: FailureKind | None = None) -> Exchange:
    return Exchange(number=1, request=Request(b""), status=status, content=content, failure=failure)


# Types

SAMPLES: dict[str, Any] = {
    "null": None,
    "true": True,
    "integer": 3,
    "fraction": Decimal("1.5"),
    "whole fraction": Decimal("2.0"),
    "not a number": Decimal("NaN"),
    "infinite": Decimal("-Infinity"),
    "beyond a double": Decimal("1e400"),
    "integer beyond a double": 10**400,
    "text": "1",
    "list": [],
    "object": {},
}


@pytest.mark.parametrize(
    ("kind", "admitted"),
    [
        (NUMBER, {"integer", "fraction", "whole fraction"}),
        (INTEGER, {"integer"}),
        (STRING, {"text"}),
        (BOOLEAN, {"true"}),
        (OBJECT, {"object"}),
        (LIST, {"list"}),
    ],
)
def test_what_a_type_admits(kind, admitted):
    assert {name for name, value in SAMPLES.items() if kind.admits(value)} == admitted


def test_zero_is_a_number_however_it_is_written():
    assert NUMBER.admits(Decimal("0e-999"))
    assert NUMBER.admits(0)


@pytest.mark.parametrize(
    ("value", "words"),
    [
        (None, "null"),
        (True, "true"),
        (False, "false"),
        (3, "the number 3"),
        (Decimal("1.50"), "the number 1.50"),
        (10**80, "the number 1" + "0" * 59 + "…"),
        ("a", 'the string "a"'),
        ("", 'the string ""'),
        ("x" * 61, 'the string "' + "x" * 60 + '…"'),
        ([1, 2], "a list of 2"),
        ({}, "an object with no keys"),
        ({"a": 1, "b": 2}, "an object with `a`, `b`"),
        ({str(n): n for n in range(9)}, "an object with `0`, `1`, `2`, `3`, `4`, `5`, `6`, `7` …"),
        ({"k" * 61: 1}, "an object with `" + "k" * 60 + "…`"),
        (b"x", "b'x'"),
    ],
)
def test_a_value_in_words(value, words):
    assert shown(value) == words


# Keys


@pytest.mark.parametrize(
    ("key", "holder", "near", "meant"),
    [
        ("multipler", ("name", "multiplier"), (), "multiplier"),
        ("multipler", ("Multipler",), (), "Multipler"),
        ("display_prefix", ("displayPrefix",), (), "displayPrefix"),
        ("display_prefix", ("display-prefix",), (), "display-prefix"),
        ("multipler", ("multiplier", "factor"), ("factor",), "factor"),
        ("multipler", ("name", "description"), ("factor",), None),
        ("rate", ("label",), (), None),
        ("multipler", (), (), None),
    ],
)
def test_a_misspelt_key(key, holder, near, meant):
    assert misspelt(key, dict.fromkeys(holder, 1), near) == meant


# Expectations


def test_a_condition():
    seen = answer(200)
    met = Expect.that(True, "a", "b", 3, seen)
    assert (met.ok, met.subject, met.expected, met.actual, met.exchange) == (True, "a", "b", "3", seen)
    assert (met.hint, met.clause, met.level) == ("", "", None)
    unmet = Expect.that(False, "a", "b", None, hint="c", clause="TP-001", level=Level.MAY)
    assert (unmet.ok, unmet.actual, unmet.hint, unmet.clause, unmet.level) == (
        False,
        "None",
        "c",
        "TP-001",
        Level.MAY,
    )


def test_a_key_that_is_there():
    assert Expect.key("x", "a", {"a": None}) == Expect(True, "x", "the key `a`", "present")


def test_a_key_that_is_misspelt():
    unmet = Expect.key("discounts[0]", "multipler", {"name": "x", "multiplier": 1}, clause="TP-041")
    assert (unmet.ok, unmet.expected, unmet.actual) == (False, "the key `multipler`", "`multiplier` instead")
    assert (unmet.hint, unmet.clause) == ("rename `multiplier` to `multipler`", "TP-041")


def test_a_key_that_is_missing():
    unmet = Expect.key("x", "rate", {"label": 1})
    assert (unmet.ok, unmet.actual, unmet.hint) == (False, "only `label`", "add the key `rate`")


def test_a_type():
    assert Expect.json_type("x", NUMBER, 1).ok
    unmet = Expect.json_type("x", NUMBER, "1", hint="send it without quotes", level=Level.SHOULD)
    assert (unmet.ok, unmet.expected, unmet.actual) == (False, "a JSON number", 'the string "1"')
    assert (unmet.hint, unmet.level) == ("send it without quotes", Level.SHOULD)


@pytest.mark.parametrize(
    ("exchange", "ok"),
    [
        (answer(400), True),
        (answer(418, b"<html>"), True),
        (answer(411), True),
        (answer(200, b'{"error": "no"}'), True),
        (answer(302), True),
        (answer(403, b'{"base_token_unit_cost": 1}'), True),
        (answer(200, b'{"base_token_unit_cost": 1}'), False),
        (answer(500), False),
        (answer(503), False),
        (answer(None, failure=FailureKind.TIMEOUT), False),
        (answer(None, failure=FailureKind.CUT), False),
        (answer(400, failure=FailureKind.CUT), False),
    ],
)
def test_a_refusal(exchange, ok):
    expect = Expect.refused("x", exchange)
    assert expect.ok is ok
    assert (expect.expected, expect.actual) == ("a refusal (4xx) without a price", exchange.summary)


# Registration


@pytest.fixture
def register(monkeypatch: pytest.MonkeyPatch) -> None:
    """Give the test an empty registry."""
    monkeypatch.setattr("solusio_contracts.checking.rule._RULES", {})


def check_of(module: str = "solusio_contracts.rules.fields") -> Any:
    def some_check(target: Target) -> Iterator[Expect]:
        """The reason.

        More of it.
        """
        yield Expect.that(True, str(target), "", "")

    some_check.__module__ = module
    return some_check


@pytest.mark.usefixtures("register")
def test_a_rule_is_named_after_its_function():
    check = check_of()
    assert rule("TP-041", "TP-043", title="a title", needs_token=True)(check) is check
    (one,) = registered()
    assert (one.name, one.area, one.title, one.check) == ("some-check", "fields", "a title", check)
    assert [clause.id for clause in one.clauses] == ["TP-041", "TP-043"]
    assert one.reason == "The reason.\n\nMore of it."
    assert (one.needs_price, one.needs_token, one.looks_back, one.broad) == (True, True, False, False)


@pytest.mark.usefixtures("register")
def test_the_area_of_a_rule_in_a_package():
    rule("TP-041", title="a")(check_of("solusio_contracts.rules.input.userid"))
    assert registered()[0].area == "input"


@pytest.mark.usefixtures("register")
def test_two_rules_of_one_name():
    rule("TP-041", title="a")(check_of())
    with pytest.raises(ValueError, match="two rules are named some-check"):
        rule("TP-043", title="b")(check_of())


@pytest.mark.usefixtures("register")
def test_a_rule_without_a_clause_or_a_reason():
    with pytest.raises(ValueError, match="some-check needs a clause and a docstring"):
        rule(title="a")(check_of())
    silent = check_of()
    silent.__doc__ = None
    with pytest.raises(ValueError, match="some-check needs a clause and a docstring"):
        rule("TP-041", title="a")(silent)
    assert registered() == ()


@pytest.mark.usefixtures("register")
def test_a_rule_that_cites_nothing():
    with pytest.raises(ClauseError, match="TP-999"):
        rule("TP-041", "TP-999", title="a")(check_of())
    assert registered() == ()
