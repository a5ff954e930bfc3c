"""Read what SolusIO posts: a form, not JSON (vendor page, step 6)."""

from urllib.parse import parse_qsl

from starlette.requests import ClientDisconnect, Request

from solusio_reference.errors import Refusal

MEDIA_TYPE = "application/x-www-form-urlencoded"
MAX_BODY_BYTES = 64 * 1024  # an honest request has about 100 bytes
MAX_FIELDS = 1000  # as PHP's max_input_vars

Form = dict[str, list[str]]
"""Every value of every parameter, so that a doubled parameter is seen and not silently lost."""


async def read_form(request: Request) -> Form:
    """Read and decode the body of a request.

    Raises Refusal: 415 for another media type, 413 for a body over 64 KiB, 400 for one that
    stops half way, has over 1000 fields, or is not UTF-8 (also in its percent-escapes).
    """
    media_type = request.headers.get("content-type", "").partition(";")[0].strip().lower()
    if media_type != MEDIA_TYPE:
        raise Refusal(415, "unsupported_media_type", f"Send the parameters as {MEDIA_TYPE}.")
    body = await _read_body(request)
    form: Form = {}
    try:
        pairs = parse_qsl(
            body.decode(),
            keep_blank_values=True,  # "token=" is an empty token, not a missing one
            errors="strict",  # %FF is refused; by default it would turn into U+FFFD
            max_num_fields=MAX_FIELDS,
        )
    except ValueError:  # which UnicodeDecodeError is, too
        raise Refusal(400, "malformed_form", "The body is not a valid form in UTF-8.") from None
    for name, value in pairs:
        form.setdefault(name, []).append(value)
    return form


async def _read_body(request: Request) -> bytes:
    # Counted while reading: Content-Length may be missing (chunked), and is only a claim.
    body = bytearray()
    try:
        async for chunk in request.stream():
            body += chunk
            if len(body) > MAX_BODY_BYTES:
                raise Refusal(413, "body_too_large", "The body is larger than 64 KiB.")
    except ClientDisconnect:
        raise Refusal(400, "incomplete_body", "The body stopped half way.") from None
    return bytes(body)


def optional(form: Form, name: str) -> str | None:
    """Return the one value of a parameter, or None. Raises Refusal (400) if it came twice.

    Of two values somebody has to choose, and a proxy in front may choose the other one. PHP
    takes the last without a word.
    """
    values = form.get(name, [])
    if len(values) > 1:
        raise Refusal(400, "duplicate_parameter", f"Send {name} only once.")
    return values[0] if values else None


def required(form: Form, name: str) -> str:
    """Return the one value of a parameter. Raises Refusal (400) unless it came exactly once."""
    value = optional(form, name)
    if value is None:
        raise Refusal(400, "missing_parameter", f"Send {name}.")
    return value
