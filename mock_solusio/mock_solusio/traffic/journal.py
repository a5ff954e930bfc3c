"""Remembers the latest exchanges: what came in or went out, and why it was answered so.

Keeping an exchange costs little more than a tuple of references: it is decoded, and its secrets are hidden,
only when somebody reads. Number and total size are bounded, so that a test that runs for days is harmless.
"""

import re
from collections import deque
from collections.abc import Iterator, Sequence
from fnmatch import translate
from typing import Annotated, Any, Final, Literal, NamedTuple, TypeAlias

import msgspec
from msgspec import Meta

from mock_solusio.decoding import convert
from mock_solusio.moment import Micros, rfc3339
from mock_solusio.server.messages import Headers, Request, Response
from mock_solusio.traffic import redaction

LIMIT: Final = 1000
BODY_LIMIT: Final = 64 * 1024
TOTAL_LIMIT: Final = 32 * 1024 * 1024
OVERHEAD: Final = 600
"""Bytes that an exchange takes beside its texts (counted, not measured)."""


ExchangeKind: TypeAlias = Literal["api", "ui", "billing", "control"]


class Exchange(NamedTuple):
    """One request and its response, as they were: with all secrets. Show it through `Entry`."""

    number: int
    moment: Micros
    kind: ExchangeKind
    method: str
    path: str
    query: bytes
    headers: Headers
    body: bytes
    status: int
    response_headers: Headers
    response_body: bytes
    operation: str
    milliseconds: float
    notes: tuple[str, ...]
    body_bytes: int
    response_body_bytes: int
    size: int


class Message(msgspec.Struct, frozen=True, kw_only=True):
    """A request or response as it is shown."""

    headers: list[tuple[str, str]]
    body: str
    bytes: int
    """Length of the body as it was; what is shown may be shorter."""


class Entry(msgspec.Struct, frozen=True, kw_only=True):
    """An exchange as it is shown: secrets hidden."""

    number: int
    moment: str
    kind: str
    method: str
    path: str
    query: str
    operation: str | None
    status: int | None
    """None: there was no answer."""
    milliseconds: float
    notes: tuple[str, ...]
    request: Message
    response: Message


class Question(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Which exchanges are wanted. What is left out does not restrict."""

    method: Annotated[str, Meta(pattern="^[A-Za-z]{1,20}$")] | None = None
    path: Annotated[str, Meta(min_length=1, max_length=500)] | None = None
    """Glob over the path as it is shown; `*` also matches slashes."""
    status: Annotated[str, Meta(pattern="^([1-5][0-9][0-9]|[1-5]xx|none)$")] | None = None
    """Such as `404` or `4xx`; `none` for what was not answered."""
    operation: Annotated[str, Meta(min_length=1, max_length=100)] | None = None
    kind: ExchangeKind | None = None
    since: Annotated[int, Meta(ge=0)] = 0
    """Only exchanges with a higher number."""
    text: Annotated[str, Meta(min_length=1, max_length=500)] | None = None
    """Occurs in a path, query, header, body or note as it is shown, in capitals or not."""
    limit: Annotated[int, Meta(ge=1, le=10_000)] = 100
    """The latest ones, at most this many."""


class Journal:
    """The latest exchanges, at most `limit` of them and about `total_limit` bytes.

    Of a body the first `body_limit` bytes are kept.
    """

    def __init__(
        self, limit: int = LIMIT, body_limit: int = BODY_LIMIT, total_limit: int = TOTAL_LIMIT
    ) -> None:
        if limit < 1 or body_limit < 0 or total_limit < 1:
            raise ValueError("a journal needs room for one exchange at least")
        self.limit = limit
        self.body_limit = body_limit
        self.total_limit = total_limit
        self._ring: deque[Exchange] = deque()
        self._size = 0
        self._last = 0

    def __len__(self) -> int:
        """Return how many exchanges are kept."""
        return len(self._ring)

    @property
    def last(self) -> int:
        """Number of the latest exchange, counted from 1; 0 before the first."""
        return self._last

    @property
    def dropped(self) -> int:
        """How many exchanges are forgotten."""
        return self._last - len(self._ring)

    def add(
        self,
        kind: ExchangeKind,
        method: str,
        path: str,
        *,
        moment: Micros,
        query: bytes = b"",
        headers: Headers = (),
        body: bytes = b"",
        status: int = 0,
        response_headers: Headers = (),
        response_body: bytes = b"",
        operation: str = "",
        milliseconds: float = 0.0,
        notes: Sequence[str] = (),
    ) -> int:
        """Keep an exchange; return its number. Headers must not be changed afterwards.

        `kind`: `api` and `ui` came in; `billing` is a question of ours to the billing endpoint, whose whole
        URL is the path; `control` changed the world through `/_mock`. `status` 0: there was no answer.
        """
        self._last = number = self._last + 1
        sent, answered = len(body), len(response_body)
        if sent > self.body_limit:
            body = body[: self.body_limit]
        if answered > self.body_limit:
            response_body = response_body[: self.body_limit]
        size = OVERHEAD + len(body) + len(response_body) + len(path) + len(query)
        for name, value in headers:
            size += len(name) + len(value)
        for note in notes:
            size += len(note)
        ring = self._ring
        ring.append(
            Exchange(
                number,
                moment,
                kind,
                method,
                path,
                query,
                headers,
                body,
                status,
                response_headers,
                response_body,
                operation,
                milliseconds,
                tuple(notes),
                sent,
                answered,
                size,
            )
        )
        self._size += size
        while (len(ring) > self.limit or self._size > self.total_limit) and len(ring) > 1:
            self._size -= ring.popleft().size
        return number

    def add_exchange(
        self,
        kind: ExchangeKind,
        request: Request,
        response: Response,
        *,
        moment: Micros,
        milliseconds: float = 0.0,
    ) -> int:
        """Keep a request that came in and what was answered; return the number of the exchange."""
        return self.add(
            kind,
            request.method,
            request.path,
            moment=moment,
            query=request.query,
            headers=request.headers,
            body=request.body,
            status=response.status,
            response_headers=response.headers,
            response_body=response.body,
            operation=response.operation,
            milliseconds=milliseconds,
            notes=response.notes,
        )

    def clear(self) -> None:
        """Forget all exchanges; numbers go on."""
        self._ring.clear()
        self._size = 0

    def read(self, **filters: Any) -> list[Entry]:
        """Return the latest exchanges that match, in their order, secrets hidden.

        The filters are the fields of `Question`: `journal.read(method="POST", path="/api/v1/users*")`.

        Raises:
            Invalid: there is no such filter, or its value is none.
        """
        return self.ask(convert(filters, Question))

    def ask(self, asked: Question) -> list[Entry]:
        """Return the latest exchanges that match, in their order, secrets hidden."""
        found: list[Entry] = []
        for entry in self._matching(asked):
            found.append(entry)
            if len(found) == asked.limit:
                break
        found.reverse()
        return found

    def get(self, number: int) -> Entry | None:
        """Return one exchange, secrets hidden; None: there is none, or it is forgotten."""
        return next((shown(one) for one in self._ring.copy() if one.number == number), None)

    def _matching(self, asked: Question) -> Iterator[Entry]:
        """Yield what matches, latest first. It is compared as shown, so that no secret can be guessed."""
        method = asked.method.upper() if asked.method else None
        path = re.compile(translate(asked.path), re.DOTALL) if asked.path else None
        text = asked.text.casefold() if asked.text else None
        # A copy: whoever reads from another thread must not meet a ring that changes.
        for one in reversed(self._ring.copy()):
            if one.number <= asked.since:
                return
            if (
                (method is not None and one.method != method)
                or (asked.kind is not None and one.kind != asked.kind)
                or (asked.operation is not None and one.operation != asked.operation)
                or (asked.status is not None and not _has_status(one.status, asked.status))
                or (path is not None and path.match(redaction.free_text(one.path)) is None)
            ):
                continue
            entry = shown(one)
            if text is None or text in _all_text(entry).casefold():
                yield entry


def shown(one: Exchange) -> Entry:
    """Return an exchange as it may be shown."""
    return Entry(
        number=one.number,
        moment=rfc3339(one.moment),
        kind=one.kind,
        method=one.method,
        path=redaction.free_text(one.path),
        query=redaction.query(one.query.decode("utf-8", "backslashreplace")),
        operation=one.operation or None,
        status=one.status or None,
        milliseconds=round(one.milliseconds, 3),
        notes=tuple(redaction.free_text(note) for note in one.notes),
        request=_message(one.headers, one.body, one.body_bytes),
        response=_message(one.response_headers, one.response_body, one.response_body_bytes),
    )


def _message(headers: Headers, body: bytes, whole: int) -> Message:
    content_type = next((value for name, value in headers if name.lower() == b"content-type"), b"")
    text = redaction.body(body, content_type.decode("latin-1").lower())
    return Message(headers=redaction.headers(headers), body=text, bytes=whole)


def _has_status(status: int, wanted: str) -> bool:
    if wanted == "none":
        return status == 0
    return str(status)[0] == wanted[0] if wanted.endswith("xx") else status == int(wanted)


def _all_text(entry: Entry) -> str:
    heads = [f"{name}: {value}" for name, value in (*entry.request.headers, *entry.response.headers)]
    return "\n".join([entry.path, entry.query, *heads, entry.request.body, entry.response.body, *entry.notes])
