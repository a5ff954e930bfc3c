"""The world that the domain acts on: tables of records, the time, and seeded randomness.

Records are immutable: a change replaces a record with a new one. The store implements this.
"""

import random
from collections.abc import Collection, Mapping
from typing import Any, Generic, Protocol, TypeVar

import msgspec

from mock_solusio.domain.spans import Spans
from mock_solusio.moment import Micros


class Record(msgspec.Struct, frozen=True, kw_only=True, gc=False):
    """Something that is stored. The table assigns `id` and never reuses it.

    No record refers to itself, so the garbage collector (`gc`) leaves them all out.
    """

    id: int = 0


T = TypeVar("T", bound=Record)


class Kind(msgspec.Struct, Generic[T], frozen=True):
    """A kind of record: its table, and the fields by which records can be found.

    `index` and `unique` name fields of int, str, bool or None; `search` names those of them that a search
    covers. A query uses the index of the condition whose field comes first, so name the most selective first.
    `unique` (None aside) is a safety net: check first, and raise `Invalid`. `waiting`: conditions of the
    records that wait for the moment in their `due`, for `Table.earliest`.
    """

    name: str
    record: type[T]
    noun: str = ""
    index: tuple[str, ...] = ()
    unique: tuple[str, ...] = ()
    search: tuple[str, ...] = ()
    waiting: Mapping[str, Any] | None = None

    @property
    def called(self) -> str:
        """The noun for one record in messages."""
        return self.noun or self.name.removesuffix("s").replace("_", " ")


class Due(Protocol):
    """A record that may wait for a moment."""

    @property
    def due(self) -> Micros:
        """The moment at which it has waited long enough."""


class Has(msgspec.Struct, frozen=True):
    """A condition: the list in the field contains this item."""

    item: int | str


class Page(msgspec.Struct, Generic[T], frozen=True):
    """A page of a list, and the length of the whole list."""

    items: list[T]
    total: int
    page: int
    per_page: int


class Table(Protocol[T]):
    """All records of a kind.

    A condition in `where` is a value (equal), None (null), a list, tuple or set (one of these), or `Has(x)`
    (the list in the field contains x).
    """

    @property
    def next_id(self) -> int:
        """The id that the next new record gets, for fields that follow from it."""

    def get(self, key: int) -> T | None:
        """Return a record, or None."""

    def get_or_404(self, key: int) -> T:
        """Return a record.

        Raises:
            NotFound: it does not exist.
        """

    def add(self, record: T) -> T:
        """Store a new record; return it with its id."""

    def update(self, record: T) -> T:
        """Replace the record with the same id; return the new one.

        Raises:
            NotFound: it does not exist.
        """

    def remove(self, key: int) -> None:
        """Delete a record if it exists."""

    def remove_up_to(self, last: int) -> None:
        """Delete all records with ids up to this one."""

    def first(self, **where: Any) -> T | None:
        """Return the record with the lowest id that meets all conditions, or None."""

    def find(self, **where: Any) -> list[T]:
        """Return the records that meet all conditions, by id."""

    def count(self, **where: Any) -> int:
        """Return the number of records that meet all conditions.

        One condition of a value, or `Has`, costs nothing once it was counted: changes keep the number right.
        """

    def values(self, field: str, keys: Collection[int]) -> dict[int, Any]:
        """Return a field by which records can be found, of the records with these ids that exist."""

    def earliest(self) -> T | None:
        """Return the waiting record that is due first, by moment and then by id, at no cost."""

    def page(self, page: int, per_page: int, where: Mapping[str, Any], search: str = "") -> Page[T]:
        """Return a page of records by id, so that new ones come last; a `search` has exact hits first."""


class World(Protocol):
    """The whole state of the mock, at a moment."""

    @property
    def now(self) -> Micros:
        """The current moment, which is the same during one request."""

    @property
    def spans(self) -> Spans:
        """For how long which resource had which plan; usage is calculated from it."""

    def __getitem__(self, kind: Kind[T]) -> Table[T]:
        """Return the table of a kind."""

    def secret(self, purpose: str, number: int, length: int = 40) -> str:
        """Return letters and digits that depend only on the seed, the purpose and the number."""

    def uuid(self, purpose: str, number: int) -> str:
        """Return a UUID (version 4 in form) that depends only on the seed, the purpose and the number."""

    def random(self, purpose: str, number: int) -> random.Random:
        """Return a generator that depends only on the seed, the purpose and the number."""
