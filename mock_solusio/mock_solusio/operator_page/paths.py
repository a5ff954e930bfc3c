"""Which requests below `/_mock` are for the operator's page; all others are for the control API."""

from typing import Final

from mock_solusio.server.messages import Request

ENTRY: Final = "/_mock/"
BASE: Final = "/_mock/operator"

_ENTRIES: Final = (ENTRY, ENTRY.removesuffix("/"))
_BELOW: Final = f"{BASE}/"


def is_page(request: Request) -> bool:
    """Return whether a request is for a page: below `BASE`, or a browser's for `ENTRY`."""
    if request.path in _ENTRIES:
        return request.method in ("GET", "HEAD") and request.wants_page
    return request.path.startswith(_BELOW)
