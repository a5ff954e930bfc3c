"""Progress is shown only on a terminal, and disappears at the end."""

import io
from collections.abc import Callable
from typing import Any, cast

import pytest
from rich.console import Console

from solusio_contracts.checking.rule import Rule
from solusio_contracts.reporting.progress import live


class Named:
    """The part of a rule that progress uses."""

    def __init__(self, title: str) -> None:
        self.title = title


def run(console: Console, titles: tuple[str, ...]) -> None:
    """Do what the runner does."""
    with live(console, len(titles)) as progress:
        for position, title in enumerate(titles):
            progress(cast("Rule", Named(title)), position, len(titles))


def terminal(**changes: Any) -> tuple[Console, Callable[[], str]]:
    """Return a console that behaves like a terminal, and a function that returns its output so far."""
    stream = io.StringIO()
    members: dict[str, Any] = {
        "force_terminal": True,
        "force_interactive": True,
        "_environ": {"TERM": "xterm"},
    }
    console = Console(file=stream, width=80, **(members | changes))
    return console, stream.getvalue


def test_a_terminal_shows_the_rule_at_work():
    console, shown = terminal()
    run(console, ("first rule", "[bold]second[/bold] rule"))
    assert "[bold]second[/bold] rule" in shown(), "a title is not markup"
    assert "1/2" in shown(), "the first of two rules is done while the second is at work"
    assert shown().endswith("\x1b[1A\x1b[2K"), "the line is erased (ECMA-48: up one, erase the line)"


@pytest.mark.parametrize(
    "changes",
    [
        {"force_terminal": False, "force_interactive": False},
        {"force_interactive": False},
        {"_environ": {"TERM": "dumb"}},
    ],
    ids=["pipe", "not interactive", "dumb terminal"],
)
def test_nothing_is_shown_without_a_terminal(changes):
    console, shown = terminal(**changes)
    run(console, ("first rule",))
    assert shown() == ""


def test_a_run_that_is_interrupted_erases_the_line_too():
    console, shown = terminal()

    def interrupted() -> None:
        with live(console, 1) as progress:
            progress(cast("Rule", Named("a rule")), 0, 1)
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        interrupted()
    assert "a rule" in shown()
    assert shown().endswith("\x1b[1A\x1b[2K")
