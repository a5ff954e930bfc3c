"""What the tour of the demo leads to."""

from dataclasses import dataclass
from typing import Final

PATH: Final = "/demo"
"""The page with the tour."""


@dataclass(frozen=True, slots=True)
class Destination:
    """A customer that the tour leads to."""

    name: str
    url: str
    """Their page in the billing system."""


@dataclass(frozen=True, slots=True)
class Story:
    """What the tour leads to; None while the billing system is still starting or billing."""

    customers: int
    servers: int
    customer: Destination | None = None
    suspended: Destination | None = None
    """A customer who does not pay, if there is one."""
    invoice: str | None = None
    """URL of an invoice of the customer."""
