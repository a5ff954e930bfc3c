"""A request and its response as plain values, between the ASGI server and everything else."""

import re
from collections.abc import Sequence
from typing import Any, Final

import msgspec

Headers = Sequence[tuple[bytes, bytes]]

JSON_TYPE = (b"content-type", b"application/json")

STATUSES: Final = range(200, 600)
"""The statuses of a final response (RFC 9110, 15)."""

_NAME: Final = re.compile(rb"[!#$%&'*+.^_`|~0-9A-Za-z-]+")
_VALUE: Final = re.compile(rb"[\t\x20-\x7e\x80-\xff]*")


class Request(msgspec.Struct, eq=False):
    """One HTTP request with its whole body."""

    method: str
    path: str
    """Decoded path, without the query; repeated slashes are merged, as web servers do (nginx's default)."""
    query: bytes
    headers: Headers
    body: bytes
    scheme: str
    client: str
    """Address of the client."""
    notes: list[str] = []
    """What the journal says about it."""

    def header(self, name: bytes) -> bytes | None:
        """Return the first header of this name (in lower case)."""
        for key, value in self.headers:
            if key == name:
                return value
        return None

    @property
    def wants_page(self) -> bool:
        """Whether it is a browser's that opens an address: no client of the API accepts HTML."""
        return b"text/html" in (self.header(b"accept") or b"")

    @property
    def base_url(self) -> str:
        """Scheme and host by which the client reached the mock; links lead back there (facts, 0.11)."""
        host = self.header(b"host") or b"localhost"
        return f"{self.scheme}://{host.decode('latin-1')}"


class Response(msgspec.Struct, eq=False):
    """One complete HTTP response."""

    status: int
    headers: Headers
    body: bytes = b""
    operation: str = ""
    """operationId, if the request had one."""
    notes: list[str] = []
    """What the journal says about it."""


def json_response(
    status: int, value: Any, headers: Headers = (), *, operation: str = "", notes: Sequence[str] = ()
) -> Response:
    """Return a response whose body is JSON."""
    body = msgspec.json.encode(value)
    length = (b"content-length", str(len(body)).encode())
    return Response(status, (JSON_TYPE, length, *headers), body, operation, list(notes))


def insufficient_storage(reason: str) -> Response:
    """Return the response to a request whose changes could not be kept."""
    message = f"The state cannot be kept: {reason}. Nothing was changed."
    return json_response(507, {"message": message}, notes=[message])


def unsendable(status: int, headers: Headers) -> str:
    """Return why HTTP cannot send a response; an empty string if it can (RFC 9110, 5.1, 5.5 and 15)."""
    if status not in STATUSES:
        return f"expected a status from {STATUSES.start} to {STATUSES.stop - 1}, got {status}"
    for name, value in headers:
        if not _NAME.fullmatch(name):
            return f"{name.decode('latin-1')!r} is not a name of a header"
        if not _VALUE.fullmatch(value):
            return f"the header {name.decode('latin-1')} has control characters"
    return ""
