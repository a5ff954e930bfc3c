"""What the user area says when something is not possible: whole pages, and problems in a form."""

from collections.abc import Collection

from mock_solusio.billing.advice import CustomerQuote
from mock_solusio.domain.errors import DomainError
from mock_solusio.domain.records.user import LOCKED, SUSPENDED, User
from mock_solusio.ui.models import MessagePage, MockNote, Problem

PORTAL = "Go back to your provider’s portal and open the user area from there."


def used_link(*, logged_in: bool) -> MessagePage:
    """Return the page for a login link that was used, has expired or is unknown; it does not say which."""
    return MessagePage(
        "This link no longer works",
        (
            "A login link works once, and only for a short time. This one was used before, has expired, or "
            "is incomplete.",
            f"{PORTAL} You will get a new link.",
        ),
        "/" if logged_in else "",
        "Stay logged in" if logged_in else "",
        status=410,
    )


def banner(user: User) -> str:
    """Return what a locked or suspended user reads on every page; empty for an active one."""
    without = {
        LOCKED: "You cannot create servers, projects or invitations.",
        SUSPENDED: (
            "Your servers are suspended and cannot be started, scheduled backups are paused, and you cannot "
            "create servers, projects or invitations."
        ),
    }
    if user.status not in without:
        return ""
    return (
        f"Your account is {user.status}. {without[user.status]} Check for unpaid invoices in your provider’s "
        "portal, or contact its support."
    )


PLACES = (("/_mock/", "Operator’s page: requests, clock, users, faults"), ("/docs", "API reference"))
"""Where somebody who uses the mock can go."""


def without_prices(quote: CustomerQuote) -> MockNote | None:
    """Return what the mock says to its user on a page without prices; None if there are prices."""
    if quote.pricing is not None:
        return None
    return MockNote(
        (f"This page shows no prices. {quote.reason}", quote.advice),
        (("/_mock/operator/billing", "The latest answer of the billing endpoint"),),
    )


def at_login() -> MockNote:
    """Return what the mock says on the login page, where its address leads."""
    return MockNote(
        (
            "This is the user area of a mock SolusIO. The terminal in which it runs shows the password of "
            "the administrator, and every request.",
        ),
        PLACES,
    )


def api_root(base_url: str) -> tuple[MessagePage, MockNote]:
    """Return what the address of the API shows in a browser."""
    page = MessagePage(
        "This is the API of a mock SolusIO",
        (
            f"Programs send their requests to addresses below this one, such as {base_url}/api/v1/users, "
            "with an access token. The mock prints that of the administrator when it starts.",
        ),
        "/docs",
        "API reference",
        status=200,
    )
    bearer = '-H "Authorization: Bearer $SOLUSIO_ACCESS_TOKEN"'
    note = MockNote(
        ("Try it in a terminal:",),
        (("/", "User area"), *PLACES),
        (f"curl {bearer} {base_url}/api/v1/plans",),
    )
    return page, note


def wrong_address(text: str) -> MessagePage:
    """Return the page for a user who may not use the user area from their address; `text` names it."""
    return MessagePage(
        "Not allowed from this address",
        (text, "Use a network that your provider allows for this account, or ask its support."),
        status=403,
    )


def missing() -> MessagePage:
    """Return the page for a path or an object that does not exist."""
    return MessagePage(
        "Page not found", ("There is nothing at this address.",), "/", "To the user area", status=404
    )


def refused(status: int, text: str) -> MessagePage:
    """Return the page for a request that was not understood, not trusted, or not possible."""
    if status == 404:
        return missing()
    titles = {403: "Please try again", 405: "Not possible here"}
    return MessagePage(
        titles.get(status, "This did not work"),
        (text, "Go back, reload the page and try again."),
        "/",
        "To the user area",
        status=status,
    )


def problems_of(error: DomainError, fields: Collection[str]) -> tuple[Problem, ...]:
    """Return what a form with these `fields` says about an error: about a field, or about the whole form."""
    if not error.errors:
        return (Problem(error.message),)
    found = [
        Problem(text, field if field in fields else "")
        for field, texts in error.errors.items()
        for text in texts
    ]
    return tuple(dict.fromkeys(found))
