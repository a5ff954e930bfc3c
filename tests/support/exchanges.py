"""One exchange with a server, and scripts for that server."""

import ssl
from collections.abc import Callable
from typing import Any

from solusio_contracts.http.connection import Connection, exchange_on
from solusio_contracts.http.exchange import Exchange, Request
from solusio_contracts.http.url import Origin

QUESTION = Request.form((("action", "GetTokenPricing"), ("userid", "1")))

BODY = b'{"base_token_unit_cost": 1.34}'

GOOD = b"HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nContent-Length: 30\r\n\r\n" + BODY
LONG = 10.0
"""Seconds that are never waited: whatever goes wrong shows long before."""
SOON = 0.3
"""Seconds after which an answer that does not come is given up."""


def ask(
    url: str,
    request: Request = QUESTION,
    *,
    timeout: float = LONG,
    tls: ssl.SSLContext | None = None,
    **more: Any,
) -> Exchange:
    with Connection(Origin.of(url), tls=tls, timeout=timeout) as connection:
        return exchange_on(connection, request, number=7, description="a question", **more)


def answering(*parts: bytes | float, close: bool = True) -> Callable[[Any], None]:
    """Return a script: read one request, send the parts; numbers are pauses in seconds."""

    def script(peer: Any) -> None:
        peer.request()
        for part in parts:
            if isinstance(part, bytes):
                peer.send(part)
            else:
                peer.pause(part)
        if not close:
            peer.until_closed()

    return script
