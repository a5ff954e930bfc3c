"""The two ways in which things go wrong here on purpose."""

from collections.abc import Mapping


class Refusal(Exception):  # noqa: N818 - a refused request is an answer, not a failure of ours
    """A request that gets an error answer: HTTP status, a code for programs, a text for people.

    The text is always one of our own: nothing that the caller sent is ever repeated in it. Only the
    adapter, which this machine alone reaches, says what is wrong in a document.
    """

    def __init__(
        self, status: int, code: str, message: str, *, headers: Mapping[str, str] | None = None
    ) -> None:
        super().__init__(message)
        self.status = status
        self.code = code
        self.message = message
        self.headers = dict(headers or {})


class StoreError(Exception):
    """The database of customers cannot be opened, read or written; the text says why."""
