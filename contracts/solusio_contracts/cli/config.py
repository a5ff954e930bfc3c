"""`--config FILE`: reads options from a table of a TOML file, as strictly as from the command line."""

import math
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any, NoReturn, TypeVar

import click

DEFAULT_FILE = "mock-solusio.toml"
"""Read if it is in the current folder and --config is not given."""

SECTIONS = frozenset({"pricing", "preflight", "check", "users", "invoices"})
"""The tables that a file may have; each command reads its own."""

GROUPS = frozenset({"method"})
"""Tables within them; their entries are options, too."""

F = TypeVar("F", bound=Callable[..., Any])
# Options that only make sense on the command line.
NOT_IN_A_FILE = frozenset(
    {
        "config",
        "list-rules",
        "explain",
        "help",
        "watch",
        "example",
        "list-judgements",
        "from",
        "apply",
        "yes-change-plans",
    }
)


def config_option(section: str) -> Callable[[F], F]:
    """Add `--config` to a command; the values of `[section]` become defaults of its options."""

    def read(ctx: click.Context, _: click.Parameter, file: Path | None) -> None:
        named = file is not None
        file = file or Path(DEFAULT_FILE)
        if named or file.is_file():
            defaults = _defaults(ctx.command, file, section, required=named)
            ctx.default_map = {**(ctx.default_map or {}), **defaults}

    return click.option(
        "--config",
        type=click.Path(exists=True, dir_okay=False, path_type=Path),
        metavar="FILE",
        is_eager=True,
        expose_value=False,
        callback=read,
        help=f"Read options from the table [{section}] of this TOML file.  "
        f"[default: {DEFAULT_FILE}, if it exists]",
    )


def _defaults(command: click.Command, file: Path, section: str, *, required: bool) -> dict[str, Any]:
    # Imported here: `check --help` needs none of it.
    from solusio_contracts.decoding import DecodingError, parse_toml, read_text
    from solusio_contracts.escaping import visible
    from solusio_contracts.suggestions import did_you_mean

    try:
        document = parse_toml(read_text(file), str(file))
    except DecodingError as error:
        raise click.BadParameter(str(error), param_hint="--config") from error
    if (required and section not in document) or set(document) - SECTIONS:
        # A file without the table it was named for is a mistake; so is a table that no command reads.
        actual = visible(", ".join(document)) or "nothing"
        raise click.BadParameter(f"{file}: expected a table [{section}], got {actual}", param_hint="--config")
    table = document.get(section, {})
    if not isinstance(table, dict):
        raise click.BadParameter(f"{file}: expected a table [{section}]", param_hint="--config")
    parameters = _by_name(command)
    defaults: dict[str, Any] = {}
    for key, value in _flat(table):
        name = key.replace("_", "-")
        parameter = parameters.get(name)
        if parameter is None:
            hint = did_you_mean(name, parameters) or f" Known options: {', '.join(sorted(parameters))}"
            raise click.BadParameter(
                f"{file}: [{section}] has no option {key!r}.{hint}", param_hint="--config"
            )
        _require_type(parameter, value, f"{file}: [{section}] {key}")
        if (parameter.name or name) in defaults:
            raise click.BadParameter(f"{file}: [{section}] has {name!r} twice", param_hint="--config")
        defaults[parameter.name or name] = value
    return defaults


def _flat(table: dict[str, Any]) -> Iterator[tuple[str, Any]]:
    """Yield the entries of a table and of the tables in it that only group options."""
    for key, value in table.items():
        if isinstance(value, dict) and key in GROUPS:
            yield from value.items()
        else:
            yield key, value


def _by_name(command: click.Command) -> dict[str, click.Parameter]:
    """Return options by their long names without leading dashes, and arguments by their names."""
    named: dict[str, click.Parameter] = {}
    for parameter in command.params:
        names = [opt.lstrip("-") for opt in parameter.opts if opt.startswith("--")] or [parameter.name or ""]
        named.update((name, parameter) for name in names if name not in NOT_IN_A_FILE)
    return named


def _require_type(parameter: click.Parameter, value: Any, where: str) -> None:
    """Refuse what click would convert: a string to a list, 1.9 or true to 1."""
    if not getattr(parameter, "multiple", False):
        _require_single(parameter, value, where)
    elif isinstance(value, list):
        for position, item in enumerate(value):
            _require_single(parameter, item, f"{where}[{position}]")
    else:
        _refuse("a list", _toml(value), where)


def _require_single(parameter: click.Parameter, value: Any, where: str) -> None:
    number = isinstance(value, int) and not isinstance(value, bool)
    if isinstance(parameter, click.Option) and parameter.is_flag:
        ok, expected = isinstance(value, bool), "true or false"
    elif isinstance(parameter.type, click.IntRange):
        ok, expected = number, "an integer"
    elif isinstance(parameter.type, click.FloatRange):
        ok = number or (isinstance(value, float) and math.isfinite(value))
        expected = "a finite number"
    else:
        ok, expected = isinstance(value, str), "a string"
    if not ok:
        # A token is secret even if it is written as a number.
        _refuse(expected, "***" if parameter.name == "token" else _toml(value), where)


def _refuse(expected: str, shown: str, where: str) -> NoReturn:
    raise click.BadParameter(f"{where}: expected {expected}, got {shown}", param_hint="--config")


def _toml(value: Any) -> str:
    """Return a value much as it is written in the file."""
    return str(value).lower() if isinstance(value, bool | float) else repr(value)
