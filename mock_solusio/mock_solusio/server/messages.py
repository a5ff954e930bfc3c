"""A request and its response as plain values, between the ASGI server and everything else."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any

import msgspec

Headers = Sequence[tuple[bytes, bytes]]

JSON_TYPE = (b"content-type", b"application/json")


@dataclass(slots=True)
class Request:
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
    notes: list[str] = field(default_factory=list)
    """What the journal says about it."""

    def header(self, name: bytes) -> bytes | None:
        """Return the first header of this name (in lower case)."""
        for key, value in self.headers:
            if key == name:
                return value
        return None

    @property
    def base_url(self) -> str:
        """Scheme and host by which the client reached the mock; links lead back there (facts, 0.11)."""
        host = self.header(b"host") or b"localhost"
        return f"{self.scheme}://{host.decode('latin-1')}"


@dataclass(slots=True)
class Response:
    """One complete HTTP response."""

    status: int
    headers: Headers
    body: bytes = b""
    operation: str = ""
    """operationId, if the request had one."""
    notes: list[str] = field(default_factory=list)
    """What the journal says about it."""


def json_response(
    status: int, value: Any, headers: Headers = (), *, operation: str = "", notes: Sequence[str] = ()
) -> Response:
    """Return a response whose body is JSON."""
    body = msgspec.json.encode(value)
    length = (b"content-length", str(len(body)).encode())
    return Response(status, [JSON_TYPE, length, *headers], body, operation, list(notes))
