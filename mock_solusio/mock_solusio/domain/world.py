"""The world that domain functions act on: tables of records, the time, and seeded randomness.

Records never change: a change is a new record put in the place of the old one. The store implements this.
"""

import random
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Generic, Protocol, TypeVar

import msgspec

from mock_solusio.domain.spans import Spans
from mock_solusio.moment import Micros

__all__ = ["Has", "Kind", "Micros", "Page", "Record", "Table", "World"]


class Record(msgspec.Struct, frozen=True, kw_only=True):
    """Something that is stored. `id` is given by the table, and never used again."""

    id: int = 0


T = TypeVar("T", bound=Record)


@dataclass(frozen=True)
class Kind(Generic[T]):
    """A kind of record: its table, and the fields by which it can be found.

    `index` and `unique` name fields that hold int, str, bool or None; `search` names some of them in which a
    search looks. Of several conditions the one whose field comes first leads, so name the most selective
    first. `unique` (where not None) is a safety net: check first, and raise `Invalid`.
    """

    name: str
    record: type[T]
    noun: str = ""
    index: tuple[str, ...] = ()
    unique: tuple[str, ...] = ()
    search: tuple[str, ...] = ()

    @property
    def called(self) -> str:
        """What one of them is called in a message."""
        return self.noun or self.name.removesuffix("s").replace("_", " ")


@dataclass(frozen=True, slots=True)
class Has:
    """A condition: the list in this field contains this item."""

    item: int | str


@dataclass(frozen=True, slots=True)
class Page(Generic[T]):
    """Some rows of a list, and how many there are in all."""

    items: list[T]
    total: int
    page: int
    per_page: int


class Table(Protocol[T]):
    """All records of a kind.

    Conditions (`where`): a plain value means equal, None means null, a list, tuple or set means one of these,
    `Has(x)` means that the list in the field contains x.
    """

    def get(self, key: int) -> T | None:
        """Return a record, or None."""

    def get_or_404(self, key: int) -> T:
        """Return a record.

        Raises:
            NotFound: there is none.
        """

    def add(self, record: T) -> T:
        """Store a new record; return it with its id."""

    def update(self, record: T) -> T:
        """Store a record in the place of the one with its id; return it."""

    def remove(self, key: int) -> None:
        """Delete a record, if it is there."""

    def first(self, **where: Any) -> T | None:
        """Return the record with the lowest id that meets all conditions, or None."""

    def find(self, **where: Any) -> list[T]:
        """Return the records that meet all conditions, by id."""

    def count(self, **where: Any) -> int:
        """Return how many records meet all conditions."""

    def page(self, page: int, per_page: int, where: Mapping[str, Any], search: str = "") -> Page[T]:
        """Return a page by id, so that new records come last; with `search`, exact hits come first."""


class World(Protocol):
    """The whole state of the mock, at a moment."""

    @property
    def now(self) -> Micros:
        """The moment: the same within one request."""

    @property
    def spans(self) -> Spans:
        """For how long which resource had which plan: what usage is reckoned from."""

    def __getitem__(self, kind: Kind[T]) -> Table[T]:
        """Return the table of a kind."""

    def secret(self, purpose: str, number: int, length: int = 40) -> str:
        """Return letters and digits that follow from the seed, the purpose and the number alone."""

    def uuid(self, purpose: str, number: int) -> str:
        """Return a UUID (version 4 in form) that follows from the seed, the purpose and the number alone."""

    def random(self, purpose: str, number: int) -> random.Random:
        """Return a generator that follows from the seed, the purpose and the number alone."""
