"""Statistics of a fleet as tables."""

from collections.abc import Iterable
from typing import TYPE_CHECKING

from mock_solusio.fleet.statistics import DECILES, FleetStatistics, Subtotal
from mock_solusio.moment import DAY, HOUR, MINUTE, Micros, rfc3339

if TYPE_CHECKING:
    from rich.table import Table

BARS = "▁▂▃▄▅▆▇█"


def tables(statistics: FleetStatistics, customers: int, source: str) -> "Iterable[Table | str]":
    """Yield the tables, and the days as a line of bars."""
    from rich.table import Table

    days = (statistics.end - statistics.begin) / DAY
    whole = Table(title=source, show_header=False, title_justify="left")
    whole.add_column()
    whole.add_column(justify="right")
    for name, value in (
        ("from", rfc3339(statistics.begin)[:19] + "Z"),
        ("to", rfc3339(statistics.end)[:19] + "Z"),
        ("customers", f"{customers:,}"),
        ("customers with servers", f"{len(statistics.owners):,}"),
        ("servers", f"{statistics.servers:,}"),
        ("servers at the end", f"{statistics.living:,}"),
        ("server hours lived", f"{statistics.span / HOUR:,.0f}"),
        ("hours per server, mean", f"{statistics.mean_hours:,.2f}"),
        ("hours of the longest-lived 10 %", f"{statistics.share_of_longest(10):.1%}"),
        ("hours charged, started hours in full", f"{statistics.hours:,}"),
        ("tokens", f"{statistics.tokens:,}"),
        ("tokens per day, mean", f"{statistics.tokens / days if days else 0:,.0f}"),
    ):
        whole.add_row(name, value)
    yield whole
    lives = Table(title="Lifetimes within this time", title_justify="left")
    for name in ("of all servers", "live at most", "and have of all hours"):
        lives.add_column(name, justify="right")
    for percent in DECILES:
        share = 1 - statistics.share_of_longest(100 - percent)
        lives.add_row(f"{percent} %", lasting(statistics.quantile(percent)), f"{share:.1%}")
    lives.add_row("100 %", lasting(statistics.longest()), "100.0%")
    yield lives
    yield _parts("Servers by plan", "plan", sorted(statistics.plans.items()))
    yield _parts(
        "Usage by resource", "resource", sorted(statistics.resources.items(), key=lambda one: one[0])
    )
    if statistics.days:
        yield f"Tokens per day, {min(statistics.days):,} to {max(statistics.days):,}"
        yield bars(statistics.days)


def lasting(span: Micros) -> str:
    """Format a span of time: `12 min`, `3.5 h`, `12.3 days`."""
    if span < 2 * HOUR:
        return f"{span // MINUTE} min"
    return f"{span / HOUR:.1f} h" if span < 2 * DAY else f"{span / DAY:.1f} days"


def bars(values: list[int]) -> str:
    """Draw values as a line of bars; the highest value fills its bar."""
    top = max(values, default=0) or 1
    return "".join(BARS[min(len(BARS) - 1, value * len(BARS) // top)] for value in values)


def _parts(title: str, name: str, parts: list[tuple[str, Subtotal]]) -> "Table":
    from rich.table import Table

    table = Table(title=title, title_justify="left")
    table.add_column(name)
    for column in ("used", "hours", "tokens", "of all"):
        table.add_column(column, justify="right")
    total = sum(part.tokens for _, part in parts) or 1
    for label, part in parts:
        table.add_row(
            label, f"{part.items:,}", f"{part.hours:,}", f"{part.tokens:,}", f"{part.tokens / total:.1%}"
        )
    return table
