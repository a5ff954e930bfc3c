"""The usage that was read from SolusIO: what is billed rests on it, so it never changes afterwards."""

from collections.abc import Iterator, Sequence
from contextlib import suppress
from dataclasses import asdict, dataclass, fields, replace
from operator import attrgetter
from typing import TYPE_CHECKING, Any
from urllib.parse import urlsplit, urlunsplit

from sqlalchemy import Connection, Row, bindparam, delete, func, insert, select, update
from sqlalchemy.exc import IntegrityError

from solusio_reference.invoicing import UsageLine
from solusio_reference.period import Period
from solusio_reference.storage.database import Database
from solusio_reference.storage.queue import wait_for_invoices
from solusio_reference.storage.tables import runs, usage_lines

if TYPE_CHECKING:
    from solusio_reference.solusio.client import UsagePage

CHUNK = 1000
"""Lines in memory at a time."""

_FIELDS = tuple(field.name for field in fields(UsageLine))
_values = attrgetter(*_FIELDS)
_OF_CUSTOMER = (
    usage_lines.c.period == bindparam("period"),
    usage_lines.c.billing_user_id == bindparam("customer_id"),
)
_LINES = (
    select(*(usage_lines.c[name] for name in _FIELDS))
    .where(*_OF_CUSTOMER, usage_lines.c.id > bindparam("last_id"))
    .order_by(usage_lines.c.id)
    .limit(CHUNK)
)
_COUNTED = (
    select(usage_lines.c.tokens, func.count())
    .where(*_OF_CUSTOMER)
    .group_by(usage_lines.c.tokens)
    .execution_options(yield_per=CHUNK)  # in memory at a time
)


@dataclass(frozen=True, slots=True)
class CollectionState:
    """How far the collection of a period is."""

    period: Period
    attempt: int = 1
    """Counts up when it begins again."""
    pages: int = 0
    next_page: str | None = None
    """Path and query of the page to go on with; None at the beginning, and when it is complete."""
    collected: bool = False
    """It is complete: all lines are there, and add up to the totals of SolusIO."""
    lines: int = 0
    hours: int = 0
    tokens: int = 0


class UsageChanged(Exception):  # noqa: N818 - what happened, and not yet a failure: it is read again
    """The pages that were read so far do not belong together; the text says how that was noticed."""

    def __init__(self, run: CollectionState, message: str) -> None:
        super().__init__(message)
        self.run = run


class UsageStore:
    """The usage lines of all periods. Every method raises StoreError on trouble."""

    def __init__(self, database: Database) -> None:
        self.database = database

    def runs(self) -> list[CollectionState]:
        """Return all periods of which something was collected, the last one first."""
        with self.database.reading() as connection:
            rows = connection.execute(select(runs).order_by(runs.c.period.desc())).all()
        return [_run(row) for row in rows]

    def run(self, period: Period) -> CollectionState:
        """Return how far a period is; begin it if nobody has."""
        with self.database.writing() as connection:
            with suppress(IntegrityError), connection.begin_nested():
                connection.execute(insert(runs).values(_row(CollectionState(period))))
            return _run(connection.execute(select(runs).where(runs.c.period == str(period))).one())

    def add(self, run: CollectionState, page: "UsagePage") -> CollectionState | None:
        """Store a page and, in the same transaction, where to go on; return how far it is then.

        The last page completes the collection. Returns None, and stores nothing, if somebody else has gone on
        from ``run`` meanwhile. Raises UsageChanged for a line that is there already, and if all lines
        together do not add up to the totals that SolusIO gives.
        """
        last = page.next is None
        after = replace(
            run,
            pages=run.pages + 1,
            next_page=None if page.next is None else _path(page.next),
            collected=last,
            lines=run.lines + len(page.lines),
            hours=run.hours + sum(line.hours for line in page.lines),
            tokens=run.tokens + sum(line.tokens for line in page.lines),
        )
        totals = page.totals
        if last and (after.lines, after.hours, after.tokens) != (totals.lines, totals.hours, totals.tokens):
            raise UsageChanged(
                run,
                f"there were {after.lines} lines with {after.hours} hours and {after.tokens} tokens; "
                f"its totals are {totals.lines}, {totals.hours} and {totals.tokens}",
            )
        with self.database.writing() as connection:
            if not _move(connection, run, after):
                return None
            try:
                _insert(connection, run.period, page.lines)
            except IntegrityError:
                raise UsageChanged(run, "a line came twice") from None
            if last:
                wait_for_invoices(connection, run.period)
        return after

    def begin_again(self, run: CollectionState) -> None:
        """Throw away what was collected of a period so far, unless somebody else has gone on from ``run``."""
        with self.database.writing() as connection:
            if _move(connection, run, CollectionState(run.period, attempt=run.attempt + 1)):
                connection.execute(delete(usage_lines).where(usage_lines.c.period == str(run.period)))

    def lines(self, period: Period, customer_id: int) -> Iterator[UsageLine]:
        """Read the lines of a customer, in the order of their ids and a chunk at a time."""
        after = {"period": str(period), "customer_id": customer_id, "last_id": 0}
        while True:
            # Nothing is held between two chunks: the caller may well use the database himself.
            with self.database.reading() as connection:
                rows = connection.execute(_LINES, after).all()
            if not rows:
                return
            for row in rows:
                yield UsageLine(*row)
            after["last_id"] = rows[-1].id

    def counted(self, connection: Connection, period: Period, customer_id: int) -> Iterator[tuple[int, int]]:
        """Yield how many lines of a customer have how many tokens: (tokens, lines)."""
        whose = {"period": str(period), "customer_id": customer_id}
        yield from connection.execute(_COUNTED, whose)


def _run(row: Row[Any]) -> CollectionState:
    return CollectionState(Period.parse(row[0]), *row[1:])


def _move(connection: Connection, run: CollectionState, to: CollectionState) -> bool:
    """Move a run from one state to another; False if it is in the first one no more."""
    still_there = (
        runs.c.period == str(run.period),
        runs.c.attempt == run.attempt,
        runs.c.pages == run.pages,
        runs.c.collected.is_(False),
    )
    moved = connection.execute(update(runs).where(*still_there).values(**_row(to)))
    return moved.rowcount == 1


def _insert(connection: Connection, period: Period, lines: Sequence[UsageLine]) -> None:
    if lines:
        rows = [dict(zip(_FIELDS, _values(line), strict=True), period=str(period)) for line in lines]
        connection.execute(insert(usage_lines), rows)


def _row(run: CollectionState) -> dict[str, Any]:
    return {**asdict(run), "period": str(run.period)}


def _path(url: str) -> str:
    """Return what is behind the host: SolusIO may have another name when the run is resumed."""
    parts = urlsplit(url)
    return urlunsplit(("", "", parts.path, parts.query, ""))
