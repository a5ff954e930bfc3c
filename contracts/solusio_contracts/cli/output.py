"""The option `--output`: write a text to a file, or to standard output."""

import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any, TypedDict, TypeVar

import click

F = TypeVar("F", bound=Callable[..., Any])


def output_option(command: F) -> F:
    """Add `-o` and `--output` to a command; the value `-` stands for standard output."""
    return click.option(
        "--output",
        "-o",
        type=click.Path(dir_okay=False, allow_dash=True, path_type=Path),
        default="-",
        show_default="standard output",
        help="Write to this file, in UTF-8; an existing file is overwritten.",
    )(command)


class Medium(TypedDict):
    """What `printing.printed` must know of the place where its text goes."""

    terminal: bool
    encoding: str


def medium_of(output: Path) -> Medium:
    """Return whether `--output` leads to a terminal, and the encoding there."""
    if str(output) == "-":
        return Medium(terminal=sys.stdout.isatty(), encoding=sys.stdout.encoding or "utf-8")
    return Medium(terminal=False, encoding="utf-8")


def write_output(text: str, output: Path) -> None:
    """Write a text where `--output` says.

    Standard output gets escapes for what its encoding lacks. Line ends are kept.

    Raises:
        click.BadParameter: the file cannot be written.
    """
    if str(output) == "-":
        encoding = sys.stdout.encoding or "utf-8"
        data = text.encode(encoding, "backslashreplace")
        # As bytes, no line end is changed; a terminal gets text.
        click.echo(data.decode(encoding) if sys.stdout.isatty() else data, nl=False)
        return
    try:
        output.write_text(text, encoding="utf-8", newline="")
    except OSError as error:
        message = f"cannot write {output}: {error.strerror}"
        raise click.BadParameter(message, param_hint="--output") from error
