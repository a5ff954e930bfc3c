"""Plots of a fleet: servers by lifetime, hours by lifetime, and tokens per day.

Needs the extra `plots`, whose matplotlib only this module imports.
"""

from datetime import timedelta
from importlib import import_module
from itertools import pairwise
from pathlib import Path
from typing import Any

from mock_solusio.fleet.statistics import FleetStatistics
from mock_solusio.moment import utc

BLUE, ORANGE, GREY = "#1f6feb", "#d9730d", "#57606a"

_STEPS = (
    *((1, "1 min"), (5, "5 min"), (15, "15 min"), (60, "1 h"), (240, "4 h"), (1440, "1 day")),
    *((4 * 1440, "4 days"), (30 * 1440, "30 days"), (120 * 1440, "4 months")),
    *((365 * 1440, "1 year"), (3 * 365 * 1440, "3 years")),
)
_PER_DECADE = 5


class PlotError(Exception):
    """A fleet cannot be drawn; the message says why."""


def plot(statistics: FleetStatistics, file: Path, title: str) -> None:
    """Draw a fleet into a file, SVG or PNG by its suffix; the same fleet gives the same bytes.

    Raises:
        PlotError: the file has another suffix, or there are no servers.
    """
    if file.suffix.lower() not in (".svg", ".png"):
        raise PlotError(f"expected a file that ends in .svg or .png, got {file.name!r}.")
    if not statistics.servers:
        raise PlotError("there are no servers to draw.")
    # By name, so that types can be checked where it is not installed.
    mpl: Any = import_module("matplotlib")
    make: Any = import_module("matplotlib.figure").Figure
    settings: dict[str, Any] = {
        "svg.hashsalt": "mock-solusio",
        "svg.fonttype": "none",
        "font.size": 10,
        "axes.spines.top": False,
        "axes.spines.right": False,
        "axes.edgecolor": GREY,
    }
    with mpl.rc_context(settings):
        drawing = make(figsize=(9, 9), layout="constrained")
        drawing.suptitle(title, fontsize=12)
        above, middle, below = drawing.subplots(3, 1)
        _lifetimes(above, middle, statistics)
        _days(below, statistics)
        # Without the date the same fleet gives the same bytes.
        svg = file.suffix.lower() == ".svg"
        drawing.savefig(file, dpi=110, metadata={"Date": None} if svg else {"Software": None})


def _lifetimes(above: Any, below: Any, statistics: FleetStatistics) -> None:
    longest = max(statistics.minutes)
    # Lifetimes are known to the minute, so the narrow bars on the left have whole minutes.
    edges = [1.0]
    while edges[-1] <= longest:
        edges.append(float(round(10 ** (len(edges) / _PER_DECADE))))
    servers = [0.0] * (len(edges) - 1)
    hours = [0.0] * (len(edges) - 1)
    place = 0
    for minutes in sorted(statistics.minutes):
        while place < len(servers) - 1 and minutes >= edges[place + 1]:
            place += 1
        servers[place] += statistics.minutes[minutes]
        hours[place] += statistics.minutes[minutes] * minutes
    for axes, values, colour, label in (
        (above, servers, BLUE, "percent of servers"),
        (below, hours, ORANGE, "percent of hours"),
    ):
        total = sum(values) or 1.0
        widths = [right - left for left, right in pairwise(edges)]
        heights = [100 * value / total for value in values]
        axes.bar(edges[:-1], heights, widths, align="edge", color=colour, edgecolor="white", linewidth=0.5)
        axes.set_xscale("log")
        axes.set_xlim(1, edges[-1])
        axes.set_ylabel(label)
        shown = [(minutes, name) for minutes, name in _STEPS if minutes <= edges[-1]]
        axes.set_xticks([minutes for minutes, _ in shown], [name for _, name in shown])
        axes.set_xticks([], minor=True)
    below.set_xlabel("lifetime of the server within the time shown (logarithmic)")
    above.set_title(
        f"{statistics.servers:,} servers by lifetime: mean {statistics.mean_hours:.1f} h",
        fontsize=10,
        loc="left",
    )
    share = statistics.share_of_longest(10)
    below.set_title(
        f"their hours: the longest-lived 10 % of the servers have {share:.0%} of them",
        fontsize=10,
        loc="left",
    )


def _days(axes: Any, statistics: FleetStatistics) -> None:
    dates: Any = import_module("matplotlib.dates")
    ticker: Any = import_module("matplotlib.ticker")
    begin = utc(statistics.begin).replace(tzinfo=None)
    days = [begin + timedelta(days=number) for number in range(len(statistics.days))]
    weekend = 5
    colours = [GREY if day.weekday() >= weekend else BLUE for day in days]
    axes.bar(days, statistics.days, 0.9, align="edge", color=colours)
    locator = dates.AutoDateLocator()
    axes.set_xlim(begin, begin + timedelta(days=len(statistics.days)))
    axes.xaxis.set_major_locator(locator)
    axes.xaxis.set_major_formatter(dates.ConciseDateFormatter(locator))
    axes.yaxis.set_major_formatter(ticker.FuncFormatter(lambda value, _: f"{value:,.0f}"))
    axes.set_ylabel("tokens")
    axes.set_title(f"tokens per day, {statistics.tokens:,} in all; weekends grey", fontsize=10, loc="left")
