"""Cross-origin requests: lets the browser code of other origins call the API (Starlette decides)."""

import functools
from collections.abc import Sequence

from starlette.datastructures import Headers
from starlette.middleware.cors import CORSMiddleware

from mock_solusio.server.asgi import Message, Receive, Scope, Send
from mock_solusio.server.messages import Request, Response


async def _unused(_: Scope, __: Receive, ___: Send) -> None:
    raise AssertionError("the middleware only answers preflight requests and adds headers")


_ASKED = ("origin", "access-control-request-method")


class Cors:
    """The origins whose pages may call the API; `*` is any."""

    def __init__(self, origins: Sequence[str]) -> None:
        self._middleware = CORSMiddleware(
            _unused,
            allow_origins=origins,
            allow_methods=["*"],
            allow_headers=["*"],
            allow_private_network=True,  # Chrome asks before a public page may call this machine
            expose_headers=["Retry-After"],
        )

    def preflight(self, request: Request) -> Response | None:
        """Answer the preflight request of a browser; return None for any other request."""
        headers = Headers(raw=list(request.headers))
        if request.method != "OPTIONS" or not all(name in headers for name in _ASKED):
            return None
        made = self._middleware.preflight_response(headers)
        notes = (
            [] if made.status_code == 200 else [f"start with --cors {headers['origin']} to allow this page"]
        )
        return Response(made.status_code, made.raw_headers, bytes(made.body), notes=notes)

    def allowing(self, request: Request, send: Send) -> Send:
        """Return a `send` that adds what the browser needs to pass the response on to the page."""
        headers = Headers(raw=list(request.headers))
        if "origin" not in headers:
            return send

        # Faults find the connection through the `send` that is wrapped.
        @functools.wraps(send)
        async def with_headers(message: Message) -> None:
            await self._middleware.send(message, send, headers)

        return with_headers
