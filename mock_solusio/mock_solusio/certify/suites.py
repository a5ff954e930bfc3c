"""The suites that can be configured, and how each becomes a run."""

import importlib
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

import click

from solusio_contracts.cli.reporting import PreparedRun, Reporting

SUITES: Final = {
    "pricing": "mock_solusio.pricing.command:pricing",
    "preflight": "mock_solusio.preflight.command:preflight",
    "check": "solusio_contracts.cli.check:check",
    "users": "mock_solusio.users.command:check",
    "invoices": "mock_solusio.invoices.command:check",
}
"""Each table of the configuration, with the command whose options it has; in the order of their runs."""


@dataclass(frozen=True, slots=True)
class Suite:
    """A suite with its options, checked and ready to run."""

    name: str
    prepared: PreparedRun
    reporting: Reporting


def tables(file: Path) -> dict[str, Any]:
    """Return the table of each suite in the file, in the order of their runs.

    Raises:
        click.BadParameter: the file is not TOML, or has a table that no suite reads.
    """
    from solusio_contracts.decoding import DecodingError, parse_toml, read_text
    from solusio_contracts.suggestions import did_you_mean

    try:
        document = parse_toml(read_text(file), str(file))
    except DecodingError as error:
        raise click.BadParameter(str(error), param_hint="'--config'") from error
    for name in document:
        if name not in SUITES:
            hint = did_you_mean(name, SUITES)
            raise click.BadParameter(
                f"{file}: no command reads a table [{name}].{hint}", param_hint="'--config'"
            )
    return {name: document[name] for name in SUITES if name in document}


def prepare(file: Path, name: str, found: Mapping[str, Any], *, quiet: bool) -> Suite:
    """Read the options of a suite from its table of the file, as its own command does.

    `found` are all `tables`: what one of them says, another need not repeat.

    Raises:
        click.UsageError: an option is missing or wrong.
    """
    module, _, attribute = SUITES[name].partition(":")
    commands: Any = importlib.import_module(module)
    command: click.Command = getattr(commands, attribute)
    try:
        with command.make_context(name, ["--config", str(file)]) as context:
            options = dict(context.params)
            if name == "pricing":
                return Suite(name, _of_prices(options["file"]), Reporting(_PLAIN, item="check", names=()))
            options["quiet"] = options["quiet"] or quiet
            options["verbose"] = False
            if name == "preflight":
                _complete(options, found)
            prepare_run: Callable[[dict[str, Any]], PreparedRun] = commands.prepared
            prepared = prepare_run(options)
            return Suite(name, prepared, Reporting(options, item=prepared.item, names=prepared.names))
    except click.MissingParameter as error:
        missing = error.param.name if error.param is not None and error.param.name else "an option"
        raise click.UsageError(f"{file}: [{name}] needs {missing.replace('_', '-')}") from error
    except click.UsageError as error:
        # Its own usage line would name another command.
        raise click.UsageError(_about(file, name, error.format_message())) from error


_PLAIN: Final[dict[str, Any]] = {
    **{"quiet": True, "verbose": False, "reports": (), "baseline_file": None},
    **{"write_baseline": None, "fail_on": "must"},
}
"""The options of reports that `pricing` does not have."""


def _of_prices(opened: Any) -> PreparedRun:
    from mock_solusio.certify import price_list

    if opened is None:
        raise click.UsageError("expected file, the price list")
    opened.close()
    file = Path(opened.name)
    return PreparedRun(item="check", names=(), total=2, run=lambda progress: price_list.run(file, progress))


def _complete(options: dict[str, Any], found: Mapping[str, Any]) -> None:
    """Let `preflight` expect the endpoint and the prices that the other tables name."""
    if options["billing_url"] is None and options["check_report"] is None:
        options["billing_url"] = found.get("check", {}).get("url")
    if options["prices"] is None and "file" in found.get("pricing", {}):
        options["prices"] = Path(found["pricing"]["file"])


def _about(file: Path, name: str, message: str) -> str:
    return message if str(file) in message else f"{file}: [{name}] {message}"
