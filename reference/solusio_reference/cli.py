"""``mock-solusio reference``: run the reference billing system.

Only click and the standard library are imported here; each command is imported when it is asked for.
"""

import importlib
from dataclasses import dataclass

import click


@dataclass(frozen=True, slots=True)
class CommandInfo:
    """Where a command lives, and the line `--help` shows of it without importing it."""

    target: str
    help: str


COMMANDS = {
    "serve": CommandInfo(
        "solusio_reference.commands.serve:serve",
        "Serve the billing endpoint, and the billing pages, until Ctrl-C.",
    ),
    "bill": CommandInfo(
        "solusio_reference.commands.bill:bill", "Make the invoices of PERIOD, a month such as 2026-03."
    ),
    "invoices": CommandInfo(
        "solusio_reference.commands.bill:invoices", "List the invoices of PERIOD, a month such as 2026-03."
    ),
    "customers": CommandInfo(
        "solusio_reference.commands.customers:customers",
        "Keep customers, and their users in SolusIO in step with them.",
    ),
    "check": CommandInfo(
        "solusio_reference.commands.check:check", "Start the reference and run `mock-solusio check` on it."
    ),
    "check-invoices": CommandInfo(
        "solusio_reference.commands.check:check_invoices",
        "Start the reference and run `mock-solusio invoices check` on it.",
    ),
}


class LazyGroup(click.Group):
    """A group whose commands are imported only when they run or are asked for help."""

    def list_commands(self, ctx: click.Context) -> list[str]:  # noqa: ARG002
        """Return the names in the order of the table."""
        return list(COMMANDS)

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:  # noqa: ARG002
        """Import and return a command, or None when there is none of this name."""
        entry = COMMANDS.get(cmd_name)
        if entry is None:
            return None
        module, _, name = entry.target.partition(":")
        command: click.Command = getattr(importlib.import_module(module), name)
        return command

    def format_commands(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:  # noqa: ARG002
        """List the commands from the table alone."""
        with formatter.section("Commands"):
            formatter.write_dl([(name, entry.help) for name, entry in COMMANDS.items()])


@click.command(cls=LazyGroup, context_settings={"help_option_names": ["-h", "--help"]})
def reference() -> None:
    """Run the reference billing system.

    A small billing system for SolusIO, as one should be: it answers GetTokenPricing, keeps users of
    SolusIO in step with its customers, and makes invoices of their usage. To compare your own with,
    to read, and to try the other commands on.
    """
