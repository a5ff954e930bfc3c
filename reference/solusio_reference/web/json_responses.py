"""JSON responses of the billing endpoint and the adapter, including their errors."""

from collections.abc import Awaitable, Callable

import msgspec
from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import Response

from solusio_reference.errors import Refusal


async def handle_refusal(_request: Request, refusal: Exception) -> Response:
    """Return the error response of a refusal."""
    assert isinstance(refusal, Refusal)  # noqa: S101 - Starlette's signature says Exception
    return error_response(refusal)


async def handle_unexpected_error(_request: Request, _error: Exception) -> Response:
    """Hide a bug of ours from the caller; the trace goes to the server's log."""
    return error_response(Refusal(500, "internal_error", "Something went wrong on our side."))


def routing_error_handler(not_found: str) -> Callable[[Request, Exception], Awaitable[Response]]:
    """Return a handler for wrong paths, which get the message ``not_found``, and wrong methods."""

    async def handle(_request: Request, error: Exception) -> Response:
        assert isinstance(error, HTTPException)  # noqa: S101 - Starlette's signature says Exception
        if error.status_code != 405:
            return error_response(Refusal(404, "not_found", not_found))
        allowed = (error.headers or {}).get("Allow", "POST")
        methods = [method for method in allowed.split(", ") if method != "HEAD"]
        headers = {"Allow": ", ".join(methods)}
        message = f"Send a {' or '.join(methods)}."
        return error_response(Refusal(405, "method_not_allowed", message, headers=headers))

    return handle


def error_response(refusal: Refusal) -> Response:
    """Return the error as JSON: callers who expect JSON can then read the error, too."""
    document = {"error": {"code": refusal.code, "message": refusal.message}}
    return json_response(refusal.status, msgspec.json.encode(document), refusal.headers)


def json_response(status: int, body: bytes, headers: dict[str, str] | None = None) -> Response:
    """Return JSON bytes. No cache may keep them, since prices change."""
    return Response(
        body,
        status_code=status,
        headers={"Cache-Control": "no-store", **(headers or {})},
        media_type="application/json",
    )
