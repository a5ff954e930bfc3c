"""The command `mock-solusio`: a table of subcommands, each imported when it is needed.

This is the composition root, the only module that names all three packages.
"""

import errno
import importlib
import os
import sys
from dataclasses import dataclass

import click


@dataclass(frozen=True, slots=True)
class Subcommand:
    """Where a subcommand is, and the line that `--help` shows without importing it."""

    target: str
    help: str


SUBCOMMANDS = {
    "check": Subcommand(
        "solusio_contracts.cli.check:check", "Check a billing endpoint against the contract."
    ),
    "contract": Subcommand(
        "solusio_contracts.cli.contract:contract",
        "Show or export what SolusIO expects of a billing system.",
    ),
    "invoices": Subcommand(
        "mock_solusio.invoices.command:invoices",
        "Check what a billing system puts on its invoices, to the cent.",
    ),
    "serve": Subcommand("mock_solusio.serve:serve", "Run a mock SolusIO until Ctrl-C."),
    "pricing": Subcommand(
        "mock_solusio.price_list.command:pricing", "Calculate and check prices of plans in tokens."
    ),
    "record": Subcommand(
        "mock_solusio.record.command:record", "Record a real SolusIO, anonymised, for `serve --recorded`."
    ),
    "fleet": Subcommand(
        "mock_solusio.fleet.command:fleet", "Generate realistic fleets of servers and customers."
    ),
    "demo": Subcommand(
        "mock_solusio.demo.command:demo", "Run SolusIO and a billing system together until Ctrl-C."
    ),
    "reference": Subcommand("solusio_reference.cli:reference", "Run the reference billing system."),
}


class LazyGroup(click.Group):
    """A group whose commands are imported only when they run or show their help."""

    def list_commands(self, ctx: click.Context) -> list[str]:  # noqa: ARG002
        """Return the names in the order of the table, the most frequently used first."""
        return list(SUBCOMMANDS)

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:  # noqa: ARG002
        """Import and return a command; None if there is no such command."""
        found = SUBCOMMANDS.get(cmd_name)
        if found is None:
            return None
        module, _, name = found.target.partition(":")
        command: click.Command = getattr(importlib.import_module(module), name)
        return command

    def format_commands(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:  # noqa: ARG002
        """List the commands from the table alone."""
        with formatter.section("Commands"):
            formatter.write_dl([(name, one.help) for name, one in SUBCOMMANDS.items()])


@click.command(cls=LazyGroup, context_settings={"help_option_names": ["-h", "--help"]})
@click.version_option(package_name="mock-solusio", prog_name="mock-solusio")
def cli() -> None:
    """Check, mock and understand the custom billing integration of SolusIO / SolusVM 2.

    Start with: mock-solusio check URL --user-id 1
    """


def main() -> None:
    """Run the command line; errors end with a message and an exit code, never with a traceback."""
    try:
        try:
            cli(prog_name="mock-solusio")
        finally:
            sys.stdout.flush()
    except KeyboardInterrupt:
        # Too early for the command to handle it.
        sys.exit(130)
    except OSError as error:
        if error.errno not in {errno.ENOSPC, errno.EIO, errno.EDQUOT}:
            raise
        # Nothing more can be written, so Python must not try to at exit.
        sys.stdout = open(os.devnull, "w", encoding="utf-8")  # noqa: PTH123, SIM115 - until the very end
        click.echo(f"Error: Cannot write the output: {error.strerror}.", err=True)
        sys.exit(2)
