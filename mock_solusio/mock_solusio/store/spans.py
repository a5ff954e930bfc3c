"""The spans of a store, and the usage lines of each calendar month: tables with typed columns.

There may be millions of rows, so only requested ones are decoded, and SQLite calculates the sums. There are
two tables: `spans`, and `usage_lines`, which lists the lines of each month in the order in which they
appeared. A line enters a month when its first hour of that month starts; `enters_at` of a span is when that
happens next. The order never changes and lists only grow at their end, so a client that reads page by page
gets every line once, whatever happens to servers meanwhile.

Listing millions of lines takes seconds, so it is done in steps, each of them a valid state of the store.

When the clock jumps ahead by many years, open spans would enter thousands of months that are never requested.
So months long before the requested ones are skipped, and listed on request.
"""

import sqlite3
from collections.abc import Callable, Iterable, Iterator, Sequence
from typing import Any

from msgspec.structs import replace

from mock_solusio.domain.metering import LATEST, first_hour, month_of, month_start, use
from mock_solusio.domain.spans import MeteredLine, MonthPart, Span, UsageTotals
from mock_solusio.moment import HOUR, Micros
from mock_solusio.store.span_sums import Sums

_SCHEMA = (
    """CREATE TABLE IF NOT EXISTS spans (
        id INTEGER PRIMARY KEY AUTOINCREMENT,
        line INTEGER NOT NULL,
        resource TEXT NOT NULL,
        resource_id INTEGER NOT NULL,
        server_id INTEGER NOT NULL,
        server_name TEXT NOT NULL,
        user_id INTEGER NOT NULL,
        plan_id INTEGER NOT NULL,
        plan_name TEXT NOT NULL,
        tokens_per_hour INTEGER NOT NULL,
        tokens_per_month INTEGER NOT NULL,
        anchor INTEGER NOT NULL,
        started_at INTEGER NOT NULL,
        ended_at INTEGER,
        enters_at INTEGER
    )""",
    'CREATE INDEX IF NOT EXISTS "spans by server" ON spans (server_id)',
    # Few lines have more than one span.
    'CREATE INDEX IF NOT EXISTS "spans that continue a line" ON spans (line) WHERE line <> id',
    'CREATE INDEX IF NOT EXISTS "spans that enter a month" ON spans (enters_at) WHERE enters_at IS NOT NULL',
    """CREATE TABLE IF NOT EXISTS usage_lines (
        month INTEGER NOT NULL,
        id INTEGER NOT NULL,
        line INTEGER NOT NULL,
        user_id INTEGER NOT NULL,
        PRIMARY KEY (month, id)
    ) WITHOUT ROWID""",
    'CREATE UNIQUE INDEX IF NOT EXISTS "usage lines by line" ON usage_lines (line, month)',
    'CREATE INDEX IF NOT EXISTS "usage lines by user" ON usage_lines (user_id, month)',
    "CREATE TABLE IF NOT EXISTS usage_skipped (since INTEGER NOT NULL, until INTEGER NOT NULL)",
)

AHEAD = 120
"""The most months that are listed before the requested ones; earlier ones are skipped."""

AT_ONCE = 1024
"""The most lines that a step lists."""

_MEMBERS = (
    *("id", "line", "resource", "resource_id", "server_id", "server_name", "user_id"),
    *("plan_id", "plan_name", "tokens_per_hour", "tokens_per_month", "anchor", "started_at", "ended_at"),
)
_COLUMNS = ", ".join(_MEMBERS)

# A new span belongs to the line of an earlier one of the same resource, plan and prices.
_INSERT = f"""INSERT INTO spans ({_COLUMNS}, enters_at)
    VALUES (
        :id,
        coalesce(
            (SELECT line FROM spans WHERE server_id = :server_id AND resource = :resource
                AND resource_id = :resource_id AND plan_id = :plan_id
                AND tokens_per_hour = :tokens_per_hour AND tokens_per_month = :tokens_per_month LIMIT 1),
            :id
        ),
        {", ".join(f":{name}" for name in _MEMBERS[2:])},
        :enters_at
    )"""  # noqa: S608 - names are our own

_DUE = "FROM spans WHERE enters_at IS NOT NULL AND enters_at < :end ORDER BY enters_at, id LIMIT :most"

_ENTER = f"""INSERT OR IGNORE INTO usage_lines (month, id, line, user_id)
    SELECT :month, :last + row_number() OVER (ORDER BY enters_at, id), line, user_id
    FROM (SELECT enters_at, id, line, user_id {_DUE})"""  # noqa: S608 - names are our own

_FILL = f"""INSERT OR IGNORE INTO usage_lines (month, id, line, user_id)
    SELECT :month, :last + row_number() OVER (ORDER BY first, id), line, user_id
    FROM (
        SELECT id, line, user_id, ended_at,
            anchor + (max(started_at, :since) - anchor + {HOUR - 1}) / {HOUR} * {HOUR} AS first
        FROM spans WHERE started_at < :until AND (ended_at IS NULL OR ended_at > :since)
    )
    WHERE first < :until AND (ended_at IS NULL OR first < ended_at)"""  # noqa: S608

_NEXT = f"(anchor + (:next - anchor + {HOUR - 1}) / {HOUR} * {HOUR})"

_MOVE_ON = f"""UPDATE spans SET enters_at =
    CASE WHEN ended_at IS NOT NULL AND {_NEXT} >= ended_at THEN NULL ELSE {_NEXT} END"""  # noqa: S608

_ENTERED = f"{_MOVE_ON} WHERE id IN (SELECT id {_DUE})"

_SKIPPED = f"{_MOVE_ON} WHERE enters_at IS NOT NULL AND enters_at < :end"


class SpanTable:
    """The spans of a store: see `domain.spans.Spans`."""

    def __init__(self, connection: sqlite3.Connection, writing: Callable[[], sqlite3.Connection]) -> None:
        for statement in _SCHEMA:
            connection.execute(statement)
        self._connection = connection
        self._writing = writing
        self._sums = Sums(connection, writing)
        self._last = self._last_line = 0
        self.forget()

    def add(self, span: Span) -> Span:
        """Store a new span; return it with its id and line."""
        connection = self._writing()
        connection.execute(_INSERT, self._row(span))
        self._sums.changed(span.started_at)
        (line,) = connection.execute("SELECT line FROM spans WHERE id = ?", (self._last,)).fetchone()
        return replace(span, id=self._last, line=line)

    def load(self, spans: Iterable[Span]) -> int:
        """Store many new spans, within a transaction and with flat memory; return their number."""
        before = self._last
        earliest = LATEST

        def rows() -> Iterator[dict[str, Any]]:
            nonlocal earliest
            for span in spans:
                earliest = min(earliest, span.started_at)
                yield self._row(span)

        self._writing().executemany(_INSERT, rows())
        self._sums.changed(earliest)
        return self._last - before

    def open_of(self, server_id: int) -> list[Span]:
        """Return the open spans of a server, by id."""
        rows = self._connection.execute(
            f"SELECT {_COLUMNS} FROM spans WHERE server_id = ? AND ended_at IS NULL ORDER BY id",  # noqa: S608
            (server_id,),
        )
        return [_span(row) for row in rows]

    def of_server(self, server_id: int) -> list[Span]:
        """Return all spans of a server, by id."""
        rows = self._connection.execute(
            f"SELECT {_COLUMNS} FROM spans WHERE server_id = ? ORDER BY id",  # noqa: S608
            (server_id,),
        )
        return [_span(row) for row in rows]

    def close(self, span: Span, at: Micros) -> None:
        """End a span."""
        self._writing().execute(
            "UPDATE spans SET ended_at = :at, enters_at = CASE WHEN enters_at < :at THEN enters_at END"
            " WHERE id = :id",
            {"at": at, "id": span.id},
        )
        self._sums.changed(at)

    def rename(self, server_id: int, name: str) -> None:
        """Rename the server in all its spans."""
        self._writing().execute("UPDATE spans SET server_name = ? WHERE server_id = ?", (name, server_id))

    def renumber(self, server_id: int, resource: str, old: int, new: int) -> None:
        """Change the id of a server's resource in all its spans."""
        self._writing().execute(
            "UPDATE spans SET resource_id = ? WHERE server_id = ? AND resource = ? AND resource_id = ?",
            (new, server_id, resource, old),
        )

    def enter(self, now: Micros, since: Micros = 0, until: Micros = LATEST) -> None:
        """List the lines whose first hour of a month started before now."""
        for _ in self.entering(now, since, until):
            pass

    def entering(self, now: Micros, since: Micros = 0, until: Micros = LATEST) -> Iterator[None]:
        """Do what `enter` does, in short steps."""
        wanted = min(month_of(since), month_of(now))
        while True:
            (due,) = self._connection.execute(
                "SELECT min(enters_at) FROM spans WHERE enters_at IS NOT NULL"
            ).fetchone()
            if due is None or due >= now:
                break
            month = month_of(due)
            if wanted - month > AHEAD:
                self._skip(month, wanted)
            else:
                self._list(month, now)
            self._sums.changed(due)
            yield
        yield from self._filling(wanted, month_of(until - 1) + 1)

    def _list(self, month: int, now: Micros) -> None:
        """List lines of a month whose first hour started before now: the earliest ones, at most `AT_ONCE`."""
        following = month_start(month + 1)
        about = {"month": month, "last": self._last_line, "next": following}
        about |= {"end": min(now, following), "most": AT_ONCE}
        connection = self._writing()
        connection.execute(_ENTER, about)
        connection.execute(_ENTERED, about)
        self._last_line = max(self._last_line, self._largest(month))

    def _skip(self, month: int, wanted: int) -> None:
        start = month_start(wanted)
        connection = self._writing()
        connection.execute(_SKIPPED, {"next": start, "end": start})
        connection.execute("INSERT INTO usage_skipped VALUES (?, ?)", (month, wanted))

    def _filling(self, since: int, until: int) -> Iterator[None]:
        """List the lines of skipped months, one month a step."""
        while True:
            skipped = self._connection.execute(
                "SELECT rowid, since, until FROM usage_skipped WHERE since < ? AND until > ? ORDER BY since",
                (until, since),
            ).fetchone()
            if skipped is None:
                break
            key, first, end = skipped
            month = max(first, since)
            connection = self._writing()
            connection.execute("DELETE FROM usage_skipped WHERE rowid = ?", (key,))
            left = [(first, month), (month + 1, end)]
            connection.executemany(
                "INSERT INTO usage_skipped VALUES (?, ?)",
                [(start, stop) for start, stop in left if start < stop],
            )
            about = {"month": month, "last": self._last_line}
            about |= {"since": month_start(month), "until": month_start(month + 1)}
            connection.execute(_FILL, about)
            self._last_line = max(self._last_line, self._largest(month))
            self._sums.changed(month_start(month))
            yield

    def months(self, since: Micros, until: Micros) -> list[int]:
        """Return the months with listed lines between two moments (half-open)."""
        found: list[int] = []
        month, last = month_of(since) - 1, month_of(until - 1)
        while True:
            (month,) = self._connection.execute(
                "SELECT min(month) FROM usage_lines WHERE month > ? AND month <= ?", (month, last)
            ).fetchone()
            if month is None:
                return found
            found.append(month)

    def summing(self, part: MonthPart) -> Iterator[None]:
        """Calculate the sums of a part of a month, in short steps; kept sums take none."""
        return self._sums.steps(part)

    def totals(self, part: MonthPart) -> UsageTotals:
        """Return the sums over all lines of a part of a month; kept sums cost nothing."""
        return self._sums.of(part).totals

    def page(self, part: MonthPart, offset: int, count: int) -> list[MeteredLine]:
        """Return some lines of a part of a month, in the order of their appearance."""
        return [
            MeteredLine(*(members if is_alone else (*members[:-2], *self._ends(line, part))))
            for line, is_alone, *members in self._sums.rows(part, offset, count)
        ]

    def clear(self) -> None:
        """Delete all, within a transaction."""
        for table in ("spans", "usage_lines", "usage_skipped", "usage_sums"):
            self._writing().execute(f"DELETE FROM {table}")  # noqa: S608

    def forget(self) -> None:
        """Clear the cache: the database was replaced or rolled back."""
        self._sums.forget()
        row = self._connection.execute("SELECT seq FROM sqlite_sequence WHERE name = 'spans'").fetchone()
        self._last = 0 if row is None else row[0]
        self._last_line = max(map(self._largest, self.months(0, LATEST)), default=0)

    def _largest(self, month: int) -> int:
        found = self._connection.execute("SELECT max(id) FROM usage_lines WHERE month = ?", (month,))
        return int(found.fetchone()[0] or 0)

    def _row(self, span: Span) -> dict[str, Any]:
        self._last += 1
        first = first_hour(span.anchor, span.started_at)
        without_hours = span.ended_at is not None and span.ended_at <= first
        row: dict[str, Any] = {name: getattr(span, name) for name in _MEMBERS}
        return {**row, "id": self._last, "enters_at": None if without_hours else first}

    def _ends(self, line: int, part: MonthPart) -> tuple[Micros, Micros]:
        """Return when the use of a line with several spans begins and ends within a part."""
        rows = self._connection.execute(
            f"SELECT {_COLUMNS} FROM spans WHERE line = ?",  # noqa: S608
            (line,),
        )
        found = use([_span(row) for row in rows], part.since, part.until)
        return found.since, found.until


def _span(row: Sequence[Any]) -> Span:
    return Span(**dict(zip(_MEMBERS, row, strict=True)))
