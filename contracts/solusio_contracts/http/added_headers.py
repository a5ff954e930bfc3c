"""Headers that the integrator adds to every request: how they combine, and what is secret in them."""

import contextlib
from base64 import b64decode
from collections.abc import Iterator

from solusio_contracts.http.exchange import SOLUSIO_HEADERS, Headers
from solusio_contracts.http.masking import SHORTEST


def merged(own: Headers, added: Headers) -> Headers:
    """Add the integrator's headers to a request; they replace SolusIO's headers, not those under test."""
    names = {name.lower() for name, _ in added}
    kept = tuple(pair for pair in own if pair not in SOLUSIO_HEADERS or pair[0].lower() not in names)
    taken = {name.lower() for name, _ in kept}
    return kept + tuple(pair for pair in added if pair[0].lower() not in taken)


# Headers whose values are not secret; masking `application/json` would ruin a report.
_NO_SECRETS = frozenset(
    {
        *("accept", "accept-charset", "accept-encoding", "accept-language", "content-type", "host"),
        *("user-agent", "origin", "referer", "connection", "cache-control", "pragma"),
        *("x-forwarded-for", "x-forwarded-host", "x-forwarded-proto", "x-real-ip", "x-requested-with"),
    }
)


def secrets(name: str, value: str) -> Iterator[str]:
    """Yield the secrets of a header: its value, and parts that a server may repeat alone."""
    if name.lower() in _NO_SECRETS:
        return
    found = [value]
    scheme, _, credentials = value.partition(" ")
    if name.lower() in ("authorization", "proxy-authorization"):
        found.append(credentials)
        if scheme.lower() == "basic":
            with contextlib.suppress(ValueError):
                pair = b64decode(credentials).decode()
                found += [pair, pair.partition(":")[2]]
    elif name.lower() == "cookie":
        found += [part.partition("=")[2].strip() for part in value.split(";")]
    # A shorter one would match the authorization token wherever it has the same letters.
    yield from (one for one in found if len(one) >= SHORTEST)
