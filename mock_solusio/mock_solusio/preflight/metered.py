"""Usage lines held against the rules of metering: which rule fits, and how often. Pure.

A rule is data: a name for people, and what it says a line has. Where several rules say the same of a line,
the line says nothing about them; only the others count.
"""

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final

from mock_solusio.domain import metering
from mock_solusio.moment import HOUR, Micros, parse_moment

Row = Mapping[str, Any]


@dataclass(frozen=True, slots=True, kw_only=True)
class Line:
    """What a usage line says, as far as it is understood; None for what is not."""

    server_id: int | None
    user_id: int | None
    resource: str | None
    hours: int | None
    per_hour: int | None
    per_month: int | None
    tokens: int | None
    since: Micros | None
    until: Micros | None


def understood(row: Row) -> Line:
    """Return what a row of `/usage` says in the contract's members; other members are not guessed at."""
    return Line(
        server_id=integer_of(row, "server_id"),
        user_id=integer_of(row, "user_id"),
        resource=row["resource"] if isinstance(row.get("resource"), str) else None,
        hours=integer_of(row, "hours"),
        per_hour=integer_of(row, "tokens_per_hour"),
        per_month=integer_of(row, "tokens_per_month"),
        tokens=integer_of(row, "tokens"),
        since=moment_of(row.get("from")),
        until=moment_of(row.get("to")),
    )


def integer_of(row: Row, name: str) -> int | None:
    """Return an integer of a row; None if there is none, or something else."""
    value = row.get(name)
    return value if isinstance(value, int) and not isinstance(value, bool) else None


def moment_of(value: Any) -> Micros | None:
    """Return a moment; None if the value is not one."""
    try:
        return parse_moment(value) if isinstance(value, str) else None
    except ValueError:
        return None


@dataclass(frozen=True, slots=True)
class Fit:
    """How often a rule says what is there."""

    rule: str
    fits: int
    telling: int
    """Of how many lines for which the rules do not all say the same."""


@dataclass(frozen=True, slots=True)
class Comparison:
    """All rules against all lines; the first rule is the contract's."""

    fits: tuple[Fit, ...]
    compared: int
    """How many lines have what the rules need."""
    wrong: int
    """In how many of them the contract's rule does not say what is there."""

    @property
    def best_other(self) -> Fit | None:
        """The other rule that fits most of the telling lines; None if none fits more than the contract's."""
        ours, *others = self.fits
        best = max(others, key=lambda one: one.fits, default=None)
        return best if best is not None and best.fits > ours.fits else None

    def __str__(self) -> str:
        """Return the counts for people."""
        ours, *others = self.fits
        if not ours.telling:
            return f"all rules agree on {self.compared:,} lines, so they do not show which one applies"
        rest = ", ".join(f"“{one.rule}” {one.fits:,}" for one in others)
        count = "all" if ours.fits == ours.telling else f"{ours.fits:,} of"
        return f"“{ours.rule}” fits {count} {ours.telling:,} lines that distinguish the rules; {rest}"


def compare(cases: Iterable[tuple[int, Sequence[int]]], rules: Sequence[str]) -> Comparison:
    """Compare what is there with what each rule says of it; each case has both, in the order of the rules."""
    fits = [0] * len(rules)
    telling = compared = wrong = 0
    for actual, said in cases:
        compared += 1
        wrong += said[0] != actual
        if len(set(said)) == 1:
            continue
        telling += 1
        for place, one in enumerate(said):
            fits[place] += one == actual
    found = tuple(Fit(name, count, telling) for name, count in zip(rules, fits, strict=True))
    return Comparison(found, compared, wrong)


# Tokens of a line: hours, prices, and the hours of the month

TOKEN_RULES: Final[dict[str, Callable[[int, int, int, int], int]]] = {
    "hours at the hourly price, at most the monthly price": lambda hours, per_hour, per_month, _: (
        metering.cost(hours, per_hour, per_month).tokens
    ),
    "hours at the hourly price, per_month is not a cap": lambda hours, per_hour, _, __: hours * per_hour,
    "always the monthly price": lambda _, __, per_month, ___: per_month,
    "the monthly price in proportion to the hours": lambda hours, _, per_month, month: (
        (2 * per_month * hours + month) // (2 * month)
    ),
}


PRICED: Final = {
    (True, True): "US-020",
    (True, False): "US-021",
    (False, True): "US-022",
    (False, False): "US-023",
}
"""The clause of a line, by whether it has an hourly and a monthly price."""


def tokens(lines: Iterable[Line], month: int) -> Comparison:
    """Compare the tokens of lines with the rules; `month` is the number of its hours."""
    cases = (
        (cost, [rule(hours, per_hour, per_month, month) for rule in TOKEN_RULES.values()])
        for hours, per_hour, per_month, cost in _priced(lines)
    )
    return compare(cases, list(TOKEN_RULES))


def by_clause(lines: Iterable[Line]) -> Iterator[tuple[str, bool]]:
    """Yield for each line the clause that says what it costs, and whether it costs that."""
    for hours, per_hour, per_month, cost in _priced(lines):
        ours = metering.cost(hours, per_hour, per_month).tokens
        yield PRICED[bool(per_hour), bool(per_month)], cost == ours


def _priced(lines: Iterable[Line]) -> Iterator[tuple[int, int, int, int]]:
    """Yield hours, prices and tokens of the lines that have them."""
    for one in lines:
        if one.hours is None or one.per_hour is None or one.per_month is None or one.tokens is None:
            continue
        yield one.hours, one.per_hour, one.per_month, one.tokens


# Hours of a server that was created in the month


def _started(begin: Micros, end: Micros) -> int:
    return metering.hours(begin, begin, None, begin, end)


HOUR_RULES: Final[dict[str, Callable[[Micros, Micros], int]]] = {
    "started hours from creation": _started,
    "full hours from creation": lambda begin, end: (end - begin) // HOUR,
    "hours of the clock, each that was begun": lambda begin, end: -(-end // HOUR) - begin // HOUR,
    "hours of the clock, without the first": lambda begin, end: end // HOUR - -(-begin // HOUR),
}
"""What was used ends with the month, or when the server was deleted."""


def hours(cases: Iterable[tuple[int, Micros, Micros]]) -> Comparison:
    """Compare the hours of servers that were created in the month; each case has begin and end of the use."""
    return compare(
        ((count, [rule(begin, end) for rule in HOUR_RULES.values()]) for count, begin, end in cases),
        list(HOUR_RULES),
    )
