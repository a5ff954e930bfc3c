"""The option `--contract-overlay`: what `contract learn` wrote about one's own SolusIO."""

from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING, Any, TypeVar

import click

if TYPE_CHECKING:
    from solusio_contracts.contract.overlay import Overlay

F = TypeVar("F", bound=Callable[..., Any])


def overlay_option(use: str) -> Callable[[F], F]:
    """Add the option to a command, which gets an `Overlay` or None as `overlay`; `use` says what for."""
    return click.option(
        "--contract-overlay",
        "overlay",
        type=click.Path(exists=True, dir_okay=False, path_type=Path),
        metavar="FILE",
        callback=_read,
        help=f"What `contract learn` wrote about your SolusIO: {use}",
    )


def _read(_: click.Context, __: click.Parameter, file: Path | None) -> "Overlay | None":
    if file is None:
        return None
    from solusio_contracts.contract.overlay import read_overlay
    from solusio_contracts.decoding import DecodingError, read_text

    try:
        return read_overlay(read_text(file), str(file))
    except DecodingError as error:
        raise click.BadParameter(str(error), param_hint="--contract-overlay") from error
