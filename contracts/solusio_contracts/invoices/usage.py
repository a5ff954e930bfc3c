"""The lines of /usage for a period, as the billing system should have read them."""

from collections import defaultdict
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import UTC, datetime

LineKey = tuple[str, str, str]
"""Server, resource and plan, which identify a line of an invoice."""


@dataclass(frozen=True, slots=True, kw_only=True)
class UsageLine:
    """A line of /usage, with data that a billing system might use by mistake."""

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
    server_id: int = 0
    resource_id: int = 0
    """Identifies one of several addresses of a server."""
    server_gone: bool = False
    user_gone: bool = False
    status: str = "running"
    """Status of the server when the period is billed: running, stopped or suspended."""
    idle_hours: int = 0
    """Whole hours of the line in which the server was stopped or suspended."""
    now_per_hour: int | None = None
    """Price of the plan when the period is billed; None if the plan no longer exists."""
    now_per_month: int | None = None

    @property
    def key(self) -> LineKey:
        """The key of its line on an invoice."""
        return (self.server, self.resource, self.plan)


def month_bounds(period: str) -> tuple[datetime, datetime]:
    """Return when a month such as 2026-03 begins and ends."""
    year, month = map(int, period.split("-"))
    begin = datetime(year, month, 1, tzinfo=UTC)
    return begin, datetime(year + month // 12, month % 12 + 1, 1, tzinfo=UTC)


def cost(hours: int, per_hour: int, per_month: int) -> int:
    """Return the tokens for some hours (US-020 to US-022)."""
    by_hour = hours * per_hour
    if hours and per_month and (not per_hour or by_hour > per_month):
        return per_month
    return by_hour


def by_customer(lines: Iterable[UsageLine]) -> dict[int | None, list[UsageLine]]:
    """Group lines by billing_user_id."""
    customers: dict[int | None, list[UsageLine]] = defaultdict(list)
    for line in lines:
        customers[line.billing_user_id].append(line)
    return dict(customers)
