"""Who may see and use the operator's page: the same people as the control API, with two differences.

A link on another site may lead to a page: reading it in a tab of its own shows that site nothing. And a form
counts only if the browser says that it was on one of our own pages; programs use the control API instead.
"""

from mock_solusio.control.access import is_own_page, refused_connection
from mock_solusio.server.messages import Request


def refused(request: Request, *, anywhere: bool) -> str | None:
    """Return why a request is refused, or None. `anywhere`: other machines are allowed."""
    reason = refused_connection(request, anywhere=anywhere)
    if reason is not None:
        return reason
    if request.method == "POST":
        if not (is_own_page(request) and _says_where_from(request)):
            return "This form was not sent from the operator's page."
    elif not (is_own_page(request) or _follows_link(request)):
        return "The operator's page does not serve pages of other sites."
    return None


def _says_where_from(request: Request) -> bool:
    # `none` is a person who typed an address or opened a bookmark; neither sends a form.
    site = request.header(b"sec-fetch-site")
    return site == b"same-origin" if site is not None else request.header(b"origin") is not None


def _follows_link(request: Request) -> bool:
    return (
        request.method in ("GET", "HEAD")
        and request.header(b"sec-fetch-mode") == b"navigate"
        and request.header(b"sec-fetch-dest") == b"document"
    )
