"""Reads HAR 1.2 files, as browsers, mitmproxy and Charles export them, as exchanges to be recorded."""

import base64
import binascii
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path
from typing import Final
from urllib.parse import unquote, urlencode, urlsplit

import msgspec

from mock_solusio.record.anonymising import RealExchange
from mock_solusio.server.messages import Headers
from solusio_contracts.decoding import DecodingError, MisfitError, from_json, read_text

_STANDARD: Final = {"http": 80, "https": 443}


class HarError(Exception):
    """A file is not HAR; the text says why, and quotes no values from it."""


class _Pair(msgspec.Struct, frozen=True):
    name: str
    value: str = ""


class _PostData(msgspec.Struct, frozen=True, rename="camel"):
    mime_type: str | None = ""
    text: str | None = None
    params: list[_Pair] | None = None


class _Request(msgspec.Struct, frozen=True, rename="camel"):
    method: str
    url: str
    headers: list[_Pair] = []
    post_data: _PostData | None = None


class _Content(msgspec.Struct, frozen=True, rename="camel"):
    size: float = 0
    mime_type: str | None = ""
    text: str | None = None
    encoding: str | None = None


class _Response(msgspec.Struct, frozen=True):
    status: int
    headers: list[_Pair] = []
    content: _Content = _Content()


class _HarEntry(msgspec.Struct, frozen=True, rename="camel"):
    started_date_time: str
    request: _Request
    response: _Response
    time: float | None = 0


class _Log(msgspec.Struct, frozen=True):
    entries: list[_HarEntry]


class _File(msgspec.Struct, frozen=True):
    log: _Log


class HarFile:
    """The exchanges of a file.

    Raises:
        HarError: it cannot be read, or is not HAR.
    """

    def __init__(self, path: Path) -> None:
        try:
            self._entries = from_json(read_text(path), _File, str(path)).log.entries
        except MisfitError as error:
            # Without the value: it may be a secret.
            raise HarError(
                f"{path} is not a HAR file: {error.place or 'the whole'}: expected {error.expected}"
            ) from error
        except DecodingError as error:
            raise HarError(str(error)) from error
        self._path = path
        self.unanswered = 0
        """Requests left out because they had no response."""
        self.elsewhere = 0
        """Requests left out because they were not for the API."""

    def exchanges(self, below: str) -> Iterator[RealExchange]:
        """Yield the exchanges whose path begins with `below`, in order of time, without numbers.

        Raises:
            HarError: a URL, time or body is not valid.
        """
        made = []
        for at, entry in enumerate(self._entries):
            try:
                exchange = _exchange(entry)
            except (ValueError, binascii.Error) as error:
                raise HarError(f"{self._path}: log.entries[{at}]: {error}") from error
            if not (exchange.path + "/").startswith(below):
                self.elsewhere += 1
            elif exchange.status == 0:
                self.unanswered += 1
            else:
                made.append(exchange)
        yield from sorted(made, key=lambda one: one.moment)


def _exchange(entry: _HarEntry) -> RealExchange:
    try:
        parts = urlsplit(entry.request.url)
        port = parts.port or _STANDARD.get(parts.scheme)
    except ValueError:
        raise ValueError("the URL is not valid") from None
    if parts.scheme not in _STANDARD or not parts.hostname:
        raise ValueError("the URL is not an http or https URL")
    try:
        moment = datetime.fromisoformat(entry.started_date_time).astimezone(UTC)
    except (ValueError, OverflowError):
        raise ValueError("startedDateTime is not in ISO 8601") from None
    request, response = entry.request, entry.response
    post = request.post_data
    return RealExchange(
        number=0,
        moment=moment.isoformat(timespec="milliseconds").replace("+00:00", "Z"),
        milliseconds=max(entry.time or 0, 0),
        method=request.method.upper(),
        origins=frozenset({f"{parts.hostname}:{port}"}),
        path=unquote(parts.path) or "/",
        query=parts.query,
        headers=_headers(request.headers, post.mime_type if post else ""),
        body=_posted(post),
        status=response.status,
        response_headers=_headers(response.headers, response.content.mime_type),
        response_body=_content(response.content),
        response_bytes=max(int(response.content.size), 0),
    )


def _headers(pairs: list[_Pair], mime_type: str | None) -> Headers:
    made = [
        (one.name.lower().encode("utf-8", "replace"), one.value.encode("utf-8", "replace"))
        for one in pairs
        if not one.name.startswith(":")  # pseudo headers of HTTP/2
    ]
    if mime_type and not any(name == b"content-type" for name, _ in made):
        made.append((b"content-type", mime_type.encode("utf-8", "replace")))
    return made


def _posted(post: _PostData | None) -> bytes:
    if post is None:
        return b""
    if post.text:
        return post.text.encode("utf-8", "surrogatepass")
    return urlencode([(one.name, one.value) for one in post.params or ()]).encode()


def _content(content: _Content) -> bytes | None:
    if content.text is None:
        return b"" if content.size <= 0 else None
    if not content.encoding:
        return content.text.encode("utf-8", "surrogatepass")
    if content.encoding.lower() != "base64":
        raise ValueError("the encoding of a body is neither absent nor base64")
    try:
        return base64.b64decode(content.text, validate=True)
    except ValueError:
        raise ValueError("a body is not base64") from None
