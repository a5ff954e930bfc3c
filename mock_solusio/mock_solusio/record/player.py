"""Answers requests from a recording.

A request matches a recorded one with the same method, path, query and body. The order of parameters and
members does not matter, an empty body equals `{}`, and credentials in a body are not compared. Several
recorded responses are sent in their order, and the last one is repeated. If no body is equal, one matches
that differs only where the recording has pseudonyms, such as in the email address of a new user.

With the seed of the recording, requests with the real values match too.

A response to a condition or a range (304, 412, 206, 416) is for requests with one alone. A response whose
body the recording lacks is not sent: 501 says so, unless its status is an error.
"""

import difflib
import functools
import json
import re
from collections.abc import Collection, Iterable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Final
from urllib.parse import parse_qsl, urlencode

import msgspec

from mock_solusio.api.routes import PREFIX, routes
from mock_solusio.record import policy
from mock_solusio.record.anonymising import Anonymiser, content_type
from mock_solusio.record.archive import (
    Body,
    FormBody,
    HiddenBody,
    JsonBody,
    NoBody,
    RecordedExchange,
    RecordedRequest,
    RecordingError,
    RecordingReader,
)
from mock_solusio.record.pseudonyms import Pseudonyms
from mock_solusio.server.messages import Request, Response, json_response, unsendable
from mock_solusio.traffic import redaction

_NEAREST: Final = 3
_OWN_HEADERS: Final = frozenset({"date", "age", "content-length"})
"""Headers that the server sets itself."""

_NEEDS: Final = {
    **dict.fromkeys(
        (304, 412), (b"if-none-match", b"if-modified-since", b"if-match", b"if-unmodified-since", b"if-range")
    ),
    **dict.fromkeys((206, 416), (b"range",)),
}
"""The headers of which a request has one if it is to get a response with this status."""
_DESCRIBES_TRANSFER: Final = frozenset({"connection", "content-encoding", "transfer-encoding"})

_Key = tuple[str, str, tuple[tuple[str, str], ...]]


@dataclass(frozen=True, slots=True)
class _RecordedRequest:
    """A recorded request in the index; its file is read again for the response."""

    number: int
    authorization: str
    body: str
    loose_body: str
    masked: frozenset[str]
    """Places in the body that have pseudonyms."""
    status: int
    """The status of the response."""


@dataclass(slots=True)
class _Lookup:
    """A request in one of the forms in which it may have been recorded: as it is, or anonymised."""

    key: _Key
    authorization: str
    body: Any
    canonical: str
    loose: dict[frozenset[str], str] = field(default_factory=dict)

    def loosely(self, masked: frozenset[str]) -> str:
        """Return the body without the places where another has pseudonyms."""
        if masked not in self.loose:
            self.loose[masked] = _canonical(self.body, masked)
        return self.loose[masked]


class RecordingPlayer:
    """Answers from a recording. With `only`, API requests without a recorded response are refused.

    Raises:
        RecordingError: the folder has no recording, or one made with another seed, or with a response that
            HTTP cannot send.
    """

    def __init__(self, folder: Path, *, seed: str | None = None, only: bool = False) -> None:
        self._reader = RecordingReader(folder)
        self._only = only
        self._anonymiser: Anonymiser | None = None
        if seed is not None:
            pseudonyms = Pseudonyms(seed)
            if pseudonyms.fingerprint != self._reader.fingerprint:
                raise RecordingError(f"{folder} was recorded with another seed")
            self._anonymiser = Anonymiser(pseudonyms)
        self._entries: dict[_Key, list[_RecordedRequest]] = {}
        for one in self._reader:
            _require_sendable(one)
            entry = _entry(one)
            self._entries.setdefault(_key(one.request), []).append(entry)
        self._next: dict[tuple[int, ...], int] = {}
        self._origin = re.compile(re.escape(self._reader.origin) + r"(?![\w.:-])")

    def __len__(self) -> int:
        return sum(map(len, self._entries.values()))

    def rewind(self) -> None:
        """Restart all sequences of responses."""
        self._next.clear()

    def answer(self, request: Request) -> Response | None:
        """Return the recorded response; None leaves the request to the mock."""
        lookups = self._lookups(request)
        for loosely in (False, True):
            for lookup in lookups:
                found = [
                    entry
                    for entry in self._matching(lookup, loosely)
                    if entry.status not in _NEEDS or any(map(request.header, _NEEDS[entry.status]))
                ]
                if found:
                    return self._response(request, self._chosen(found, lookups), loosely)
        if not self._only or not request.path.startswith(f"{PREFIX}/"):
            return None
        near = self._nearest(lookups[0])
        hint = f" Did you mean: {'; '.join(near)}?" if near else ""
        target = redaction.path(request.path)
        if request.query:
            target += f"?{redaction.query(request.query.decode('latin-1'))}"
        message = f"The recording has no response to {request.method} {target}.{hint}"
        return json_response(501, {"message": message}, notes=[message])

    def _lookups(self, request: Request) -> list[_Lookup]:
        query = request.query.decode("latin-1")
        plain = RecordedRequest(
            method=request.method,
            path=request.path,
            query=parse_qsl(query, keep_blank_values=True),
            headers=[("authorization", (request.header(b"authorization") or b"").decode("latin-1"))],
        )
        lookups = [_lookup(plain, _value_of(request))]
        if self._anonymiser is not None:
            headers = [(name, value) for name, value in request.headers]
            anonymised = self._anonymiser.request(
                request.method, request.path, query, headers, request.body, origins=frozenset()
            )
            lookups.append(_lookup(anonymised, _value(anonymised.body)))
        return lookups

    def _matching(self, lookup: _Lookup, loosely: bool) -> list[_RecordedRequest]:
        entries = self._entries.get(lookup.key, ())
        if not loosely:
            return [entry for entry in entries if entry.body == lookup.canonical]
        return [
            entry for entry in entries if entry.masked and entry.loose_body == lookup.loosely(entry.masked)
        ]

    def _chosen(self, found: list[_RecordedRequest], lookups: Iterable[_Lookup]) -> int:
        """Return the number of the next response; those for the same access token come first."""
        known = {lookup.authorization for lookup in lookups}
        numbers = tuple(entry.number for entry in found if entry.authorization in known) or tuple(
            entry.number for entry in found
        )
        at = self._next.get(numbers, 0)
        self._next[numbers] = min(at + 1, len(numbers) - 1)
        return numbers[at]

    def _response(self, request: Request, number: int, loosely: bool) -> Response:
        recorded = self._reader.read(number).response
        if isinstance(recorded.body, HiddenBody) and recorded.status < 400:
            message = (
                f"The recording lacks the body of this response, exchange {number}: {recorded.body.reason}."
            )
            return json_response(501, {"message": message}, notes=[message])
        headers = [
            (name.encode("latin-1"), self._linked_here(value, request).encode("latin-1"))
            for name, value in recorded.headers
            if name not in _OWN_HEADERS
        ]
        body = self._linked_here(_text(recorded.body), request).encode()
        if body or recorded.status not in (204, 304):
            headers.append((b"content-length", str(len(body)).encode()))
        if isinstance(recorded.body, HiddenBody) and "json" in content_type(headers):
            headers = [pair for pair in headers if pair[0] != b"content-type"]
            headers.append((b"content-type", b"text/plain; charset=utf-8"))
        note = f"from the recording, exchange {number}"
        if loosely:
            note += ", with another body where it was anonymised"
        route, _, _ = routes().find(request.method, request.path.removeprefix(PREFIX))
        return Response(recorded.status, headers, body, route.id if route else "", [note])

    def _linked_here(self, text: str, request: Request) -> str:
        """Replace the installation's address by the mock's, so that links work."""
        return self._origin.sub(lambda _: request.base_url, text)

    # Near misses

    def _nearest(self, lookup: _Lookup) -> list[str]:
        method, path, _ = lookup.key
        same_path = [key for key in self._entries if key[1] == path]
        found = [
            "the same with another body"
            if key == lookup.key
            else f"{_shown(key)} (another query)"
            if key[0] == method
            else f"{_shown(key)} (another method)"
            for key in sorted(same_path, key=lambda key: (key != lookup.key, key[0] != method, key))
        ]
        if not found:
            # Without the prefix that all have in common.
            shown = {f"{key[0]} {key[1].removeprefix(PREFIX)}": key for key in self._entries}
            asked = f"{method} {path.removeprefix(PREFIX)}"
            close = difflib.get_close_matches(asked, shown, n=_NEAREST, cutoff=0.6)
            found = [_shown(shown[one]) for one in close]
        return found[:_NEAREST]


def _entry(one: RecordedExchange) -> _RecordedRequest:
    prefix = "request.body"
    masked = frozenset(
        place.partition("/(json)")[0] for place in one.replaced if place.startswith(f"{prefix}/")
    )
    value = _value(one.request.body)
    return _RecordedRequest(
        number=one.number,
        authorization=_authorization(one.request),
        body=_canonical(value, ()),
        loose_body=_canonical(value, masked),
        masked=masked,
        status=one.response.status,
    )


def _require_sendable(one: RecordedExchange) -> None:
    """Refuse at the start what would break the connection later; the files may have been edited."""
    response = one.response
    place = f"exchange {one.number}"
    try:
        headers = [(name.encode("latin-1"), value.encode("latin-1")) for name, value in response.headers]
    except UnicodeEncodeError:
        raise RecordingError(f"{place}: a header has characters beyond ISO 8859-1") from None
    if problem := unsendable(response.status, headers):
        raise RecordingError(f"{place}: {problem}")
    for name, _ in response.headers:
        if name.lower() in _DESCRIBES_TRANSFER:
            raise RecordingError(f"{place}: the header {name} does not fit a body as it is recorded")
    if response.status in (204, 205, 304) and not isinstance(response.body, NoBody):
        raise RecordingError(f"{place}: a {response.status} response has no body")


def _lookup(request: RecordedRequest, body: Any) -> _Lookup:
    return _Lookup(_key(request), _authorization(request), body, _canonical(body, ()))


def _key(request: RecordedRequest) -> _Key:
    return request.method, request.path.rstrip("/") or "/", tuple(sorted(request.query))


def _authorization(request: RecordedRequest) -> str:
    return next((value for name, value in request.headers if name == "authorization"), "")


def _shown(key: _Key) -> str:
    method, path, query = key
    return f"{method} {path}" + (f"?{urlencode(query, safe='[]@,:')}" if query else "")


# Bodies


def _value_of(request: Request) -> Any:
    """Return the body of a request in the form in which bodies are compared."""
    if not request.body.strip():
        return None
    if content_type(request.headers) == "application/x-www-form-urlencoded":
        pairs = parse_qsl(request.body.decode("utf-8", "replace"), keep_blank_values=True)
        return _Form(pairs)
    try:
        return json.loads(request.body)
    except (ValueError, RecursionError):
        return _Unreadable()


def _value(body: Body) -> Any:
    match body:
        case JsonBody(value):
            return json.loads(bytes(value))
        case FormBody(fields):
            return _Form(fields)
        case HiddenBody():
            return _Unreadable()
    return None


class _Form(list[tuple[str, str]]):
    """A form, distinct from a JSON list."""


class _Unreadable:
    """A body that cannot be compared; all such bodies are equal."""


def _canonical(value: Any, wild: Collection[str]) -> str:
    """Return a body as a text that is the same for equal bodies; places in `wild` do not count."""
    if isinstance(value, _Unreadable):
        return "unreadable"
    if isinstance(value, _Form):
        form = [
            [name, _leaf(f"request.body/{name}", policy.field_of(name), text, wild)] for name, text in value
        ]
        return "form " + json.dumps(sorted(form, key=repr))
    if value is None or value in ({}, []):
        return ""
    return json.dumps(_masked("request.body", "", value, wild), sort_keys=True)


def _masked(place: str, name: str, value: Any, wild: Collection[str]) -> Any:
    if isinstance(value, dict):
        return {key: _masked(f"{place}/{key}", policy.field_of(key), one, wild) for key, one in value.items()}
    if isinstance(value, list):
        return [_masked(f"{place}/*", name, one, wild) for one in value]
    return _leaf(place, name, value, wild)


def _leaf(place: str, name: str, value: Any, wild: Collection[str]) -> Any:
    if place in wild:
        return {"": "anything"}
    if value and isinstance(value, str | int) and not isinstance(value, bool):
        secret = policy.is_secret(name) if isinstance(value, str) else policy.is_secret_number(name)
        if secret:
            return {"": "credential"}
    return value


def _text(body: Body) -> str:
    match body:
        case JsonBody(value):
            return _compact(bytes(value)).decode()
        case FormBody(fields):
            return urlencode(fields)
        case HiddenBody(size):
            return f"(The recording did not keep this body of {size} bytes.)"
    return ""


@functools.lru_cache(maxsize=64)
def _compact(text: bytes) -> bytes:
    return msgspec.json.format(text, indent=-1)
