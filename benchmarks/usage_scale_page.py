"""The page and the plot of `usage_scale.py`."""

from __future__ import annotations

from pathlib import Path
from typing import Any

PAGE = """# How /usage scales

```sh
nox -s usage_scale      # measure again
```

Time and memory for reading all pages of a month, by number of servers in that month. Rendered from
`benchmarks/results/usage_scale.json`; do not edit.

![lines per second and peak memory over the number of servers](images/usage-scale.svg)

| servers | lines | lines per second | first page | of a part | longest stop | others | a customer | memory |
|---:|---:|---:|---:|---:|---:|---:|---:|---:|
{rows}

Each row is a month with so many servers. The state file holds the sums of whole months, as those of
`fleet generate --state` do, so the *first page* ({per_page} lines) only reads its lines. *Of a part* is the
first page of 1 to 30 March, whose sums are not kept: the mock adds up all lines once, and answers other
requests meanwhile. *Longest stop* is the longest time for which it does not, on either of these pages. *A
customer* reads the lines of one of the {users:,} customers. Times cover the whole request chain except the
socket; memory is the peak of the serving process.

| servers in the month | state file | writing it | memory while writing, peak |
|---:|---:|---:|---:|
{fills}
{history}
Measured on {measured} with Python {python} on {processors} processors; lifetimes are as heavy-tailed as in a
public cloud. [usage.md](usage.md) explains the lines.
"""

HISTORY = """
Earlier months cost nothing: {spans} servers after {history} in the previous month take {page_ms:.1f} ms per
page, {lines_per_second} lines per second.
"""


def render(numbers: dict[str, Any]) -> str:
    """Return the page."""
    rows = [
        f"| {row['spans']:,} | {row['lines']:,} | {row['lines_per_second']:,}"
        f" | {row['first_page_ms']:,.0f} ms | {row['first_page_of_part_ms']:,.0f} ms"
        f" | {row['longest_stop_ms']:,.0f} ms | {row['page_ms']:.1f} ms"
        f" | {row['customer_ms']:.0f} ms"
        f" | {row['peak_mib']:.0f} MiB |"
        for row in numbers["rows"]
    ]
    fills = [
        f"| {row['spans']:,} | {row['state_mib']:,} MiB | {row['fill_seconds']:.0f} s"
        f" | {row['fill_peak_mib']:.0f} MiB |"
        for row in numbers["rows"]
    ]
    about = numbers.get("history")
    history = ""
    if about:
        history = HISTORY.format(
            **{
                **about,
                "spans": f"{about['spans']:,}",
                "history": f"{about['history']:,}",
                "lines_per_second": f"{about['lines_per_second']:,}",
            }
        )
    return PAGE.format(**{**numbers, "rows": "\n".join(rows), "fills": "\n".join(fills), "history": history})


def draw(numbers: dict[str, Any], file: Path) -> None:
    """Draw lines per second and peak memory over the size; the same numbers give the same bytes."""
    import matplotlib as mpl

    mpl.use("svg")
    mpl.rcParams["svg.hashsalt"] = "usage-scale"
    from matplotlib import pyplot as plt

    sizes = [row["spans"] for row in numbers["rows"]]
    figure, axes = plt.subplots(1, 2, figsize=(9, 3.4), layout="constrained")
    panels = (
        ("lines per second", [row["lines_per_second"] for row in numbers["rows"]], "tab:blue"),
        ("peak memory of serving, MiB", [row["peak_mib"] for row in numbers["rows"]], "tab:red"),
    )
    for axis, (title, values, colour) in zip(axes, panels, strict=True):
        axis.plot(sizes, values, marker="o", color=colour)
        axis.set_xscale("log")
        axis.set_ylim(0, max(values) * 1.25)
        axis.set_title(title, fontsize=10)
        axis.set_xlabel("servers in the month")
        axis.grid(visible=True, alpha=0.3)
    file.parent.mkdir(parents=True, exist_ok=True)
    figure.savefig(file, metadata={"Date": None})
    plt.close(figure)
