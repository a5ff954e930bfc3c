"""`--config FILE`: options from a table of a TOML file, checked as strictly as the command line."""

import tomllib
from collections.abc import Callable
from pathlib import Path
from typing import Any, TypeVar

import click

DEFAULT_FILE = "mock-solusio.toml"
"""Read when it lies in the current folder and --config is not given."""

F = TypeVar("F", bound=Callable[..., Any])
# Options that steer this run of the program and mean nothing in a file.
NOT_IN_A_FILE = frozenset({"config", "list-rules", "explain", "help"})


def config_option(section: str) -> Callable[[F], F]:
    """Add `--config` to a command; the values of `[section]` become defaults of its options."""

    def read(ctx: click.Context, _: click.Parameter, file: Path | None) -> None:
        if file is None:
            file = Path(DEFAULT_FILE)
            if not file.is_file():
                return
        ctx.default_map = {**(ctx.default_map or {}), **_defaults(ctx.command, file, section)}

    return click.option(
        "--config",
        type=click.Path(exists=True, dir_okay=False, path_type=Path),
        metavar="FILE",
        is_eager=True,
        expose_value=False,
        callback=read,
        help=f"Read options from the table [{section}] of this TOML file.  "
        f"[default: {DEFAULT_FILE}, if there is one]",
    )


def _defaults(command: click.Command, file: Path, section: str) -> dict[str, Any]:
    try:
        document = tomllib.loads(file.read_text(encoding="utf-8"))
    except (OSError, UnicodeDecodeError, tomllib.TOMLDecodeError) as error:
        raise click.BadParameter(f"{file} is no readable TOML: {error}", param_hint="--config") from error
    table = document.get(section, {})
    if not isinstance(table, dict):
        raise click.BadParameter(f"{file}: expected a table [{section}]", param_hint="--config")
    parameters = _by_name(command)
    defaults: dict[str, Any] = {}
    for key, value in table.items():
        name = key.replace("_", "-")
        parameter = parameters.get(name)
        if parameter is None:
            known = ", ".join(sorted(parameters))
            raise click.BadParameter(
                f"{file}: [{section}] has no option {key!r}; there are {known}", param_hint="--config"
            )
        _require_type(parameter, value, f"{file}: [{section}] {key}")
        defaults[parameter.name or name] = value
    return defaults


def _by_name(command: click.Command) -> dict[str, click.Parameter]:
    """Return the parameters by their long names without dashes in front; an argument by its own name."""
    named: dict[str, click.Parameter] = {}
    for parameter in command.params:
        names = [opt.lstrip("-") for opt in parameter.opts if opt.startswith("--")] or [parameter.name or ""]
        named.update((name, parameter) for name in names if name not in NOT_IN_A_FILE)
    return named


def _require_type(parameter: click.Parameter, value: Any, where: str) -> None:
    """Refuse what click would take for something else, such as a text for a list of texts."""
    flag = isinstance(parameter, click.Option) and parameter.is_flag
    many = getattr(parameter, "multiple", False)
    if flag:
        ok, expected = isinstance(value, bool), "true or false"
    elif many:
        ok, expected = isinstance(value, list), "a list"
    elif isinstance(parameter.type, click.IntRange):
        ok, expected = isinstance(value, int) and not isinstance(value, bool), "an integer"
    elif isinstance(parameter.type, click.FloatRange):
        ok, expected = isinstance(value, int | float) and not isinstance(value, bool), "a number"
    else:
        ok, expected = isinstance(value, str), "a string"
    if not ok:
        raise click.BadParameter(f"{where}: expected {expected}, got {value!r}", param_hint="--config")
