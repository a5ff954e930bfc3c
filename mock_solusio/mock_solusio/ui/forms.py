"""Forms as browsers post them, read within bounds, and the proof that they come from our own pages."""

import hashlib
import hmac
import urllib.parse

from starlette.requests import Request

MOST_BYTES = 64 * 1024
"""Far more than any form here needs, far less than what hurts."""

MOST_FIELDS = 50

FIELD = "_token"
"""The field that carries the proof, named as Laravel does; the journal hides it."""

FORM = "application/x-www-form-urlencoded"


class FormError(Exception):
    """A body that is no form of ours; `status` says what is wrong with it."""

    def __init__(self, status: int, message: str) -> None:
        super().__init__(message)
        self.status = status
        self.message = message


async def read_form(request: Request) -> dict[str, str]:
    """Return the fields of a form; of a field that comes several times, the last.

    Raises:
        FormError: another media type (415), too large (413), or not readable (400).
    """
    media_type = request.headers.get("content-type", "").partition(";")[0].strip().lower()
    if media_type != FORM:
        raise FormError(415, "This page takes a form, and nothing else.")
    body = bytearray()
    async for part in request.stream():
        body += part
        if len(body) > MOST_BYTES:
            raise FormError(413, "That is more than this form can take.")
    try:
        pairs = urllib.parse.parse_qsl(
            body.decode("ascii"), keep_blank_values=True, errors="strict", max_num_fields=MOST_FIELDS
        )
    except ValueError:
        raise FormError(400, "This form cannot be read.") from None
    return dict(pairs)


def proof(secret: str) -> str:
    """Return what a form carries to show that it was made for the holder of a cookie.

    It is an HMAC under the secret in the cookie: whoever cannot read the cookie cannot make it, and whoever
    sees it in a page cannot find the secret.
    """
    return hmac.new(secret.encode(), b"form of the user area", hashlib.sha256).hexdigest()


def proven(secret: str, given: str) -> bool:
    """Say whether a form carries the right proof, in constant time. An empty secret proves nothing."""
    return bool(secret) and hmac.compare_digest(proof(secret).encode(), given.encode())


def from_elsewhere(request: Request) -> bool:
    """Say whether a browser tells that another site made it send this form.

    This also protects the login form, where the visitor has no session yet: nobody can log a visitor in to
    an account that is not his. Programs that are no browsers send neither header, and are not in danger.
    """
    site = request.headers.get("sec-fetch-site")
    if site is not None:
        return site not in {"same-origin", "none"}
    origin = request.headers.get("origin")
    if origin is None:
        return False
    # Behind a proxy that ends TLS the scheme may differ from what we see: the host decides.
    return origin.partition("://")[2] != request.headers.get("host")
