"""A request with its response, as the journal keeps both, and as it shows them, without secrets."""

from typing import Any, Final, Literal, TypeAlias

import msgspec

from mock_solusio.moment import Micros, rfc3339
from mock_solusio.server.messages import Headers
from mock_solusio.traffic import redaction
from solusio_contracts.users.conduct.requests import SHORTEST

NO_PRICE: Final = "No price"
"""How the note begins of a request to the billing endpoint that brought no price."""

ExchangeKind: TypeAlias = Literal["api", "ui", "billing", "control", "webhook"]


# Thousands are kept: without `gc=False` the garbage collector would walk through all of them again and again.
class RawExchange(msgspec.Struct, frozen=True, gc=False):
    """One request and its response, including all secrets. To show it, use `shown`."""

    number: int
    moment: Micros
    kind: ExchangeKind
    method: str
    path: str
    query: bytes
    headers: bytes
    """As `join` returns them."""
    body: bytes
    status: int
    response_headers: bytes
    response_body: bytes
    operation: str
    milliseconds: float
    notes: tuple[str, ...]
    body_bytes: int
    response_body_bytes: int
    size: int

    def without_bodies(self) -> "RawExchange":
        """Return what the first lines of both messages say, and the headers of the request."""
        return msgspec.structs.replace(self, body=b"", response_body=b"", response_headers=b"")


def join(headers: Headers) -> bytes:
    """Return headers as one text, which takes a quarter of their memory; HTTP allows NUL in none of them."""
    return b"\0".join([text for header in headers for text in header])


def split(joined: bytes) -> Headers:
    """Return headers that were joined."""
    texts = joined.split(b"\0")
    return [*zip(texts[::2], texts[1::2], strict=False)]  # of no headers, one empty text is left


class JournalMessage(msgspec.Struct, frozen=True, kw_only=True):
    """A request or response as the journal shows it."""

    headers: list[tuple[str, str]]
    body: str
    bytes: int
    """Length of the original body; what is shown may be shorter."""


class ExchangeSummary(msgspec.Struct, frozen=True, kw_only=True):
    """An exchange in a few lines, without secrets."""

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


class JournalEntry(ExchangeSummary, frozen=True, kw_only=True):
    """An exchange as the journal shows it, without secrets."""

    request: JournalMessage
    response: JournalMessage


def shown(one: RawExchange) -> JournalEntry:
    """Return an exchange without secrets, such as its own access token outside the header."""
    headers = split(one.headers)
    return JournalEntry(
        **_summary(one),
        request=_message(headers, one.body, one.body_bytes, _access_token(headers)),
        response=_message(split(one.response_headers), one.response_body, one.response_body_bytes),
    )


def summary(one: RawExchange) -> ExchangeSummary:
    """Return an exchange without secrets, headers and bodies: the bodies cost most to read."""
    return ExchangeSummary(**_summary(one))


def _summary(one: RawExchange) -> dict[str, Any]:
    secret = _access_token(split(one.headers))
    return {
        "number": one.number,
        "moment": rfc3339(one.moment),
        "kind": one.kind,
        "method": one.method,
        "path": path_of(one),
        "query": _without(secret, redaction.query(one.query.decode("utf-8", "backslashreplace"))),
        "operation": one.operation or None,
        "status": one.status or None,
        "milliseconds": round(one.milliseconds, 3),
        "notes": tuple(_without(secret, redaction.free_text(note)) for note in one.notes),
    }


def _access_token(headers: Headers) -> str:
    header = next((value for name, value in headers if name.lower() == b"authorization"), b"")
    return header.decode("latin-1").strip().rpartition(" ")[2]


def path_of(one: RawExchange) -> str:
    """Return the path of an exchange as it is shown."""
    return _without(_access_token(split(one.headers)), redaction.free_text(one.path))


def _without(secret: str, text: str) -> str:
    return text.replace(secret, redaction.HIDDEN) if len(secret) >= SHORTEST else text


def _message(headers: Headers, body: bytes, whole: int, secret: str = "") -> JournalMessage:
    content_type = next((value for name, value in headers if name.lower() == b"content-type"), b"")
    text = _without(secret, redaction.body(body, content_type.decode("latin-1").lower()))
    return JournalMessage(headers=redaction.headers(headers), body=text, bytes=whole)


def text_of(entry: JournalEntry) -> str:
    """Return all that is shown of an exchange, for a search."""
    heads = [f"{name}: {value}" for name, value in (*entry.request.headers, *entry.response.headers)]
    return "\n".join([entry.path, entry.query, *heads, entry.request.body, entry.response.body, *entry.notes])
