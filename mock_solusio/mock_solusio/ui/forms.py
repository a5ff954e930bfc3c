"""Forms as browsers post them, read within limits, and the proof that they come from our own pages."""

import hashlib
import hmac
import urllib.parse

from starlette.requests import Request

MOST_BYTES = 64 * 1024
"""Far more than any form here needs, and far too little to do harm."""

MOST_FIELDS = 50

FIELD = "_token"
"""The field that carries the proof, named as in Laravel; the journal hides it."""

FORM = "application/x-www-form-urlencoded"


class FormError(Exception):
    """A body that is not one of our forms; `status` and `message` say why."""

    def __init__(self, status: int, message: str) -> None:
        super().__init__(message)
        self.status = status
        self.message = message


async def read_form(request: Request) -> dict[str, str]:
    """Return the fields of a form; the last one counts if a field is repeated. Raises as `read_fields`."""
    return {name: values[-1] for name, values in (await read_fields(request)).items()}


async def read_fields(request: Request) -> dict[str, list[str]]:
    """Return all values of each field of a form.

    Raises:
        FormError: another media type (415), too large (413), or not readable (400).
    """
    media_type = request.headers.get("content-type", "").partition(";")[0].strip().lower()
    if media_type != FORM:
        raise FormError(415, f"This page accepts only forms ({FORM}).")
    body = bytearray()
    async for part in request.stream():
        body += part
        if len(body) > MOST_BYTES:
            raise FormError(413, f"This form is larger than {MOST_BYTES} bytes.")
    try:
        pairs = urllib.parse.parse_qsl(
            body.decode("ascii"), keep_blank_values=True, errors="strict", max_num_fields=MOST_FIELDS
        )
    except ValueError:
        raise FormError(400, "This form cannot be read.") from None
    fields: dict[str, list[str]] = {}
    for name, value in pairs:
        fields.setdefault(name, []).append(value)
    return fields


def proof(secret: str) -> str:
    """Return what a form carries to show that it was made for the holder of a cookie.

    It is an HMAC under the secret in the cookie: only somebody who can read the cookie can make it, and
    the secret cannot be derived from it.
    """
    return hmac.new(secret.encode(), b"form of the user area", hashlib.sha256).hexdigest()


def proven(secret: str, given: str) -> bool:
    """Return whether a form carries the right proof, in constant time. An empty secret proves nothing."""
    return bool(secret) and hmac.compare_digest(proof(secret).encode(), given.encode())


def is_cross_site(request: Request) -> bool:
    """Return whether, according to the browser, another site made it send this form.

    This also protects the login form, where visitors have no session yet: nobody can log them in to
    somebody else's account. Programs other than browsers send neither header, and are not at risk.
    """
    site = request.headers.get("sec-fetch-site")
    if site is not None:
        return site not in {"same-origin", "none"}
    origin = request.headers.get("origin")
    if origin is None:
        return False
    # Behind a proxy that ends TLS the scheme may differ from what we see, so only the host is compared.
    return origin.partition("://")[2] != request.headers.get("host")
