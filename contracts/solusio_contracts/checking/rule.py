"""A rule: a clause, a docstring that says why, and a small function that yields what it expects.

A rule sends requests to a `Target` and yields `Expect`; it never prints or exits, and knows no report. To add
one, write its clause in `clauses.toml` and its function in the module of its area in `rules/`.
"""

import inspect
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from decimal import Decimal
from difflib import get_close_matches
from typing import Any

from solusio_contracts.checking.cause import Cause
from solusio_contracts.checking.target import Target
from solusio_contracts.contract.clauses import Clause, Level, clause
from solusio_contracts.http.exchange import Exchange

SAME_PRICE = "the same price as for the plain request"
"""What is expected of a question that is asked again."""


@dataclass(frozen=True, slots=True)
class Expect:
    """One expectation, met or not: what was checked, what SolusIO needs, what came."""

    ok: bool
    subject: str
    expected: str
    actual: str
    exchange: Exchange | None = None
    hint: str = ""
    clause: str = ""
    """The clause it belongs to; by default, the rule's first one."""
    level: Level | None = None
    """A weaker level than the clause's, where only part of the clause is a must."""
    cause: Cause | None = None
    """The cause, if the rule knows it better than the exchange shows it."""
    only: str = ""
    """When the request alone does not show it: `after a request for user 1`."""
    repeat: int = 1
    """How often the same request has to be sent until the response may differ."""

    @classmethod
    def that(
        cls,
        ok: bool,
        subject: str,
        expected: str,
        actual: object,
        exchange: Exchange | None = None,
        *,
        hint: str = "",
        clause: str = "",
        level: Level | None = None,
        cause: Cause | None = None,
    ) -> "Expect":
        """Expect a condition to hold; `actual` is shown as text."""
        return cls(bool(ok), subject, expected, str(actual), exchange, hint, clause, level, cause)

    @classmethod
    def key(
        cls,
        subject: str,
        key: str,
        holder: dict[str, Any],
        exchange: Exchange | None = None,
        *,
        near: tuple[str, ...] = (),
        clause: str = "",
    ) -> "Expect":
        """Expect a key; if it is missing, name the key that was probably meant."""
        if key in holder:
            return cls(True, subject, f"the key `{key}`", "present", exchange, clause=clause)
        meant = misspelt(key, holder, near)
        actual = f"`{meant}` instead" if meant else f"only {_keys(holder)}"
        hint = f"rename `{meant}` to `{key}`" if meant else f"add the key `{key}`"
        return cls(False, subject, f"the key `{key}`", actual, exchange, hint, clause)

    @classmethod
    def json_type(
        cls,
        subject: str,
        type_: "JsonType",
        value: object,
        exchange: Exchange | None = None,
        *,
        hint: str = "",
        clause: str = "",
        level: Level | None = None,
    ) -> "Expect":
        """Expect a JSON type."""
        expected, actual = type_.name, shown(value)
        if isinstance(value, Decimal) and Decimal in type_.types and not _fits_double(value):
            expected = f"{type_.name} below 1.8e308, the largest that programs can hold"
            actual += ", which most programs read as infinity or 0"
        return cls(type_.admits(value), subject, expected, actual, exchange, hint, clause, level)

    @classmethod
    def refused(cls, subject: str, exchange: Exchange, *, hint: str = "", clause: str = "") -> "Expect":
        """Expect a response without a price; TP-112 checks the status of the refusal."""
        ok = not exchange.priced and not exchange.server_error and exchange.failure is None
        return cls(ok, subject, "a refusal (4xx) without a price", exchange.summary, exchange, hint, clause)


LARGEST_EXPONENT = 307
"""The largest exponent at which every number still fits a double."""


@dataclass(frozen=True, slots=True)
class JsonType:
    """A JSON type, with its name for people."""

    name: str
    types: tuple[type, ...]

    def admits(self, value: object) -> bool:
        """Whether a value has this type; true and false are not numbers."""
        if isinstance(value, bool):
            return bool in self.types
        if isinstance(value, int | Decimal) and not _fits_double(Decimal(value)):
            return False
        return isinstance(value, self.types)


def _fits_double(value: Decimal) -> bool:
    """Whether a number is finite and within the range of a double."""
    return value.is_finite() and (value == 0 or abs(value.adjusted()) <= LARGEST_EXPONENT)


NUMBER = JsonType("a JSON number", (int, Decimal))
INTEGER = JsonType("an integer", (int,))
STRING = JsonType("a string", (str,))
BOOLEAN = JsonType("true or false", (bool,))
OBJECT = JsonType("an object", (dict,))
LIST = JsonType("a list", (list,))


_CANDIDATES = 200
"""Keys of an object that are compared with a missing one; each comparison takes 20 us."""


def misspelt(key: str, holder: dict[str, Any], near: tuple[str, ...] = ()) -> str | None:
    """Return the key of `holder` that was probably meant as `key`, or None."""
    for candidate in near:
        if candidate in holder:
            return candidate
    plain = {_plain(candidate): candidate for candidate in holder}
    if _plain(key) in plain:
        return plain[_plain(key)]
    alike = [one for one in holder if abs(len(one) - len(key)) <= len(key) // 2][:_CANDIDATES]
    close = get_close_matches(key, alike, n=1, cutoff=0.75)
    return close[0] if close else None


def shown(value: object) -> str:
    """Return a JSON value in words: its type, and the value if it is short."""
    if value is None:
        return "null"
    if isinstance(value, bool):
        return str(value).lower()
    if isinstance(value, int | Decimal):
        return f"the number {_short(str(value))}"
    if isinstance(value, str):
        return f'the string "{_short(value)}"'
    if isinstance(value, list):
        return f"a list of {len(value)}"
    if isinstance(value, dict):
        return f"an object with {_keys(value)}"
    return _short(repr(value))


def _short(text: str) -> str:
    return text if len(text) <= 60 else text[:60] + "…"


def _plain(key: str) -> str:
    return key.replace("_", "").replace("-", "").lower()


def _keys(holder: dict[str, Any]) -> str:
    if not holder:
        return "no keys"
    names = ", ".join(f"`{_short(name)}`" for name in list(holder)[:8])
    return names + (" …" if len(holder) > 8 else "")


Check = Callable[[Target], Iterator[Expect]]


@dataclass(frozen=True, slots=True)
class Rule:
    """A check and its clauses, named as its function, with dashes."""

    name: str
    area: str
    title: str
    reason: str
    clauses: tuple[Clause, ...]
    check: Check
    needs_price: bool
    """Whether it needs a valid request to return a price."""
    needs_token: bool
    """Whether it needs a configured authorization token."""
    looks_back: bool
    """Whether it looks at all exchanges of the run, and so comes last."""
    broad: bool
    """Whether it covers so many clauses that only its name and area select it."""
    alone: bool = False
    """Whether the rules before it must have ended, and those after it must wait, if a token is configured."""
    crowd: bool = False
    """Whether it sends a crowd of requests, during which no other rule may send any."""
    long: bool = False
    """Whether it asks for so many prices that it begins before others, where several run at the same time."""
    waits: bool = False
    """Whether it spends its time waiting on purpose, so that others like it may do so meanwhile."""
    before: str = ""
    """The area before whose rules it runs, if not among those of its own."""
    prepare: Callable[[], object] | None = None
    """Loads what it needs, so that this can be done while other rules wait."""

    @property
    def generated(self) -> bool:
        """Whether its requests are generated."""
        return self.area == "fuzz"

    @property
    def selectors(self) -> tuple[str, ...]:
        """What `--only` and `--skip` select it by: its name, its area and its clauses."""
        return (self.name, self.area, *(clause.id for clause in self.clauses if not self.broad))


class SkipRule(Exception):  # noqa: N818 - a message, not an error
    """Raised by a rule that has nothing to check; the text says why."""


_RULES: dict[str, Rule] = {}


def rule(
    *clause_ids: str,
    title: str,
    needs_price: bool = True,
    needs_token: bool = False,
    looks_back: bool = False,
    broad: bool = False,
    alone: bool = False,
    crowd: bool = False,
    long: bool = False,
    waits: bool = False,
    before: str = "",
    prepare: Callable[[], object] | None = None,
) -> Callable[[Check], Check]:
    """Register a check for the clauses it covers.

    Raises:
        ClauseError: a clause does not exist.
        ValueError: the check has no clause or docstring, or its name is taken.
    """

    def register(check: Check) -> Check:
        name = check.__name__.replace("_", "-")
        if not clause_ids or not check.__doc__:
            raise ValueError(f"rule {name} needs a clause and a docstring")
        if name in _RULES:
            raise ValueError(f"two rules are named {name}")
        _RULES[name] = Rule(
            name=name,
            # solusio_contracts.rules.AREA, or a module in the package of an area
            area=check.__module__.split(".")[2],
            title=title,
            reason=inspect.cleandoc(check.__doc__),
            clauses=tuple(clause(clause_id) for clause_id in clause_ids),
            check=check,
            needs_price=needs_price,
            needs_token=needs_token,
            looks_back=looks_back,
            broad=broad,
            alone=alone,
            crowd=crowd,
            long=long,
            waits=waits,
            before=before,
            prepare=prepare,
        )
        return check

    return register


def registered() -> tuple[Rule, ...]:
    """Return the rules in order of registration; see `rules.all_rules`."""
    return tuple(_RULES.values())


def clause_of(rule: Rule, expect: Expect) -> Clause:
    """Return the clause of an expectation.

    Raises:
        ValueError: the rule does not declare the clause.
    """
    if not expect.clause:
        return rule.clauses[0]
    for declared in rule.clauses:
        if declared.id == expect.clause:
            return declared
    raise ValueError(f"{rule.name} yields an expectation of {expect.clause}, which it does not declare")
