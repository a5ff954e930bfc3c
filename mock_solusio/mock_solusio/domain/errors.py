"""What can go wrong when somebody asks something of SolusIO; the API answers each with its status."""

from collections.abc import Mapping, Sequence
from typing import ClassVar

INVALID = "The given data was invalid."


class DomainError(Exception):
    """A request that cannot be done. `message` is for the caller; `errors` names the fields."""

    status: ClassVar[int] = 400

    def __init__(self, message: str, errors: Mapping[str, Sequence[str]] | None = None) -> None:
        super().__init__(message)
        self.message = message
        self.errors = errors


class BadRequest(DomainError):
    """The request cannot be read."""


class Unauthenticated(DomainError):
    """No access token, or one that is unknown, used up or expired (facts, section 1)."""

    status = 401

    def __init__(self, message: str = "Unauthenticated.") -> None:
        super().__init__(message)


class Forbidden(DomainError):
    """Somebody known, who may not do this (facts, section 1)."""

    status = 403

    def __init__(self, message: str = "This action is unauthorized.") -> None:
        super().__init__(message)


class NotFound(DomainError):
    """There is no such thing."""

    status = 404

    def __init__(self, noun: str, key: int | str) -> None:
        super().__init__(f"There is no {noun} {key}.")


class Conflict(DomainError):
    """The present state does not permit it (status assumed; one client treats 409 like 422)."""

    status = 409


class Invalid(DomainError):
    """Fields are wrong, or a limit is reached: Laravel's shape (facts, section 1)."""

    status = 422

    def __init__(self, errors: Mapping[str, Sequence[str]], message: str = INVALID) -> None:
        super().__init__(message, errors)

    @classmethod
    def field(cls, name: str, text: str) -> "Invalid":
        """Return the error of a single field."""
        return cls({name: [text]})


class TooMany(DomainError):
    """Too many attempts; `seconds` until the next may succeed."""

    status = 429

    def __init__(self, seconds: int, message: str = "Too Many Attempts.") -> None:
        super().__init__(message)
        self.seconds = seconds
