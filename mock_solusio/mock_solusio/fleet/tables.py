"""What a fleet comes to, as tables for people."""

from collections.abc import Iterable
from typing import TYPE_CHECKING

from mock_solusio.fleet.statistics import DECILES, Figures, Part
from mock_solusio.moment import DAY, HOUR, MINUTE, Micros, rfc3339

if TYPE_CHECKING:
    from rich.table import Table

BARS = "▁▂▃▄▅▆▇█"


def tables(figures: Figures, customers: int, source: str) -> "Iterable[Table | str]":
    """Return the tables, and the days as a line of bars."""
    from rich.table import Table

    days = (figures.end - figures.begin) / DAY
    whole = Table(title=source, show_header=False, title_justify="left")
    whole.add_column()
    whole.add_column(justify="right")
    for name, value in (
        ("from", rfc3339(figures.begin)[:19] + "Z"),
        ("to", rfc3339(figures.end)[:19] + "Z"),
        ("customers", f"{customers:,}"),
        ("customers with servers", f"{len(figures.owners):,}"),
        ("servers", f"{figures.servers:,}"),
        ("servers at the end", f"{figures.living:,}"),
        ("server hours lived", f"{figures.span / HOUR:,.0f}"),
        ("hours per server, mean", f"{figures.mean_hours:,.2f}"),
        ("hours that the longest-lived 10 % have", f"{figures.carried(10):.1%}"),
        ("hours charged, started ones whole", f"{figures.hours:,}"),
        ("tokens", f"{figures.tokens:,}"),
        ("tokens per day, mean", f"{figures.tokens / days if days else 0:,.0f}"),
    ):
        whole.add_row(name, value)
    yield whole
    lives = Table(title="Lifetimes within this time", title_justify="left")
    for name in ("of all servers", "live at most", "and have of all hours"):
        lives.add_column(name, justify="right")
    for percent in DECILES:
        share = 1 - figures.carried(100 - percent)
        lives.add_row(f"{percent} %", lasting(figures.quantile(percent)), f"{share:.1%}")
    lives.add_row("100 %", lasting(figures.longest()), "100.0%")
    yield lives
    yield _parts("Servers by plan", "plan", sorted(figures.plans.items()))
    yield _parts("Usage by resource", "resource", sorted(figures.resources.items(), key=lambda one: one[0]))
    if figures.days:
        yield f"Tokens per day, {min(figures.days):,} to {max(figures.days):,}"
        yield bars(figures.days)


def lasting(span: Micros) -> str:
    """Write a span for people: `12 min`, `3.5 h`, `12.3 days`."""
    if span < 2 * HOUR:
        return f"{span // MINUTE} min"
    return f"{span / HOUR:.1f} h" if span < 2 * DAY else f"{span / DAY:.1f} days"


def bars(values: list[int]) -> str:
    """Draw values as a line of bars, as high as the highest is full."""
    top = max(values, default=0) or 1
    return "".join(BARS[min(len(BARS) - 1, value * len(BARS) // top)] for value in values)


def _parts(title: str, name: str, parts: list[tuple[str, Part]]) -> "Table":
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
