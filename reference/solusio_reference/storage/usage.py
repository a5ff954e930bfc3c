"""Usage as SolusIO reported it, and whose it is.

Invoices are based on it, so it never changes once it is complete: only a customer may become known. Then the
lines of each customer form a batch, which gets one invoice.
"""

from collections.abc import Iterator, Sequence
from contextlib import suppress
from dataclasses import asdict, dataclass, replace
from typing import TYPE_CHECKING, Any
from urllib.parse import urlsplit, urlunsplit

from sqlalchemy import Connection, Row, bindparam, delete, func, insert, literal, select, tuple_, update
from sqlalchemy.exc import IntegrityError

from solusio_reference.invoicing import UsageLine
from solusio_reference.period import Period
from solusio_reference.storage import queue
from solusio_reference.storage.database import Database
from solusio_reference.storage.tables import collections, customer_lines, invoices, usage_lines, utc_text

if TYPE_CHECKING:
    from solusio_reference.solusio.responses import UsagePage

CHUNK = 1000
"""Lines in memory at a time."""

_FIELDS = UsageLine._fields
_FROM, _TO = _FIELDS.index("from_"), _FIELDS.index("to")
_COLUMNS = tuple(usage_lines.c[name].name for name in ("period", *_FIELDS))
_OF_BATCH = (
    customer_lines.c.period == bindparam("period"),
    customer_lines.c.customer_id == bindparam("customer_id"),
    customer_lines.c.batch == bindparam("batch"),
)
_LINES = (
    select(*(usage_lines.c[name] for name in _FIELDS))
    .where(
        *_OF_BATCH,
        usage_lines.c.period == customer_lines.c.period,
        usage_lines.c.id == customer_lines.c.line_id,
        tuple_(customer_lines.c.server_id, customer_lines.c.line_id)
        > tuple_(bindparam("last_server_id"), bindparam("last_id")),
    )
    .order_by(customer_lines.c.server_id, customer_lines.c.line_id)
    .limit(CHUNK)
)
_LINES_BY_TOKENS = (
    select(customer_lines.c.tokens, func.count())
    .where(*_OF_BATCH)
    .group_by(customer_lines.c.tokens)
    .execution_options(yield_per=CHUNK)
)
# The batch after the last one that has an invoice.
_NEXT_BATCH = select(func.coalesce(func.max(invoices.c.batch) + 1, 0)).where(
    invoices.c.period == bindparam("period"), invoices.c.customer_id == bindparam("customer_id")
)
_BATCH_OF_LINE = select(customer_lines.c.batch).where(
    customer_lines.c.period == bindparam("period"),
    customer_lines.c.customer_id == bindparam("customer_id"),
    customer_lines.c.line_id == bindparam("line_id"),
)
_TAKE_FROM_BATCH = delete(customer_lines).where(*_OF_BATCH, customer_lines.c.line_id == bindparam("line_id"))
_ADD_TO_BATCH = insert(customer_lines)
_NAME_CUSTOMER = (
    update(usage_lines)
    .where(usage_lines.c.period == bindparam("of_period"), usage_lines.c.id == bindparam("of_line"))
    .values(billing_user_id=bindparam("customer"))
)


@dataclass(frozen=True, slots=True)
class CollectionState:
    """How far the usage of a period is collected."""

    period: Period
    attempt: int = 1
    """Incremented by each restart."""
    pages: int = 0
    next_page: str | None = None
    """Path and query of the next page; None at the start and once the collection is complete."""
    complete: bool = False
    """All lines are stored, and add up to SolusIO's totals."""
    lines: int = 0
    hours: int = 0
    tokens: int = 0


class UsageChanged(Exception):  # noqa: N818 - named for what happened; the collection restarts
    """The pages collected so far do not fit together; the message says why."""

    def __init__(self, state: CollectionState, message: str) -> None:
        super().__init__(message)
        self.state = state


class UsageDiffers(Exception):  # noqa: N818 - named for what happened
    """SolusIO now reports other usage than was collected; the message says what differs."""


class UsageStore:
    """The usage lines of all periods. Every method raises StoreError."""

    def __init__(self, database: Database) -> None:
        self.database = database

    def periods(self, *, complete: bool = False) -> list[Period]:
        """Return the periods whose collection has started, latest first; with ``complete``, is finished."""
        chosen = select(collections.c.period).order_by(collections.c.period.desc())
        if complete:
            chosen = chosen.where(collections.c.complete)
        with self.database.reading() as connection:
            return [Period.parse(period) for period in connection.execute(chosen).scalars()]

    def state(self, period: Period) -> CollectionState:
        """Return the state of a period's collection; start it if necessary."""
        with self.database.writing() as connection:
            with suppress(IntegrityError), connection.begin_nested():
                connection.execute(insert(collections).values(_row(CollectionState(period))))
            chosen = select(collections).where(collections.c.period == str(period))
            return _state(connection.execute(chosen).one())

    def add_page(self, state: CollectionState, page: "UsagePage") -> CollectionState | None:
        """Store a page and, in the same transaction, the new state; return that state.

        The last page completes the collection. Returns None, and stores nothing, if another run has left
        ``state`` behind. Raises UsageChanged for a line that is already stored, and if all lines together do
        not add up to SolusIO's totals.
        """
        last = page.next is None
        after = replace(
            state,
            pages=state.pages + 1,
            next_page=None if page.next is None else _path(page.next),
            complete=last,
            lines=state.lines + len(page.lines),
            hours=state.hours + sum(line.hours for line in page.lines),
            tokens=state.tokens + sum(line.tokens for line in page.lines),
        )
        totals = page.totals
        if last and (after.lines, after.hours, after.tokens) != (totals.lines, totals.hours, totals.tokens):
            raise UsageChanged(
                state,
                f"got {after.lines} lines with {after.hours} hours and {after.tokens} tokens, "
                f"but its totals are {totals.lines}, {totals.hours} and {totals.tokens}",
            )
        with self.database.writing() as connection:
            if not _advance(connection, state, after):
                return None
            try:
                _insert(connection, state.period, page.lines)
            except IntegrityError:
                raise UsageChanged(state, "a line appeared twice") from None
            if last:
                _give_to_customers(connection, state.period)
                queue.fill(connection, state.period)
        return after

    def restart(self, state: CollectionState) -> None:
        """Discard what is collected of a period, unless another run has left ``state`` behind."""
        with self.database.writing() as connection:
            if _advance(connection, state, CollectionState(state.period, attempt=state.attempt + 1)):
                connection.execute(delete(usage_lines).where(usage_lines.c.period == str(state.period)))

    def lines(self, period: Period, entry: queue.Entry) -> Iterator[UsageLine]:
        """Read the lines of a batch by server and id, a chunk at a time."""
        position = {"period": str(period), **entry._asdict(), "last_server_id": 0, "last_id": 0}
        while True:
            # Hold no connection between chunks: the caller may use the database, too.
            with self.database.reading() as connection:
                rows = connection.execute(_LINES, position).all()
            if not rows:
                return
            for row in rows:
                yield UsageLine._make(row)
            position["last_server_id"], position["last_id"] = rows[-1].server_id, rows[-1].id

    def count_by_tokens(
        self, connection: Connection, period: Period, entry: queue.Entry
    ) -> Iterator[tuple[int, int]]:
        """Yield each number of tokens with how many lines of a batch have it."""
        counted = connection.execute(_LINES_BY_TOKENS, {"period": str(period), **entry._asdict()})
        for rows in counted.partitions():  # SQLAlchemy takes several times longer to read row by row
            yield from ((tokens, lines) for tokens, lines in rows)

    def reassign(self, connection: Connection, period: Period, lines: Sequence[UsageLine]) -> int:
        """Give collected lines the customers that SolusIO now names; return how many changed.

        Only lines that are on no invoice change. They join the customer's first batch, or a new one if that
        has an invoice. Raises UsageDiffers for a line that is not stored, or differs in anything else.
        """
        ids = [line.id for line in lines]
        chosen = select(usage_lines).where(usage_lines.c.period == str(period), usage_lines.c.id.in_(ids))
        stored = {row["id"]: row for row in connection.execute(chosen).mappings()}
        changed = 0
        for line in lines:
            row = stored.get(line.id)
            if row is None:
                raise UsageDiffers(f"line {line.id} is new")
            for name in _FIELDS:
                if name != "billing_user_id" and row[name] != getattr(line, name):
                    raise UsageDiffers(
                        f"{name} of line {line.id} was {row[name]}, and is {getattr(line, name)}"
                    )
            changed += _reassign(connection, period, line, before=row["billing_user_id"])
        return changed


def _state(row: Row[Any]) -> CollectionState:
    return CollectionState(Period.parse(row[0]), *row[1:])


def _advance(connection: Connection, state: CollectionState, after: CollectionState) -> bool:
    """Replace a state by the next one; return False if the database no longer has ``state``."""
    unchanged = (
        collections.c.period == str(state.period),
        collections.c.attempt == state.attempt,
        collections.c.pages == state.pages,
        collections.c.complete.is_(False),
    )
    updated = connection.execute(update(collections).where(*unchanged).values(**_row(after)))
    return updated.rowcount == 1


def _give_to_customers(connection: Connection, period: Period) -> None:
    """Put all lines into the first batch of their customer, in the order in which the table keeps them."""
    line = usage_lines.c
    named = (
        select(line.period, line.billing_user_id, literal(0), line.server_id, line.id, line.tokens)
        .where(line.period == str(period), line.billing_user_id.is_not(None))
        .order_by(line.billing_user_id, line.server_id, line.id)
    )
    columns = [column.name for column in customer_lines.columns]
    connection.execute(insert(customer_lines).from_select(columns, named))


def _reassign(connection: Connection, period: Period, line: UsageLine, *, before: int | None) -> bool:
    """Give a line the customer that SolusIO now names; return whether it changed."""
    after = line.billing_user_id
    if before == after or after is None:
        return False
    key = {"period": str(period), "line_id": line.id}
    if before is not None:
        batch = connection.execute(_BATCH_OF_LINE, {**key, "customer_id": before}).scalar_one()
        entry = queue.Entry(before, batch)
        if not queue.has(connection, period, entry):
            return False  # it is on an invoice, which never changes
        connection.execute(_TAKE_FROM_BATCH, {**key, **entry._asdict()})
    batch = connection.execute(_NEXT_BATCH, {"period": str(period), "customer_id": after}).scalar_one()
    row = {**key, "customer_id": after, "batch": batch, "server_id": line.server_id, "tokens": line.tokens}
    connection.execute(_ADD_TO_BATCH, row)
    connection.execute(_NAME_CUSTOMER, {"of_period": str(period), "of_line": line.id, "customer": after})
    return True


def _insert(connection: Connection, period: Period, lines: Sequence[UsageLine]) -> None:
    """Store lines through the database's driver: SQLAlchemy takes longer for a row than SQLite does."""
    if not lines:
        return
    mark = "?" if connection.dialect.paramstyle == "qmark" else "%s"
    marks = ", ".join([mark] * len(_COLUMNS))
    statement = f"INSERT INTO usage_lines ({', '.join(_COLUMNS)}) VALUES ({marks})"  # noqa: S608 - names are our own
    month = str(period)
    connection.exec_driver_sql(statement, [_stored(month, line) for line in lines])


def _stored(period: str, line: UsageLine) -> tuple[Any, ...]:
    """Return the row of a line."""
    values: list[Any] = list(line)
    values[_FROM], values[_TO] = utc_text(line.from_), utc_text(line.to)
    return (period, *values)


def _row(state: CollectionState) -> dict[str, Any]:
    return {**asdict(state), "period": str(state.period)}


def _path(url: str) -> str:
    """Return a URL without its host: SolusIO may have another name when the run is resumed."""
    parts = urlsplit(url)
    return urlunsplit(("", "", parts.path, parts.query, ""))
