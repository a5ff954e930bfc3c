"""Prints with rich: a list to standard output, or anything into a text."""

import io
from collections.abc import Callable, Iterable, Sequence

from rich.console import Console
from rich.padding import Padding
from rich.table import Table
from rich.text import Text

PLAIN_WIDTH = 120
"""Columns of a table in a file or a pipe, where the reader's width is unknown."""
LIST_WIDTH = 160
"""Columns of a list in a file or a pipe: one line for each entry, for grep."""

NARROW = 100
"""Columns of a terminal below which the last column of a list has no room beside the others."""


class _File(io.StringIO):
    """A text whose encoding rich knows, so that it draws only lines which that encoding has."""

    def __init__(self, encoding: str) -> None:
        super().__init__()
        self._encoding = encoding

    @property
    def encoding(self) -> str:  # type: ignore[override]  # a plain attribute in typeshed
        return self._encoding


def printed(render: Callable[[Console], None], *, terminal: bool = False, encoding: str = "utf-8") -> str:
    """Return what `render` prints on a console, without blank lines at both ends.

    For a `terminal`, in its width and colours; otherwise `PLAIN_WIDTH` columns wide and plain.
    """
    file = _File(encoding)
    width = None if terminal else PLAIN_WIDTH
    render(Console(file=file, width=width, force_terminal=terminal, highlight=False))
    text = "\n".join(line.rstrip() for line in file.getvalue().splitlines()).strip("\n")
    return f"{text}\n" if text else ""


def print_list(headings: Sequence[str], rows: Iterable[Sequence[str]]) -> None:
    """Print rows below headings, without borders; the first two columns never wrap.

    On a narrow terminal, the last column of each row is below the others instead.
    """
    console = Console(highlight=False)
    if not console.is_terminal:
        console.width = LIST_WIDTH
    if console.width < NARROW:
        for name, *others, text in rows:
            console.print(Text.assemble((name, "bold"), *(f"  {one}" for one in others)))
            console.print(Padding(Text(text), (0, 0, 0, 2)))
        return
    table = Table(box=None, pad_edge=False, header_style="bold")
    for position, heading in enumerate(headings):
        table.add_column(heading, overflow="fold", no_wrap=position < 2)
    for row in rows:
        table.add_row(*map(Text, row))
    console.print(table)


def print_section(console: Console, heading: str, rows: Sequence[tuple[str, str]]) -> None:
    """Print rows below a heading, indented; nothing without rows."""
    if not rows:
        return
    console.print()
    console.print(Text(heading, "bold"))
    if all(not second for _, second in rows):
        for first, _ in rows:
            console.print(Padding(Text(first), (0, 0, 0, 2)))
        return
    grid = Table.grid(padding=(0, 2))
    grid.add_column(no_wrap=True)
    grid.add_column()
    for first, second in rows:
        grid.add_row(Text(first), Text(second))
    console.print(Padding(grid, (0, 0, 0, 2)))
