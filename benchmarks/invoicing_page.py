"""Renders `docs/billing-scale.md` from the numbers in `results/invoicing.json`."""

from collections.abc import Sequence
from typing import Any

PAGE = """\
# Billing a large month

```sh
nox -s invoicing      # measure again; takes two minutes
```

How fast the [reference billing system](../reference/README.md) turns a month of usage into invoices, each
run in a new process:

{table}

{goals}

By the clock: *read* includes the wait for the server, which builds each page while the billing system waits,
as fast as Python can; *stored* and *invoiced* include the wait for the disk. *Whole* is all three.
*Processor* is the billing run alone. *INSERTs alone* writes the same rows with the database's own driver,
1,000 in a transaction.
PostgreSQL is a new cluster with its default settings.

Measured on {measured} with Python {python} on {processors} processors.
"""
HEAD = (
    "| lines | customers | database | read, lines/s | stored, lines/s | invoiced, lines/s | invoices/s "
    "| whole, lines/s | INSERTs alone, lines/s | whole to INSERTs | processor, us/line | peak, MiB |"
)
WANTED_LINES_PER_SECOND = 60_000
WANTED_GROWTH = 1.2
"""Peak memory of the largest run, in times that of the smallest."""

Run = dict[str, Any]


def render(numbers: dict[str, Any]) -> str:
    """Return the page."""
    runs = numbers["runs"]
    return PAGE.format(
        table=table(runs),
        goals=goals(runs),
        **{name: numbers[name] for name in ("measured", "python", "processors")},
    )


def table(runs: Sequence[Run]) -> str:
    """Write all runs as a table in Markdown."""
    return "\n".join([HEAD, f"|---:|---:|---|{'---:|' * 9}", *map(_row, runs)])


def goals(runs: Sequence[Run]) -> str:
    """Compare the largest run on SQLite with what is wanted of it; empty if there is none."""
    on_sqlite = sorted(
        (run for run in runs if run["database"] == "sqlite"), key=lambda run: int(run["lines"])
    )
    if not on_sqlite:
        return ""
    smallest, largest = on_sqlite[0], on_sqlite[-1]
    speed = largest["lines"] / _whole_seconds(largest)
    growth = largest["peak_mib"] / smallest["peak_mib"]
    lines = f"{largest['lines']:,} lines on SQLite"
    rows = [
        "| goal | target | measured | |",
        "|---|---:|---:|---|",
        f"| {lines}, read, stored and invoiced, lines/s | {WANTED_LINES_PER_SECOND:,} | {speed:,.0f} "
        f"| {'met' if speed >= WANTED_LINES_PER_SECOND else 'MISSED'} |",
    ]
    if smallest is not largest:
        rows.append(
            f"| peak memory, times that of {smallest['lines']:,} lines | at most {WANTED_GROWTH} "
            f"| {growth:.2f} | {'met' if growth <= WANTED_GROWTH else 'MISSED'} |"
        )
    return "\n".join(rows)


def _row(run: Run) -> str:
    lines, insert = run["lines"], run.get("insert_seconds")
    whole = _whole_seconds(run)
    plain = f"{lines / insert:,.0f} | {insert / whole:.2f}" if insert else "- | -"
    return (
        f"| {lines:,} | {run['customers']:,} | {run['database']} | {lines / run['read_seconds']:,.0f} "
        f"| {lines / run['store_seconds']:,.0f} | {lines / run['invoice_seconds']:,.0f} "
        f"| {run['invoices'] / run['invoice_seconds']:,.0f} | {lines / whole:,.0f} | {plain} "
        f"| {run['processor_seconds'] / lines * 1e6:.1f} | {run['peak_mib']:,.0f} |"
    )


def _whole_seconds(run: Run) -> float:
    return float(run["read_seconds"] + run["store_seconds"] + run["invoice_seconds"])
