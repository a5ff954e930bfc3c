"""Sums over the usage lines of a part of a month, and where its pages begin, calculated once and kept.

Every page of a month needs the sums of the whole. One pass in SQL calculates them, and records the positions
of lines in regular steps, so that a page then costs no more than its own lines. Hours and tokens follow the
formulas of `domain.metering`, written in SQL.

A pass over millions of lines takes seconds. So it is made in steps, between which other requests are
answered, and each request for the same sums takes the next step of the same pass. The sums of a whole month
that is over are kept in the table `usage_sums`. A change at a moment drops the sums of all parts that end
later, also unfinished ones; nothing else can change a sum.
"""

import sqlite3
from array import array
from bisect import bisect_right
from collections import OrderedDict
from collections.abc import Callable, Iterator
from typing import Any

import msgspec

from mock_solusio.domain.metering import month_of, month_start
from mock_solusio.domain.spans import MonthPart, UsageTotals
from mock_solusio.moment import HOUR, Micros

SCHEMA = """CREATE TABLE IF NOT EXISTS usage_sums (
    month INTEGER PRIMARY KEY,
    lines INTEGER NOT NULL,
    hours INTEGER NOT NULL,
    tokens INTEGER NOT NULL,
    numbers TEXT NOT NULL,
    places TEXT NOT NULL
)"""

STEP = 512
"""Lines between two recorded positions, and of one step of a pass."""

KEPT = 64
"""The most sums in memory; the least recently used are dropped."""

ENDS = 64
"""The most further positions of each sum: where the last pages ended, and the next ones begin."""


def _hours(span: str) -> str:
    first = f"max({span}.started_at, :since)"
    end = f"min(coalesce({span}.ended_at, :until), :until)"
    # Never divides a negative number: `first` is not before the anchor.
    return (
        f"CASE WHEN {end} > {first} THEN ({end} - {span}.anchor + {HOUR - 1}) / {HOUR}"
        f" - ({first} - {span}.anchor + {HOUR - 1}) / {HOUR} ELSE 0 END"
    )


# What the spans of a line beside the first add. Few lines have any, so these are looked up only for them.
_MORE = f"(SELECT sum({_hours('x')}) FROM spans x WHERE x.line = u.line AND x.line <> x.id)"  # noqa: S608

_MONTHLY = "hours > 0 AND by_month > 0 AND (by_hour = 0 OR hours * by_hour > by_month)"
_TOKENS = f"CASE WHEN {_MONTHLY} THEN by_month ELSE hours * by_hour END"

_OF_SPAN = """, b.user_id, b.server_id, b.server_name, b.resource, b.resource_id, b.plan_id, b.plan_name,
    max(b.started_at, :since) AS begins, min(coalesce(b.ended_at, :until), :until) AS ends"""
_ROW = f"""user_id, server_id, server_name, resource, resource_id, plan_id, plan_name, by_hour, by_month,
    hours, {_TOKENS}, CASE WHEN {_MONTHLY} THEN 'monthly' ELSE 'hourly' END, begins, ends"""


def _lines(part: MonthPart, extra: str = "") -> str:
    """Return SQL for the lines of a part after `:after`, in order, with their hours, which may be 0."""
    index = whose = ""
    if part.user_ids is not None:
        marks = ", ".join(f":user{number}" for number in range(len(part.user_ids)))
        whose = f"AND u.user_id IN ({marks})"
        # By default, SQLite scans the whole month, since that is in order.
        index = 'INDEXED BY "usage lines by user"'
    return f"""SELECT *, base + coalesce(more, 0) AS hours FROM (
        SELECT u.id AS place, u.line AS first, {_MORE} AS more, b.tokens_per_hour AS by_hour,
        b.tokens_per_month AS by_month, {_hours("b")} AS base{extra}
        FROM usage_lines u {index} CROSS JOIN spans b ON b.id = u.line
        WHERE u.month = :month AND u.id > :after {whose} ORDER BY u.id LIMIT -1)"""  # noqa: S608 - names are our own


class Sum(msgspec.Struct):
    """The sums of a part, and the positions of some lines; of those counted so far, until it is complete."""

    totals: UsageTotals = msgspec.field(default_factory=UsageTotals)
    numbers: "array[int]" = msgspec.field(default_factory=lambda: array("q", [0]))
    """Numbers of lines, ascending; the next line comes after the place with the same index."""
    places: "array[int]" = msgspec.field(default_factory=lambda: array("q", [-1]))
    ends: OrderedDict[int, int] = msgspec.field(default_factory=OrderedDict)
    """The same for the ends of the last pages."""
    complete: bool = False
    stale: bool = False
    """Whether a change has made it wrong."""


class Sums:
    """The sums of parts of months."""

    def __init__(self, connection: sqlite3.Connection, writing: Callable[[], sqlite3.Connection]) -> None:
        connection.execute(SCHEMA)
        self._connection = connection
        self._writing = writing
        self._known: OrderedDict[MonthPart, Sum] = OrderedDict()
        self._kept_until: Micros = 0
        """The end of the last month whose sums are in the table."""

    def of(self, part: MonthPart) -> Sum:
        """Return the complete sums of a part."""
        while not (found := self._found(part)).complete:
            self._advance(part, found)
        return found

    def steps(self, part: MonthPart) -> Iterator[None]:
        """Make the sums of a part, in short steps, each within a transaction.

        Between two of them anything may change. The sums of a whole month go to the table, unless they take
        one step anyway.
        """
        made = self._found(part)
        while not made.complete:
            if self._advance(part, made) and len(made.places) > 1 and _is_whole(part):
                self._keep(part, made)
            yield
            if made.stale:
                made = self._found(part)
        self._remember(part, made)

    def changed(self, at: Micros) -> None:
        """Drop the sums that a change at a moment affects, within a transaction: of hours from then on."""
        for part in [part for part in self._known if part.until > at]:
            self._known.pop(part).stale = True
        if self._kept_until > at:
            self._writing().execute("DELETE FROM usage_sums WHERE month >= ?", (month_of(at),))
            self._find_kept()

    def forget(self) -> None:
        """Drop all sums in memory: the database was replaced or rolled back."""
        for found in self._known.values():
            found.stale = True
        self._known.clear()
        self._find_kept()

    def rows(self, part: MonthPart, offset: int, count: int) -> list[tuple[Any, ...]]:
        """Return lines: id of the first span, 1 if it is the only one, and the members of a `MeteredLine`.

        `since` and `until` are those of the first span. `offset` and `count` count only lines with hours.
        """
        known = self.of(part)
        if offset >= known.totals.lines:
            return []
        number = bisect_right(known.numbers, offset) - 1
        start, after = known.numbers[number], known.places[number]
        if offset in known.ends:
            start, after = offset, known.ends[offset]
        rows = self._connection.execute(
            f"SELECT first, more IS NULL, place, {_ROW} FROM ({_lines(part, _OF_SPAN)})"  # noqa: S608
            " WHERE hours > 0 LIMIT :count OFFSET :skip",
            {**_about(part), "after": after, "count": count, "skip": offset - start},
        ).fetchall()
        if rows:
            known.ends[offset + len(rows)] = rows[-1][2]
            if len(known.ends) > ENDS:
                known.ends.popitem(last=False)
        return rows

    def _found(self, part: MonthPart) -> Sum:
        """Return the sums of a part as far as they are made."""
        if part.user_ids == ():
            return Sum(complete=True)
        found = self._known.get(part) or self._kept(part) or Sum()
        self._remember(part, found)
        return found

    def _remember(self, part: MonthPart, found: Sum) -> None:
        self._known[part] = found
        self._known.move_to_end(part)
        if len(self._known) > KEPT:
            self._known.popitem(last=False)

    def _advance(self, part: MonthPart, made: Sum) -> bool:
        """Add the next lines to the sums of a part; return whether they are complete now."""
        count, last, with_hours, hours, tokens = self._connection.execute(
            f"SELECT count(*), max(place), coalesce(sum(hours > 0), 0), coalesce(sum(hours), 0),"  # noqa: S608
            f" coalesce(sum({_TOKENS}), 0) FROM ({_lines(part)} LIMIT {STEP})",
            {**_about(part), "after": made.places[-1]},
        ).fetchone()
        made.totals += UsageTotals(lines=with_hours, hours=hours, tokens=tokens)
        if count < STEP:
            made.complete = True
        elif with_hours:
            made.numbers.append(made.totals.lines)
            made.places.append(last)
        else:
            made.places[-1] = last
        return made.complete

    def _keep(self, part: MonthPart, made: Sum) -> None:
        totals = made.totals
        positions = [msgspec.json.encode(one.tolist()).decode() for one in (made.numbers, made.places)]
        self._writing().execute(
            "INSERT OR REPLACE INTO usage_sums VALUES (?, ?, ?, ?, ?, ?)",
            (part.month, totals.lines, totals.hours, totals.tokens, *positions),
        )
        self._kept_until = max(self._kept_until, part.until)

    def _kept(self, part: MonthPart) -> Sum | None:
        if part.until > self._kept_until or not _is_whole(part):
            return None
        row = self._connection.execute(
            "SELECT lines, hours, tokens, numbers, places FROM usage_sums WHERE month = ?", (part.month,)
        ).fetchone()
        if row is None:
            return None
        lines, hours, tokens, numbers, places = row
        return Sum(
            UsageTotals(lines=lines, hours=hours, tokens=tokens),
            array("q", msgspec.json.decode(numbers)),
            array("q", msgspec.json.decode(places)),
            complete=True,
        )

    def _find_kept(self) -> None:
        (month,) = self._connection.execute("SELECT max(month) FROM usage_sums").fetchone()
        self._kept_until = 0 if month is None else month_start(month + 1)


def _is_whole(part: MonthPart) -> bool:
    """Return whether a part is all of a month, and of all users."""
    whole = part.since == month_start(part.month) and part.until == month_start(part.month + 1)
    return whole and part.user_ids is None


def _about(part: MonthPart) -> dict[str, int]:
    users = {f"user{number}": user_id for number, user_id in enumerate(part.user_ids or ())}
    return {"month": part.month, "since": part.since, "until": part.until, **users}
