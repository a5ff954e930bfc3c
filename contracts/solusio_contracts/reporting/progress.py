"""Shows the progress of a run on an interactive terminal."""

from __future__ import annotations

from contextlib import contextmanager
from typing import TYPE_CHECKING, Protocol

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from rich.console import Console


class Titled(Protocol):
    """A rule, or a scenario."""

    @property
    def title(self) -> str:
        """What the progress bar shows."""


@contextmanager
def live(console: Console, rules_total: int) -> Iterator[Callable[[Titled, int, int], None]]:
    """Yield a callable that shows the current rule or scenario; the line disappears at the end.

    It shows nothing on a pipe, in a CI log or with TERM=dumb.
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

        def show(rule: Titled, position: int, total: int) -> None:
            bar.update(task, completed=position, total=total, description=rule.title)

        yield show


def _silent(rule: Titled, position: int, total: int) -> None:
    """Show nothing."""
