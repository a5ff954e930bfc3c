"""The pages that say that something cannot be done, and what to do instead."""

from mock_solusio.ui.models import MessagePage

PORTAL = "Go back to your provider’s portal and open the user area from there."


def used_link(*, inside: bool) -> MessagePage:
    """Return the page of a login link that is used up, expired or unknown; which of them it does not tell."""
    return MessagePage(
        "This link no longer works",
        (
            "A login link works only once and only for a while. This one was used before, has expired, or is "
            "not complete.",
            f"{PORTAL} You will get a new link.",
        ),
        "/" if inside else "",
        "Stay logged in" if inside else "",
        status=410,
    )


def barred(text: str) -> MessagePage:
    """Return the page for a user who is locked or suspended; `text` says which."""
    return MessagePage(
        text.rstrip("."),
        (
            "You cannot use the user area at the moment.",
            "Go back to your provider’s portal: an unpaid invoice may be waiting there. Otherwise ask your "
            "provider’s support.",
        ),
        status=403,
    )


def missing() -> MessagePage:
    """Return the page for a path or thing that does not exist."""
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
