"""Sums over the usage lines of a part of a month, and where its pages begin, calculated once and cached.

Every page of a month needs the sums of the whole. One pass in SQL calculates them, and records the positions
of lines in regular steps, so that a page then costs no more than its own lines. Hours and tokens follow the
formulas of `domain.metering`, written in SQL.
"""

import sqlite3
from bisect import bisect_right
from collections import OrderedDict
from dataclasses import dataclass, field
from typing import Any

from mock_solusio.domain.spans import MonthPart, UsageTotals
from mock_solusio.moment import HOUR, Micros

STEP = 1024
"""Lines between two recorded positions."""

KEPT = 64
"""The most sums in the cache; the least recently used are dropped."""

PLACES = 4096
"""The most further positions of each sum: the ends of requested pages."""


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


@dataclass(slots=True)
class Sum:
    """The sums of a part, and the positions of some lines."""

    totals: UsageTotals
    numbers: list[int]
    """Numbers of lines, ascending; the next line comes after the place with the same index."""
    places: list[int]
    ends: OrderedDict[int, int] = field(default_factory=OrderedDict)
    """The same for the ends of pages."""


class Sums:
    """The cached sums of parts of months."""

    def __init__(self, connection: sqlite3.Connection) -> None:
        self._connection = connection
        self._known: OrderedDict[MonthPart, Sum] = OrderedDict()

    def of(self, part: MonthPart) -> Sum:
        """Return the sums of a part."""
        if part.user_ids == ():
            return Sum(UsageTotals(), [0], [-1])
        found = self._known.get(part)
        if found is None:
            found = self._known[part] = self._made(part)
            if len(self._known) > KEPT:
                self._known.popitem(last=False)
        else:
            self._known.move_to_end(part)
        return found

    def changed(self, at: Micros) -> None:
        """Drop the sums that a change at a moment affects: those of hours from then on."""
        for part in [part for part in self._known if part.until > at]:
            del self._known[part]

    def clear(self) -> None:
        """Drop all sums."""
        self._known.clear()

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
            if len(known.ends) > PLACES:
                known.ends.popitem(last=False)
        return rows

    def _made(self, part: MonthPart) -> Sum:
        chunk = (
            f"SELECT count(*), max(place), coalesce(sum(hours > 0), 0), coalesce(sum(hours), 0),"  # noqa: S608
            f" coalesce(sum({_TOKENS}), 0) FROM ({_lines(part)} LIMIT {STEP})"
        )
        about = {**_about(part), "after": -1}
        made = Sum(UsageTotals(), [0], [-1])
        while True:
            count, last, with_hours, hours, tokens = self._connection.execute(chunk, about).fetchone()
            made.totals += UsageTotals(lines=with_hours, hours=hours, tokens=tokens)
            if count < STEP:
                return made
            about["after"] = last
            if with_hours:
                made.numbers.append(made.totals.lines)
                made.places.append(last)
            else:
                made.places[-1] = last


def _about(part: MonthPart) -> dict[str, int]:
    users = {f"user{number}": user_id for number, user_id in enumerate(part.user_ids or ())}
    return {"month": part.month, "since": part.since, "until": part.until, **users}
