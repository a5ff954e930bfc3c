"""Read what callers send: request bodies of limited size, and the form that SolusIO posts (step 6)."""

from urllib.parse import parse_qsl

from starlette.requests import ClientDisconnect, Request

from solusio_reference.errors import Refusal
from solusio_reference.period import Period

FORM_TYPE = "application/x-www-form-urlencoded"
MAX_FORM_BYTES = 64 * 1024  # SolusIO sends about 100
MAX_FIELDS = 1000  # as PHP's max_input_vars

Form = dict[str, list[str]]
"""Every value of every parameter, so that duplicates are noticed rather than silently dropped."""


async def read_form(request: Request) -> Form:
    """Read and decode the form in a request body.

    Raises Refusal: as `read_body` does, and 400 for over 1000 fields and for anything but UTF-8, also in
    percent-escapes.
    """
    body = await read_body(request, FORM_TYPE, MAX_FORM_BYTES)
    form: Form = {}
    try:
        pairs = parse_qsl(
            body.decode(),
            keep_blank_values=True,  # "token=" is an empty token, not a missing one
            errors="strict",  # refuse %FF; the default would turn it into U+FFFD
            max_num_fields=MAX_FIELDS,
        )
    except ValueError:  # includes UnicodeDecodeError
        raise Refusal(400, "malformed_form", "The body is not a valid form in UTF-8.") from None
    for name, value in pairs:
        form.setdefault(name, []).append(value)
    return form


async def read_body(request: Request, media_type: str, max_bytes: int) -> bytes:
    """Read a request body.

    Raises Refusal: 415 for another media type, 413 for a body that is too large, 400 for an incomplete one.
    """
    if request.headers.get("content-type", "").partition(";")[0].strip().lower() != media_type:
        raise Refusal(415, "unsupported_media_type", f"Send the body as {media_type}.")
    # Count while reading: Content-Length may be missing (chunked), and nothing forces it to be true.
    body = bytearray()
    try:
        async for chunk in request.stream():
            body += chunk
            if len(body) > max_bytes:
                raise Refusal(413, "body_too_large", f"The body is larger than {max_bytes:,} bytes.")
    except ClientDisconnect:
        raise Refusal(400, "incomplete_body", "The body is incomplete.") from None
    return bytes(body)


def optional(form: Form, name: str) -> str | None:
    """Return the one value of a parameter, or None. Raises Refusal (400) for a duplicate.

    A proxy in front may choose another of two values than we do. PHP silently takes the last one.
    """
    values = form.get(name, [])
    if len(values) > 1:
        raise Refusal(400, "duplicate_parameter", f"Send {name} only once.")
    return values[0] if values else None


def required(form: Form, name: str) -> str:
    """Return the one value of a parameter. Raises Refusal (400) if it is missing or a duplicate."""
    value = optional(form, name)
    if value is None:
        raise Refusal(400, "missing_parameter", f"Send {name}.")
    return value


def parse_period(text: str) -> Period:
    """Read a month. Raises Refusal (400)."""
    try:
        return Period.parse(text)
    except ValueError:
        raise Refusal(400, "malformed_period", "The period must be a month such as 2026-03.") from None
