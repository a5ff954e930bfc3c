"""What /usage said for a period, as plain facts: what the billing system should have read."""

from collections import defaultdict
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime

Key = tuple[str, str, str]
"""Server, resource, plan: what tells the lines of an invoice apart."""
Window = Callable[[datetime, datetime], Sequence["UsageLine"]]
"""Gives the lines of another period of the same world, as a billing system that asks for it gets them."""


@dataclass(frozen=True, slots=True, kw_only=True)
class UsageLine:
    """A line of /usage, and what a billing system might confuse it with."""

    user_id: int
    billing_user_id: int | None
    server: str
    resource: str
    plan: str
    since: datetime
    until: datetime
    hours: int
    tokens_per_hour: int
    tokens_per_month: int
    tokens: int
    charge: str
    resource_id: int = 0
    """Tells apart the addresses of a server."""
    server_gone: bool = False
    user_gone: bool = False
    status: str = "running"
    """Of the server, when the period is billed: running, stopped or suspended."""
    idle_hours: int = 0
    """Whole hours within the line in which the server was stopped or suspended."""
    now_per_hour: int | None = None
    """What the plan costs when the period is billed; None if there is no such plan any more."""
    now_per_month: int | None = None

    @property
    def key(self) -> Key:
        """What tells the lines of an invoice apart."""
        return (self.server, self.resource, self.plan)


def cost(hours: int, per_hour: int, per_month: int) -> int:
    """Return what so many hours cost in tokens (US-020 to US-022)."""
    by_hour = hours * per_hour
    if hours and per_month and (not per_hour or by_hour > per_month):
        return per_month
    return by_hour


def by_customer(lines: Iterable[UsageLine]) -> dict[int | None, list[UsageLine]]:
    """Return the lines of each billing_user_id, in their order."""
    customers: dict[int | None, list[UsageLine]] = defaultdict(list)
    for line in lines:
        customers[line.billing_user_id].append(line)
    return dict(customers)
