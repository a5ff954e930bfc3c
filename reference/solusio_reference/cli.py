"""``mock-solusio reference``: run the reference billing system.

Only click and the standard library are imported here; each command is imported when it is needed.
"""

import importlib
from dataclasses import dataclass

import click


@dataclass(frozen=True, slots=True)
class CommandInfo:
    """Where to import a command from, and the line that `--help` shows for it."""

    target: str
    help: str


COMMANDS = {
    "serve": CommandInfo(
        "solusio_reference.commands.serve:serve",
        "Serve the billing endpoint and the billing pages until Ctrl-C.",
    ),
    "bill": CommandInfo(
        "solusio_reference.commands.bill:bill", "Create the invoices of PERIOD, a month such as 2026-03."
    ),
    "invoices": CommandInfo(
        "solusio_reference.commands.invoices:invoices",
        "List the invoices of PERIOD, a month such as 2026-03.",
    ),
    "recollect": CommandInfo(
        "solusio_reference.commands.bill:recollect",
        "Read the usage of PERIOD again, for users who had no billing_user_id when it was collected.",
    ),
    "correct": CommandInfo(
        "solusio_reference.commands.bill:correct",
        "Cancel invoice NUMBER with a credit note, and replace it by one at the customer's current prices.",
    ),
    "customers": CommandInfo(
        "solusio_reference.commands.customers:customers",
        "Manage customers, and keep their SolusIO users in sync.",
    ),
    "check": CommandInfo(
        "solusio_reference.commands.check:check", "Start the reference and run `mock-solusio check` on it."
    ),
    "check-invoices": CommandInfo(
        "solusio_reference.commands.check:check_invoices",
        "Start the reference and run `mock-solusio invoices check` on it.",
    ),
    "check-users": CommandInfo(
        "solusio_reference.commands.check:check_users",
        "Start the reference and run `mock-solusio users check` on it.",
    ),
    "certify": CommandInfo(
        "solusio_reference.commands.check:certify",
        "Start the reference and run `mock-solusio certify` on it.",
    ),
}


class LazyGroup(click.Group):
    """A group that imports a command only to run it or to show its help."""

    def list_commands(self, ctx: click.Context) -> list[str]:  # noqa: ARG002
        """Return the names in the order of the table."""
        return list(COMMANDS)

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:  # noqa: ARG002
        """Import and return a command, or None if there is no such name."""
        info = COMMANDS.get(cmd_name)
        if info is None:
            return None
        module, _, name = info.target.partition(":")
        command: click.Command = getattr(importlib.import_module(module), name)
        return command

    def resolve_command(
        self, ctx: click.Context, args: list[str]
    ) -> tuple[str | None, click.Command | None, list[str]]:
        """Suggest names from the table for one that is not in it."""
        if args[0] not in COMMANDS and not args[0].startswith("-"):
            raise click.NoSuchCommand(args[0], possibilities=COMMANDS, ctx=ctx)
        return super().resolve_command(ctx, args)

    def format_commands(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:  # noqa: ARG002
        """List the commands without importing them."""
        with formatter.section("Commands"):
            formatter.write_dl([(name, info.help) for name, info in COMMANDS.items()])


@click.command(cls=LazyGroup, context_settings={"help_option_names": ["-h", "--help"]})
def reference() -> None:
    """Run the reference billing system.

    A small but complete billing system for SolusIO: it answers GetTokenPricing, keeps SolusIO's users in sync
    with its customers, and turns their usage into invoices. Read it, compare yours with it, or try the other
    commands on it.
    """
