"""The options about reports that `check` and `invoices check` have in common."""

from collections.abc import Callable
from pathlib import Path
from typing import Any, TypeVar

import click

from solusio_contracts.cli.types import KINDS, ReportFile

F = TypeVar("F", bound=Callable[..., Any])


def report_options(*, verbose: str) -> Callable[[F], F]:
    """Add `--baseline`, `--write-baseline`, `--report`, `-v` and `-q`; `verbose` says what `-v` adds."""
    options = (
        click.option(
            "--baseline",
            "baseline_file",
            type=click.Path(exists=True, dir_okay=False, path_type=Path),
            metavar="FILE",
            help="Accept the failures listed there, and fail when one of them is gone.",
        ),
        click.option(
            "--write-baseline",
            type=click.Path(dir_okay=False, path_type=Path),
            metavar="FILE",
            help="Write the failures of this run as a baseline.",
        ),
        click.option(
            "--report",
            "reports",
            type=ReportFile(),
            multiple=True,
            help=f"Write a report to a file; kinds: {', '.join(KINDS)}.",
        ),
        click.option("-v", "--verbose", is_flag=True, help=verbose),
        click.option("-q", "--quiet", is_flag=True, help="Show the verdict only."),
    )

    def add(command: F) -> F:
        # click lists options in the order of the decorators from top to bottom, and applies them upwards.
        for option in reversed(options):
            command = option(command)
        return command

    return add
