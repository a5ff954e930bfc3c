"""Shows how far a run is; silent where nobody watches."""

from __future__ import annotations

from contextlib import contextmanager
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterator

    from rich.console import Console

    from solusio_contracts.rule import Rule
    from solusio_contracts.runner import Progress


@contextmanager
def live(console: Console, rules_total: int) -> Iterator[Progress]:
    """Give a callable for `runner.run` that shows the rule at work; the line is gone afterwards.

    On anything but an interactive terminal (a pipe, a CI log, TERM=dumb) it shows nothing.
    """
    if not console.is_interactive or console.is_dumb_terminal:
        yield _silent
        return
    from rich.progress import BarColumn, MofNCompleteColumn, Progress, SpinnerColumn, TextColumn

    spinner = "dots" if console.encoding.startswith("utf") else "line"
    with Progress(
        SpinnerColumn(spinner),
        BarColumn(bar_width=20),
        MofNCompleteColumn(),
        TextColumn("{task.description}", markup=False),
        console=console,
        transient=True,
    ) as bar:
        task = bar.add_task("", total=rules_total)

        def show(rule: Rule, position: int, total: int) -> None:
            bar.update(task, completed=position, total=total, description=rule.title)

        yield show


def _silent(rule: Rule, position: int, total: int) -> None:
    """Show nothing."""
