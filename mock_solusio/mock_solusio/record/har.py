"""Reads HAR 1.2 files, as browsers, mitmproxy and Charles export them, as exchanges to be recorded.

A browser exports everything that its page did. What is not an answered request to the API is left out and
counted, with the reason; an entry that HAR does not allow is one of them.
"""

import base64
import re
from collections import Counter
from datetime import UTC, datetime
from pathlib import Path
from typing import Final
from urllib.parse import SplitResult, unquote, urlencode, urlsplit

import msgspec

from mock_solusio.record.anonymising import RealExchange
from mock_solusio.server.messages import STATUSES, Headers
from solusio_contracts.decoding import DecodingError, MisfitError, from_json, read_text

ELSEWHERE: Final = "not below /api/v1 (--all-paths imports them)"
NOT_IN_THE_FILE: Final = "not in the HAR file"
"""Why a recording lacks a body that was sent: browsers drop them from their cache, and cut large ones."""

_STANDARD: Final = {"http": 80, "https": 443}
_SOCKETS: Final = frozenset({"ws", "wss"})
_WITHOUT_BODY: Final = frozenset({204, 205, 304})
LARGEST: Final = 1024 * 1024 * 1024
"""Bytes of a file; a browser's session of a day has some hundred megabytes."""
_ESCAPE: Final = re.compile(
    r"\\(?:u[dD][89abAB][0-9a-fA-F]{2}\\u[dD][c-fC-F][0-9a-fA-F]{2}|(u[dD][89a-fA-F][0-9a-fA-F]{2})|.)",
    re.DOTALL,
)
"""Any escape in a JSON text; the group is half of a surrogate pair."""


class HarError(Exception):
    """A file is not HAR; the text says why, and quotes no values from it."""


class _LeftOutError(Exception):
    """An entry is left out; the text is the reason, and quotes no values from it."""


class _Pair(msgspec.Struct, frozen=True):
    name: str | None = ""
    value: str | None = ""


class _PostData(msgspec.Struct, frozen=True, rename="camel"):
    mime_type: str | None = ""
    text: str | None = None
    params: list[_Pair] | None = None


class _Request(msgspec.Struct, frozen=True, rename="camel"):
    method: str
    url: str
    headers: list[_Pair] | None = None
    post_data: _PostData | None = None


class _Content(msgspec.Struct, frozen=True, rename="camel"):
    size: float | None = 0
    mime_type: str | None = ""
    text: str | None = None
    encoding: str | None = None


class _Response(msgspec.Struct, frozen=True, rename="camel"):
    status: int | None = None
    headers: list[_Pair] | None = None
    content: _Content | None = None
    body_size: float | None = 0


class _HarEntry(msgspec.Struct, frozen=True, rename="camel"):
    request: _Request
    started_date_time: str | None = None
    response: _Response | None = None
    time: float | None = 0


class _Log(msgspec.Struct, frozen=True):
    entries: list[msgspec.Raw]


class _File(msgspec.Struct, frozen=True):
    log: _Log


class HarFile:
    """The exchanges of a file.

    Raises:
        HarError: it cannot be read, or is not HAR.
    """

    def __init__(self, path: Path) -> None:
        try:
            text = read_text(path, largest=LARGEST)
            try:
                file = from_json(text, _File, str(path))
            except MisfitError:
                raise
            except DecodingError:
                # JavaScript, and so a browser, writes half of a surrogate pair, which no UTF-8 text can have.
                file = from_json(_ESCAPE.sub(_whole, text), _File, str(path))
            self._entries = file.log.entries
        except MisfitError as error:
            # Without the value: it may be a secret.
            raise HarError(
                f"{path} is not a HAR file: {error.place or 'the whole'}: expected {error.expected}"
            ) from error
        except DecodingError as error:
            raise HarError(str(error)) from error
        self.left_out: Counter[str] = Counter()
        """How many entries were left out, by reason."""
        self.without_body = 0
        """Responses whose body the file lacks."""

    def exchanges(self, below: str) -> list[RealExchange]:
        """Return the exchanges whose path begins with `below`, in order of time, without numbers."""
        made = []
        for entry in self._entries:
            try:
                made.append(_exchange(entry, below))
            except _LeftOutError as error:
                self.left_out[str(error)] += 1
        self.without_body = sum(one.response_body is None for one in made)
        return sorted(made, key=lambda one: one.moment)


def _whole(escape: re.Match[str]) -> str:
    """Return an escape, or the replacement character for half of a surrogate pair."""
    return escape[0] if escape[1] is None else r"\ufffd"


def _exchange(raw: msgspec.Raw, below: str) -> RealExchange:
    try:
        entry = from_json(bytes(raw), _HarEntry)
    except MisfitError as error:
        raise _LeftOutError(f"not as HAR describes an entry ({error.place or 'the whole'})") from None
    except DecodingError as error:
        raise _LeftOutError(error.problem) from None
    parts, port = _url(entry.request.url)
    path = unquote(parts.path) or "/"
    if not f"{path}/".startswith(below):
        raise _LeftOutError(ELSEWHERE)
    request, response = entry.request, entry.response
    if response is None or response.status in (None, 0, 101):
        raise _LeftOutError("a web socket" if response and response.status == 101 else "without a response")
    status = response.status or 0
    if status not in STATUSES:
        raise _LeftOutError("with a status that HTTP does not have")
    post, content = request.post_data, response.content or _Content()
    headers = _headers(response.headers, content.mime_type)
    size = _size(response, content, headers)
    return RealExchange(
        number=0,
        moment=_moment(entry.started_date_time),
        milliseconds=max(entry.time or 0, 0),
        method=request.method.upper(),
        origins=frozenset({f"{parts.hostname}:{port}"}),
        path=path,
        query=parts.query,
        headers=_headers(request.headers, post.mime_type if post else ""),
        body=_posted(post),
        status=status,
        response_headers=headers,
        response_body=_received(request.method.upper(), status, content, size),
        response_bytes=size,
        missing=NOT_IN_THE_FILE,
    )


def _url(text: str) -> tuple[SplitResult, int]:
    try:
        parts = urlsplit(text)
        if parts.scheme in _SOCKETS:
            raise _LeftOutError("a web socket")
        if parts.scheme in _STANDARD and parts.hostname:
            return parts, parts.port or _STANDARD[parts.scheme]
    except ValueError:
        pass
    raise _LeftOutError("not a request to an http or https URL")


def _moment(text: str | None) -> str:
    try:
        moment = datetime.fromisoformat(text or "").astimezone(UTC)
    except (ValueError, OverflowError):
        raise _LeftOutError("startedDateTime is not in ISO 8601") from None
    return moment.isoformat(timespec="milliseconds").replace("+00:00", "Z")


def _headers(pairs: list[_Pair] | None, mime_type: str | None) -> Headers:
    made = [
        ((one.name or "").lower().encode("utf-8", "replace"), (one.value or "").encode("utf-8", "replace"))
        for one in pairs or ()
        if one.name and not one.name.startswith(":")  # pseudo headers of HTTP/2
    ]
    if mime_type and not any(name == b"content-type" for name, _ in made):
        made.append((b"content-type", mime_type.encode("utf-8", "replace")))
    return made


def _posted(post: _PostData | None) -> bytes:
    if post is None:
        return b""
    if post.text:
        return post.text.encode("utf-8", "surrogatepass")
    return urlencode([(one.name or "", one.value or "") for one in post.params or ()]).encode()


def _size(response: _Response, content: _Content, headers: Headers) -> int:
    """Return the bytes of a body, by the file: in `content`, in the response, or in a header."""
    told = [content.size or 0, response.body_size or 0]
    told += [int(value) for name, value in headers if name == b"content-length" and value.isdigit()]
    return int(max(*told, 0))


def _received(method: str, status: int, content: _Content, size: int) -> bytes | None:
    """Return the body of a response; None if the file lacks it."""
    if method == "HEAD" or status in _WITHOUT_BODY:
        return b""
    if not content.text:
        return None if size else b""
    if not content.encoding:
        return content.text.encode("utf-8", "surrogatepass")
    if content.encoding.lower() != "base64":
        raise _LeftOutError("with a body whose encoding is neither absent nor base64")
    try:
        return base64.b64decode(content.text, validate=True)
    except ValueError:
        raise _LeftOutError("with a body that is not base64, though it is called that") from None
