"""The JSON of records, kept while nothing changes that it shows.

A record often shows others: a server its owner, the owner their roles. Those are rendered on their own, and
the text around them holds whatever they show. So a new user, who changes how many users a role has, costs the
role a new text, and each user who has it a splice.
"""

from collections.abc import Callable
from typing import Any, Final, Protocol

import msgspec

from mock_solusio.api.cache import NEVER, OVERHEAD, Derived
from mock_solusio.domain.world import Record
from mock_solusio.moment import Micros
from mock_solusio.store.store import Store

View = Callable[[Any, Any], Any]
"""Returns what the API shows of a record, for a call."""


class Rendering(Protocol):
    """What is needed of a call."""

    expires_at: Micros
    shown: list[tuple[View, Record]] | None

    @property
    def actor_id(self) -> int | None:
        """The user who sees the record."""

    @property
    def base_url(self) -> str:
        """Of links."""


_MARK: Final = b"\0"
"""Stands beside the number of a hole; JSON has no such byte."""


class RenderedRecord:
    """The JSON of a record in one view, with holes for the records that it shows. It never changes."""

    __slots__ = ("_around", "_checked", "_holes", "_store", "json", "record", "text", "until")

    text: bytes
    until: Micros
    """When it becomes stale without a change of the state."""

    def __init__(
        self,
        store: Store,
        record: Record,
        around: Derived[None],
        pieces: list[bytes],
        shown: "list[tuple[View, RenderedRecord]]",
    ) -> None:
        """`around`: what `pieces` were derived from, the text around what it shows."""
        parts, holes, until = [pieces[0]], [], around.until
        at = len(pieces[0])
        for index, (view, one) in enumerate(shown, start=1):
            after, start = pieces[index], at
            at += len(one.text)
            holes.append((view, one, start, at))
            parts.append(one.text)
            parts.append(after)
            at += len(after)
            until = min(until, one.until)
        self.record = record
        self.text = b"".join(parts)
        self.json = msgspec.Raw(self.text)
        """The text, as a part of a larger one."""
        self.until = until
        self._store = store
        self._around = around
        self._holes: list[_Hole] = holes
        self._checked = store.version

    def holds(self, _: object = None) -> bool:
        """Return whether it would be the same now."""
        store = self._store
        if self._checked == store.version and (self.until == NEVER or store.now < self.until):
            return True
        if not self._around.holds():
            return False
        for hole in self._holes:
            if not hole[1].holds():
                return False
        self._checked = store.version
        return True

    def is_worth_keeping(self) -> bool:
        """Return whether the text around what it shows may hold for a while."""
        return self._around.until != 0

    def refilled(self, render: "Callable[[View, Record], RenderedRecord]") -> "RenderedRecord | None":
        """Return it with what it shows now; None if the text around that would not be the same."""
        if not self._around.holds():
            return None
        pieces, shown, text, at = [], [], self.text, 0
        for view, one, start, end in self._holes:
            pieces.append(text[at:start])
            at = end
            shown.append((view, one if one.holds() else render(view, one.record)))
        pieces.append(text[at:])
        return RenderedRecord(self._store, self.record, self._around, pieces, shown)


_Hole = tuple[View, RenderedRecord, int, int]
"""The view of a record that another one shows, what it is now, and from where to where it stands."""

_Key = tuple[View, int, int | None, str]


class RenderedRecords:
    """Rendered records by view, id, actor and base URL; a view depends on the state and nothing else.

    `limit` bounds the sum of their sizes in bytes. At the limit all are dropped: what is in use soon returns.
    """

    def __init__(self, store: Store, limit: int) -> None:
        self._store = store
        self._limit = limit
        self._kept: dict[_Key, RenderedRecord] = {}
        self._size = 0

    def get(self, key: _Key, record: Record) -> RenderedRecord | None:
        """Return a rendered record that holds, or None. Whatever is being derived depends on it, too."""
        found = self._kept.get(key)
        if found is None or (found.record is not record and found.record != record) or not found.holds():
            return None
        reads = self._store.reads
        if reads is not None:
            reads.append((found.holds, None, True))
        return found

    def render(self, call: Rendering, view: View, record: Record) -> RenderedRecord:
        """Return a record as it is shown now, rendered as little as possible."""
        key = (view, record.id, call.actor_id, call.base_url)
        found = self.get(key, record)
        if found is not None:
            return found
        store = self._store
        outer = call.expires_at, call.shown, store.reads
        try:
            found = self._refilled(call, key, record) or self._anew(call, view, record)
        finally:
            call.expires_at, call.shown, store.reads = outer
        if found.is_worth_keeping():
            self._keep(key, found)
        if found.until and store.reads is not None:
            store.reads.append((found.holds, None, True))
        return found

    def _refilled(self, call: Rendering, key: _Key, record: Record) -> RenderedRecord | None:
        before = self._kept.get(key)
        if before is None or before.record != record:
            return None
        call.shown = self._store.reads = None
        return before.refilled(lambda view, record: self.render(call, view, record))

    def _anew(self, call: Rendering, view: View, record: Record) -> RenderedRecord:
        store = self._store
        call.expires_at, call.shown, store.reads = NEVER, [], []
        pieces = msgspec.json.encode(view(call, record)).split(_MARK)
        around = Derived(store, None, call.expires_at, store.reads)
        inside = [call.shown[int(number)] for number in pieces[1::2]]
        call.shown = store.reads = None
        shown = [(view, self.render(call, view, record)) for view, record in inside]
        return RenderedRecord(store, record, around, pieces[::2], shown)

    def _keep(self, key: _Key, made: RenderedRecord) -> None:
        before = self._kept.pop(key, None)
        if before is not None:
            self._size -= OVERHEAD + len(before.text)
        size = OVERHEAD + len(made.text)
        if self._size + size > self._limit:
            self._kept.clear()
            self._size = 0
        self._kept[key] = made
        self._size += size


def hole(number: int) -> msgspec.Raw:
    """Return what stands in a text for a record that it shows, until that is rendered."""
    return msgspec.Raw(b"\0%d\0" % number)
