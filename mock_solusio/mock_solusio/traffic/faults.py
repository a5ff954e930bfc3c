"""Faults on demand: the next matching requests get a wrong, late or incomplete response, or none.

A fault is data (the body of POST /_mock/faults); `Faults.next` chooses the one for a request, and
`fault_injection` carries it out. Only random faults are random, and they are seeded.
"""

import random
import re
from collections.abc import Iterator
from fnmatch import fnmatchcase, translate
from typing import Annotated, Any, Final, Literal, TypeAlias, cast

import msgspec
from msgspec import Meta

from mock_solusio.decoding import invalid, parse
from mock_solusio.domain.errors import Conflict, NotFound
from mock_solusio.traffic.operation_names import check_operation

MOST: Final = 100
"""Faults that may be active at once."""
REMEMBERED: Final = 100
"""Finished faults that are still listed, to show what they did."""

Seconds = Annotated[float, Meta(ge=0, le=3600)]


class Scripted(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True, tag_field="kind"):
    """How often a fault takes effect."""

    skip: Annotated[int, Meta(ge=0, le=1_000_000)] = 0
    """How many matching requests are unaffected first."""
    times: Annotated[int, Meta(ge=1, le=1_000_000)] | None = 1
    """How many requests are affected after that; null: all, until the fault is deleted."""


class Matching(Scripted, frozen=True, kw_only=True):
    """Which requests a fault is for. A field left out matches everything, except the control API."""

    method: Annotated[str, Meta(pattern="^[A-Za-z]{1,20}$")] | None = None
    path: Annotated[str, Meta(min_length=1, max_length=500)] | None = None
    """Glob over the whole path without its query, such as `/api/v1/users/*`; `*` also matches slashes."""
    operation: Annotated[str, Meta(min_length=1, max_length=100)] | None = None
    """operationId of the API document, such as `createServer`."""


class StatusFault(Matching, frozen=True, kw_only=True, tag="status"):
    """Respond with a status: 429 and 503 (with Retry-After), 500, or any other."""

    status: Annotated[int, Meta(ge=200, le=599)]
    retry_after: Annotated[int, Meta(ge=0, le=86_400)] | None = None
    """Seconds for the header Retry-After; 1 for a 429 without one."""
    body: Any = msgspec.UNSET
    """JSON, or a text to send as it is; without one, `{"message": ...}` as in the errors of the API."""
    content_type: Annotated[str, Meta(pattern="^[!-~][ -~]{0,199}$")] | None = None
    """Default: `application/json`, or `text/html; charset=utf-8` for a text."""
    effect: bool = False
    """Carry out the request anyway, before the wrong response."""


class TimeoutFault(Matching, frozen=True, kw_only=True, tag="timeout"):
    """Do not respond until the client gives up; close the connection after `seconds` at the latest."""

    seconds: Seconds = 60.0
    effect: bool = False
    """Carry out the request anyway: the client cannot know."""


class CutFault(Matching, frozen=True, kw_only=True, tag="cut"):
    """Cut the connection: before the response, or in the middle of its body."""

    at: Literal["headers", "body"] = "headers"
    reset: bool = False
    """Reset the connection (TCP RST) instead of closing it. Data sent before may then be lost as well, and
    over TLS most clients see no difference."""
    effect: bool = False
    """Carry out the request anyway. A cut in the body always does: it cuts the real response."""


class SlowFault(Matching, frozen=True, kw_only=True, tag="slow"):
    """Send the right response, but late, or in small pieces."""

    delay: Seconds = 0.0
    """Seconds before the first byte of the response."""
    chunk: Annotated[int, Meta(ge=1, le=1_000_000)] | None = None
    """Bytes of the body in each piece; null sends it in one."""
    pause: Seconds = 0.1
    """Seconds between two pieces."""


class GzipFault(Matching, frozen=True, kw_only=True, tag="gzip"):
    """Send the right response compressed, as a proxy does, if the client accepts gzip."""


class DuplicatePageFault(Matching, frozen=True, kw_only=True, tag="duplicate-page"):
    """Answer a request for a later page of a list with the page before it, as a proxy's cache may do."""


Fault: TypeAlias = StatusFault | TimeoutFault | CutFault | SlowFault | GzipFault | DuplicatePageFault
"""What is done to one request."""

Mishap = Literal["429", "500", "503", "timeout", "cut", "cut-body", "slow"]

MISHAPS: Final[dict[Mishap, Fault]] = {
    "429": StatusFault(status=429, retry_after=1),
    "500": StatusFault(status=500),
    "503": StatusFault(status=503, retry_after=1),
    "timeout": TimeoutFault(),
    "cut": CutFault(),
    "cut-body": CutFault(at="body"),
    "slow": SlowFault(delay=1.0),
}
"""What a random fault may choose."""


class RandomFault(Matching, frozen=True, kw_only=True, tag="random"):
    """Inject mishaps at random: the same for the same seed and the same requests."""

    probability: Annotated[float, Meta(gt=0, le=1)]
    """Of a mishap, for each matching request."""
    seed: int = 0
    mishaps: Annotated[tuple[Mishap, ...], Meta(min_length=1, max_length=20)] = ("429", "500", "503")
    """The mishaps, all equally likely; one that is named twice is twice as likely."""
    times: Annotated[int, Meta(ge=1, le=1_000_000)] | None = None


class WebhookFault(Scripted, frozen=True, kw_only=True, tag="webhook"):
    """Deliver a webhook wrongly: the receiver must cope, and no response can tell it so."""

    delivery: Literal["lost", "late", "twice", "out-of-order"]
    """`lost` sends nothing, `late` waits, `twice` repeats the request, `out-of-order` lets the handler's next
    delivery go first (or waits a minute if none comes)."""
    event: Annotated[str, Meta(min_length=1, max_length=100)] | None = None
    """Glob for the event, such as `server_*`; null: every event."""
    delay: Seconds = 60.0
    """Seconds of the mock's time that a late delivery waits."""


Script: TypeAlias = Fault | RandomFault | WebhookFault


class _Planned:
    """A fault and what it did so far."""

    def __init__(self, number: int, script: Script) -> None:
        self.number = number
        self.script = script
        self.seen = 0
        self.hits = 0
        matching = script if isinstance(script, Matching) else Matching()
        self._method = matching.method.upper() if matching.method else None
        self._path = re.compile(translate(matching.path), re.DOTALL) if matching.path else None
        self._operation = matching.operation
        self._random = random.Random(script.seed) if isinstance(script, RandomFault) else None  # noqa: S311

    @property
    def over(self) -> bool:
        return self.script.times is not None and self.hits >= self.script.times

    def meet(self, method: str, path: str, operation: str) -> Fault | None:
        """Return what happens to a request that no earlier fault affected."""
        script = self.script
        if (
            isinstance(script, WebhookFault)
            or (self._method is not None and method != self._method)
            or (self._operation is not None and operation != self._operation)
            or (self._path is not None and self._path.match(path) is None)
        ):
            return None
        self.seen += 1
        if self.seen <= script.skip:
            return None
        fault: Fault
        if isinstance(script, RandomFault):
            assert self._random is not None  # noqa: S101 - made above for this very type
            # Both are always drawn: what happens to a request depends only on how many came before it.
            drawn, mishap = self._random.random(), self._random.choice(script.mishaps)
            if drawn >= script.probability:
                return None
            fault = MISHAPS[mishap]
        else:
            fault = script
        self.hits += 1
        return fault

    def meet_webhook(self, event: str) -> WebhookFault | None:
        """Return what happens to a delivery that no earlier fault affected."""
        script = self.script
        if not isinstance(script, WebhookFault) or not fnmatchcase(event, script.event or "*"):
            return None
        self.seen += 1
        if self.seen <= script.skip:
            return None
        self.hits += 1
        return script

    def shown(self) -> dict[str, Any]:
        """Return the fault as it was given, and what it did so far."""
        times = self.script.times
        left = None if times is None else times - self.hits
        return {
            "id": self.number,
            **msgspec.to_builtins(self.script),
            "seen": self.seen,
            "hits": self.hits,
            "left": left,
        }


class Faults:
    """All faults, oldest first.

    The first fault that affects a request hides it from later ones, so two faults for the same requests take
    effect one after the other.
    """

    def __init__(self) -> None:
        self._waiting: list[_Planned] = []
        self._over: list[_Planned] = []
        self._last = 0
        self.holds: set[Any] = set()
        """Tasks that hold back a request; deleting all faults releases them."""

    def __len__(self) -> int:
        """Return how many faults are active."""
        return len(self._waiting)

    def next(self, method: str, path: str, operation: str = "") -> Fault | None:
        """Return what happens to this request; None: nothing. Cheap if no fault is active."""
        if not self._waiting:
            return None
        for planned in self._waiting:
            fault = planned.meet(method, path, operation)
            if fault is not None:
                self._retire(planned)
                return fault
        return None

    def next_webhook(self, event: str) -> WebhookFault | None:
        """Return what happens to the delivery of an event; None: nothing."""
        for planned in self._waiting:
            fault = planned.meet_webhook(event)
            if fault is not None:
                self._retire(planned)
                return fault
        return None

    def _retire(self, planned: _Planned) -> None:
        if planned.over:
            self._waiting.remove(planned)
            self._over = [*self._over[1 - REMEMBERED :], planned]

    def add(self, script: Script) -> dict[str, Any]:
        """Add a fault; return it as it is listed.

        Raises:
            Conflict: too many are active.
            Invalid: its fields contradict each other.
        """
        if len(self._waiting) >= MOST:
            raise Conflict(f"There are {MOST} active faults already; delete some.")
        _check(script)
        self._last += 1
        planned = _Planned(self._last, script)
        self._waiting.append(planned)
        return planned.shown()

    def add_json(self, body: bytes) -> dict[str, Any]:
        """Add a fault given as JSON.

        Raises:
            DomainError: it is not valid (the message says where and why), or cannot be added.
        """
        script: Script = parse(body, cast("Any", Script))
        return self.add(script)

    def get(self, number: int) -> dict[str, Any]:
        """Return a fault as it is listed.

        Raises:
            NotFound: there is no fault with this number, or it is over and no longer listed.
        """
        return self._find(number).shown()

    def list(self) -> "list[dict[str, Any]]":
        """Return all faults by number, including those that are over."""
        return [planned.shown() for planned in sorted(self._all(), key=lambda one: one.number)]

    def remove(self, number: int) -> None:
        """Delete a fault.

        Raises:
            NotFound: there is no fault with this number.
        """
        planned = self._find(number)
        (self._over if planned in self._over else self._waiting).remove(planned)

    def clear(self) -> None:
        """Delete all faults, and release the requests they hold back."""
        self._waiting.clear()
        self._over.clear()
        self.release()

    def release(self) -> None:
        """Release the requests that faults hold back: their connections are cut. Also for a shutdown."""
        for task in tuple(self.holds):
            task.cancel()

    def _all(self) -> Iterator[_Planned]:
        yield from self._over
        yield from self._waiting

    def _find(self, number: int) -> _Planned:
        for planned in self._all():
            if planned.number == number:
                return planned
        raise NotFound("fault", number)


def _check(script: Script) -> None:
    if not isinstance(script, WebhookFault) and script.operation is not None:
        check_operation(script.operation)
    if isinstance(script, StatusFault):
        has_body = script.body is not msgspec.UNSET
        if script.status in (204, 205, 304) and has_body:
            raise invalid("body", f"expected none, since a {script.status} response has no body")
        if isinstance(script.body, str) is False and script.content_type and has_body:
            media = script.content_type.partition(";")[0].strip().lower()
            if media != "application/json" and not media.endswith("+json"):
                raise invalid("content_type", f"expected JSON, as the body is, got {script.content_type!r}")
    if isinstance(script, SlowFault) and not script.delay and script.chunk is None:
        raise invalid("delay", "expected a delay above 0, a chunk, or both")
