"""Why SolusIO refuses a request; the API answers each with its status."""

from collections.abc import Mapping, Sequence
from typing import ClassVar

INVALID = "The given data was invalid."


class DomainError(Exception):
    """A request that is refused. `message` is for the caller; `errors` holds messages by field."""

    status: ClassVar[int] = 400

    def __init__(self, message: str, errors: Mapping[str, Sequence[str]] | None = None) -> None:
        super().__init__(message)
        self.message = message
        self.errors = errors


class BadRequest(DomainError):
    """The request cannot be read."""


class Unauthenticated(DomainError):
    """The access token is missing, unknown, used up or expired (observed)."""

    status = 401

    def __init__(self, message: str = "Unauthenticated.") -> None:
        super().__init__(message)


class Forbidden(DomainError):
    """The caller is known but may not do this (observed)."""

    status = 403

    def __init__(self, message: str = "This action is unauthorized.") -> None:
        super().__init__(message)


class NotFound(DomainError):
    """The thing does not exist."""

    status = 404

    def __init__(self, noun: str, key: int | str) -> None:
        super().__init__(f"There is no {noun} {key}.")


class Conflict(DomainError):
    """The present state does not permit it (the status is assumed; one client treats 409 like 422)."""

    status = 409


class Invalid(DomainError):
    """Fields are wrong, or a limit is reached, in Laravel's shape (observed)."""

    status = 422

    def __init__(self, errors: Mapping[str, Sequence[str]], message: str = INVALID) -> None:
        super().__init__(message, errors)

    @classmethod
    def field(cls, name: str, text: str) -> "Invalid":
        """Return the error of a single field."""
        return cls({name: [text]})


class TooMany(DomainError):
    """Too many attempts; the next one may succeed in `seconds`."""

    status = 429

    def __init__(self, seconds: int, message: str = "Too Many Attempts.") -> None:
        super().__init__(message)
        self.seconds = seconds


def counted(number: int, noun: str) -> str:
    """Return a number with its noun for a message: `1 server`, `2 servers`."""
    return f"{number} {noun}" if number == 1 else f"{number} {noun}s"
