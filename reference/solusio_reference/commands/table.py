"""Tables in a terminal."""

from collections.abc import Sequence

import click

Row = Sequence[str]


def print_table(
    rows: Sequence[Row],
    align: str,
    *,
    header: Row | None = None,
    indent: str = "",
    limit: int | None = None,
    err: bool = False,
) -> None:
    """Print rows in aligned columns; ``align`` has ``<`` (left) or ``>`` (right) for each column.

    ``limit``: print that many rows, and how many more there are. ``err``: print to standard error.
    """
    shown = [*([] if header is None else [header]), *rows[:limit]]
    widths = [max(map(len, column)) for column in zip(*shown, strict=True)]
    for row in shown:
        cells = [f"{cell:{side}{width}}" for cell, side, width in zip(row, align, widths, strict=True)]
        click.echo(f"{indent}{'  '.join(cells)}".rstrip(), err=err)
    if limit is not None and len(rows) > limit:
        click.echo(f"{indent}... and {len(rows) - limit} more", err=err)
