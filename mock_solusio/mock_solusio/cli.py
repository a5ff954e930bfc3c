"""The command `mock-solusio`: a table of subcommands, each imported when it is needed.

This is the composition root, the only module that names all three packages.
"""

import errno
import importlib
import os
import sys
import traceback
from dataclasses import dataclass
from typing import Any

import click
from click.shell_completion import CompletionItem

INTERRUPTED = 130
"""The exit code after Ctrl-C, as in shells."""

TRACEBACK_VARIABLE = "MOCK_SOLUSIO_TRACEBACK"
"""If set, a fault of this program is shown with its traceback."""


@dataclass(frozen=True, slots=True)
class Subcommand:
    """Where a subcommand is, and the line that `--help` shows without importing it."""

    target: str
    help: str


SUBCOMMANDS = {
    "check": Subcommand(
        "solusio_contracts.cli.check:check", "Check a billing endpoint against the contract."
    ),
    "init": Subcommand(
        "mock_solusio.starter.command:init", "Write a first endpoint, adapters and CI jobs into a folder."
    ),
    "contract": Subcommand(
        "solusio_contracts.cli.contract:contract",
        "Show or export what SolusIO expects of a billing system.",
    ),
    "invoices": Subcommand(
        "mock_solusio.invoices.command:invoices",
        "Check what a billing system puts on its invoices, to the cent.",
    ),
    "users": Subcommand(
        "mock_solusio.users.command:users",
        "Check how a billing system manages users and logs them in.",
    ),
    "preflight": Subcommand(
        "mock_solusio.preflight.command:preflight",
        "Look at a real SolusIO and judge what is set there, reading only.",
    ),
    "certify": Subcommand(
        "mock_solusio.certify.command:certify",
        "Run every check that mock-solusio.toml configures, and answer with the vendor's ten steps.",
    ),
    "serve": Subcommand("mock_solusio.serve:serve", "Run a mock SolusIO until Ctrl-C."),
    "pricing": Subcommand(
        "mock_solusio.pricing.command:pricing", "Calculate and check prices of plans in tokens."
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
    "mcp": Subcommand(
        "mock_solusio.mcp_server.command:mcp",
        "Serve the check, the scenarios and mocks to an editor's assistant.",
    ),
    "reference": Subcommand("solusio_reference.cli:reference", "Run the reference billing system."),
}


class LazyGroup(click.Group):
    """A group whose commands are imported only when they run or show their help."""

    def invoke(self, ctx: click.Context) -> Any:
        """Run a command. What breaks in it ends with one line and exit code 2 or 3: 1 is a verdict."""
        try:
            return super().invoke(ctx)
        except click.ClickException as error:
            error.message = _visible(error.message)  # type: ignore[misc]  # it shows nothing else
            raise
        except (click.exceptions.Exit, click.Abort):
            raise
        except KeyboardInterrupt:
            # Before the command handles it itself: click would end with 1, which is a verdict.
            click.echo("Interrupted: nothing was decided.", err=True)
            raise click.exceptions.Exit(INTERRUPTED) from None
        except OSError as error:
            if error.errno in _OUTPUT_ERRORS:
                raise
            if error.filename is None:
                raise _InternalError(error) from error
            raise _FileError(_visible(f"{error.filename}: {error.strerror}.")) from error
        except Exception as error:
            raise _InternalError(error) from error

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

    def resolve_command(
        self, ctx: click.Context, args: list[str]
    ) -> tuple[str | None, click.Command | None, list[str]]:
        """Suggest names from the table for one that is not in it."""
        if args[0] not in SUBCOMMANDS and not args[0].startswith("-"):
            raise click.NoSuchCommand(args[0], possibilities=SUBCOMMANDS, ctx=ctx)
        return super().resolve_command(ctx, args)

    def shell_complete(self, ctx: click.Context, incomplete: str) -> list[CompletionItem]:
        """Offer the names in the table, without importing their commands."""
        names = [
            CompletionItem(name, help=one.help)
            for name, one in SUBCOMMANDS.items()
            if name.startswith(incomplete)
        ]
        return names + click.Command.shell_complete(self, ctx, incomplete)

    def format_commands(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:  # noqa: ARG002
        """List the commands from the table alone."""
        with formatter.section("Commands"):
            formatter.write_dl([(name, one.help) for name, one in SUBCOMMANDS.items()])


_OUTPUT_ERRORS = frozenset({errno.ENOSPC, errno.EIO, errno.EDQUOT, errno.EPIPE})
"""What `main` and click handle themselves."""


class _FileError(click.ClickException):
    exit_code = 2


class _InternalError(click.ClickException):
    """Nothing was decided, since this program failed."""

    exit_code = 3

    def __init__(self, error: BaseException) -> None:
        if os.environ.get(TRACEBACK_VARIABLE):
            traceback.print_exception(error)
        frames = traceback.extract_tb(error.__traceback__)
        at = f"{os.path.basename(frames[-1].filename)}:{frames[-1].lineno}"  # noqa: PTH119
        cause = " ".join(f"{type(error).__name__}: {error}".split())[:300]
        super().__init__(
            f"This is a fault of mock-solusio: {_visible(cause)} ({at}). "
            f"{TRACEBACK_VARIABLE}=1 shows its traceback, for a bug report."
        )


def _visible(text: str) -> str:
    from solusio_contracts.escaping import visible

    return visible(text)


@click.command(cls=LazyGroup, context_settings={"help_option_names": ["-h", "--help"]})
@click.version_option(package_name="mock-solusio", prog_name="mock-solusio")
def cli() -> None:
    """Check, mock and understand the custom billing integration of SolusIO / SolusVM 2.

    Start with: mock-solusio check URL --user-id 1
    """


def main() -> None:
    """Run the command line; errors end with a message and an exit code, never with a traceback."""
    # httpx would import a command line of its own, with all of rich and pygments: two thirds of its time.
    sys.modules.setdefault("httpx._main", None)  # type: ignore[arg-type]  # None: "not there"
    try:
        try:
            cli(prog_name="mock-solusio")
        finally:
            sys.stdout.flush()
    except KeyboardInterrupt:
        # Too early for the command to handle it.
        sys.exit(INTERRUPTED)
    except OSError as error:
        if error.errno not in _OUTPUT_ERRORS - {errno.EPIPE}:
            raise
        # Nothing more can be written, so Python must not try to at exit.
        sys.stdout = open(os.devnull, "w", encoding="utf-8")  # noqa: PTH123, SIM115 - until the very end
        click.echo(f"Error: Cannot write the output: {error.strerror}.", err=True)
        sys.exit(2)
