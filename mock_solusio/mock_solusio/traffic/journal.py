"""Keeps the latest exchanges: requests that came in or went out, and why they were answered as they were.

An exchange is added as it came, in a few microseconds: it is decoded, and its secrets are hidden, only when
somebody reads it. Number and total size are limited, so a test can run for days.
"""

import asyncio
import re
from collections import deque
from collections.abc import Callable, Iterator, Sequence
from fnmatch import translate
from itertools import islice
from typing import Annotated, Any, Final, TypeVar

import msgspec
from msgspec import Meta

from mock_solusio.decoding import convert
from mock_solusio.moment import Micros
from mock_solusio.server.messages import Headers, Request, Response
from mock_solusio.traffic.exchanges import (
    ExchangeKind,
    JournalEntry,
    RawExchange,
    join,
    path_of,
    shown,
    text_of,
)
from mock_solusio.traffic.operation_names import check_operation
from mock_solusio.traffic.referee import ConductFinding, Referee

LIMIT: Final = 5000
BODY_LIMIT: Final = 64 * 1024
TOTAL_LIMIT: Final = 10 * 1024 * 1024
"""Bytes that nearly 5,000 ordinary exchanges take, or 150 whose bodies are cut."""
OVERHEAD: Final = 570
"""Bytes that an exchange takes besides its texts (measured)."""

T = TypeVar("T")

_JUDGED: Final = frozenset({"api", "ui"})
"""Kinds of exchanges in which clients show their conduct."""


class JournalFilter(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Which exchanges to show; fields left out do not restrict."""

    method: Annotated[str, Meta(pattern="^[A-Za-z]{1,20}$")] | None = None
    path: Annotated[str, Meta(min_length=1, max_length=500)] | None = None
    """Glob for the path as it is shown; `*` also matches slashes."""
    status: Annotated[str, Meta(pattern="^([1-5][0-9][0-9]|[1-5]xx|none)$")] | None = None
    """Such as `404` or `4xx`; `none` for requests without a response."""
    operation: Annotated[str, Meta(min_length=1, max_length=100)] | None = None
    kind: ExchangeKind | None = None
    since: Annotated[int, Meta(ge=0)] = 0
    """Only exchanges with a higher number."""
    before: Annotated[int, Meta(ge=0)] | None = None
    """Only exchanges with a lower number: the page before the one that begins with it."""
    text: Annotated[str, Meta(min_length=1, max_length=500)] | None = None
    """A part of path, query, headers, bodies or notes as shown; case does not matter."""
    limit: Annotated[int, Meta(ge=1, le=10_000)] = 100
    """At most this many, the latest ones."""


class Journal:
    """The latest exchanges: at most `limit`, in about `total_limit` bytes, each body cut at `body_limit`.

    The referee judges what comes in; its findings are notes of the exchanges, and are cleared with them.
    `on_exchange` gets each exchange as it is added, including all secrets.
    """

    def __init__(
        self, limit: int = LIMIT, body_limit: int = BODY_LIMIT, total_limit: int = TOTAL_LIMIT
    ) -> None:
        if limit < 1 or body_limit < 0 or total_limit < 1:
            raise ValueError("a journal needs room for at least one exchange")
        self.limit = limit
        self.body_limit = body_limit
        self.total_limit = total_limit
        self.referee = Referee()
        self.on_exchange: Callable[[RawExchange], None] | None = None
        self._ring: deque[RawExchange] = deque()
        self._texts: dict[int, str] = {}
        """What was searched for texts before, by number: hiding the secrets takes most of the time."""
        self._size = 0
        self._last = 0

    def __len__(self) -> int:
        """Return how many exchanges are kept."""
        return len(self._ring)

    @property
    def last(self) -> int:
        """Number of the latest exchange, counted from 1; 0 if there was none."""
        return self._last

    @property
    def dropped(self) -> int:
        """How many exchanges were dropped."""
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
        """Add an exchange; return its number.

        `kind`: `api` and `ui` came in; `billing` is a request of the mock to the billing endpoint, with the
        whole URL as its path; `webhook` is one to the URL of an event handler; `control` changed the mock
        through `/_mock`. `status` 0: no response.
        """
        self._last = number = self._last + 1
        sent, answered = len(body), len(response_body)
        if sent > self.body_limit:
            body = body[: self.body_limit]
        if answered > self.body_limit:
            response_body = response_body[: self.body_limit]
        sent_headers, answered_headers = join(headers), join(response_headers)
        size = OVERHEAD + len(path) + len(query) + sum(map(len, notes))
        size += len(sent_headers) + len(body) + len(answered_headers) + len(response_body)
        ring = self._ring
        exchange = RawExchange(
            number,
            moment,
            kind,
            method,
            path,
            query,
            sent_headers,
            body,
            status,
            answered_headers,
            response_body,
            operation,
            milliseconds,
            tuple(notes),
            sent,
            answered,
            size,
        )
        ring.append(exchange)
        self._size += size
        while (self._size > self.total_limit or len(ring) > self.limit) and len(ring) > 1:
            self._size -= ring.popleft().size
        if self.on_exchange is not None:
            self.on_exchange(exchange)
        return number

    def add_exchange(
        self,
        kind: ExchangeKind,
        request: Request,
        response: Response,
        *,
        moment: Micros,
        began: float = 0.0,
        ended: float = 0.0,
    ) -> int:
        """Add a request that came in with its response; return the number of the exchange.

        `began` and `ended` are seconds on a clock that runs in real time.
        """
        notes = (*request.notes, *response.notes)
        if kind in _JUDGED:
            notes += self.referee.judge(
                kind, request, response, number=self._last + 1, arrived=began, answered=ended
            )
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
            milliseconds=(ended - began) * 1000,
            notes=notes,
        )

    def clear(self) -> None:
        """Drop all exchanges and findings; numbering continues."""
        self.referee.clear()
        self._ring.clear()
        self._texts.clear()
        self._size = 0

    def findings(self) -> list[ConductFinding]:
        """Return what the referee found, must before should before may, without secrets."""
        return self.referee.findings()

    def read(self, **filters: Any) -> list[JournalEntry]:
        """Return the latest exchanges that match, oldest first, without secrets.

        The filters are the fields of `JournalFilter`: `journal.read(method="POST", path="/api/v1/users*")`.

        Raises:
            Invalid: there is no such filter, or its value is not valid.
        """
        return self.search(convert(filters, JournalFilter))

    def search(self, wanted: JournalFilter) -> list[JournalEntry]:
        """Return the latest exchanges that match, oldest first, without secrets.

        Raises:
            Invalid: the API has no operation of that name.
        """
        matches = self._matcher(wanted)
        found = list(islice(filter(matches, self._latest_first(wanted.since)), wanted.limit))
        return [shown(one) for one in reversed(found)]

    async def find(self, wanted: JournalFilter, show: Callable[[RawExchange], T]) -> list[T]:
        """Return what `search` finds, each as `show` makes it; the event loop serves others meanwhile.

        The first search for a text hides the secrets of all exchanges, which takes up to two seconds.

        Raises:
            Invalid: the API has no operation of that name.
        """
        matches = self._matcher(wanted)
        found: list[T] = []
        for one in self._latest_first(wanted.since):
            if matches(one):
                found.append(show(one))
                if len(found) == wanted.limit:
                    break
            await asyncio.sleep(0)
        found.reverse()
        return found

    def get(self, number: int) -> JournalEntry | None:
        """Return one exchange without secrets; None if there is none or it was dropped."""
        return next((shown(one) for one in self._ring.copy() if one.number == number), None)

    def _latest_first(self, since: int) -> Iterator[RawExchange]:
        # A copy, since another thread, or another task, may add to the ring meanwhile.
        for one in reversed(self._ring.copy()):
            if one.number <= since:
                return
            yield one

    def _matcher(self, wanted: JournalFilter) -> Callable[[RawExchange], bool]:
        """Return whether an exchange matches. It looks at what is shown, so no secret can be guessed."""
        if wanted.operation is not None:
            check_operation(wanted.operation)
        method = wanted.method.upper() if wanted.method else None
        path = re.compile(translate(wanted.path), re.DOTALL) if wanted.path else None
        text = wanted.text.casefold() if wanted.text else None

        def matches(one: RawExchange) -> bool:
            return (
                (wanted.before is None or one.number < wanted.before)
                and (method is None or one.method == method)
                and (wanted.kind is None or one.kind == wanted.kind)
                and (wanted.operation is None or one.operation == wanted.operation)
                and (wanted.status is None or _has_status(one.status, wanted.status))
                and (path is None or path.match(path_of(one)) is not None)
                and (text is None or text in self._text(one))
            )

        return matches

    def _text(self, one: RawExchange) -> str:
        """Return all that is shown of an exchange, casefolded."""
        if (known := self._texts.get(one.number)) is not None:
            return known
        text = text_of(shown(one)).casefold()
        if one.number > self.dropped:  # a search may outlast an exchange
            if len(self._texts) >= self.limit:
                self._texts = {number: text for number, text in self._texts.items() if number > self.dropped}
            self._texts[one.number] = text
        return text


def _has_status(status: int, wanted: str) -> bool:
    if wanted == "none":
        return status == 0
    return str(status)[0] == wanted[0] if wanted.endswith("xx") else status == int(wanted)
