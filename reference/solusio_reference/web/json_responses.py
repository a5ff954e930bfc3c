"""Answers in JSON, errors among them: for the billing endpoint and for the adapter."""

import msgspec
from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import Response

from solusio_reference.errors import Refusal


async def handle_refusal(_request: Request, refusal: Exception) -> Response:
    """Answer a request that was refused on purpose."""
    assert isinstance(refusal, Refusal)  # noqa: S101 - Starlette's signature says Exception
    return error_response(refusal)


async def handle_unexpected_error(_request: Request, _error: Exception) -> Response:
    """Answer a defect of ours: the caller learns nothing, the trace goes to the server's log."""
    return error_response(Refusal(500, "internal_error", "Something went wrong on our side."))


def routing_refusal(error: Exception, missing: str) -> Refusal:
    """Word what never reached a handler: another path (``missing`` says so), or another method."""
    assert isinstance(error, HTTPException)  # noqa: S101 - Starlette's signature says Exception
    if error.status_code == 405:
        allowed = (error.headers or {}).get("Allow", "POST")
        methods = [method for method in allowed.split(", ") if method != "HEAD"]
        headers = {"Allow": ", ".join(methods)}
        return Refusal(405, "method_not_allowed", f"Send a {' or '.join(methods)}.", headers=headers)
    return Refusal(404, "not_found", missing)


def error_response(refusal: Refusal) -> Response:
    """Put a refusal into JSON, since whoever asked for JSON wants to read errors so, too."""
    document = {"error": {"code": refusal.code, "message": refusal.message}}
    return json_response(refusal.status, msgspec.json.encode(document), refusal.headers)


def json_response(status: int, body: bytes, headers: dict[str, str] | None = None) -> Response:
    """Answer JSON bytes; Starlette sets Content-Length. Nobody on the way may keep a price."""
    return Response(
        body,
        status_code=status,
        headers={"Cache-Control": "no-store", **(headers or {})},
        media_type="application/json",
    )
