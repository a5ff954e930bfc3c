"""The two errors that any part of the billing system may raise."""

from collections.abc import Mapping


class Refusal(Exception):  # noqa: N818 - refusing a bad request is correct behaviour, not an error of ours
    """A request that gets an error response: HTTP status, a code for programs, a message for people.

    The message never repeats what the caller sent. The one exception is the adapter, which only this
    machine can reach: it says what is wrong in a document.
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
    """The database cannot be opened, read or written; the message says why."""
