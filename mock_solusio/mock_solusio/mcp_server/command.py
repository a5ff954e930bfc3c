"""`mock-solusio mcp`. Only click is imported here."""

import sys
from pathlib import Path

import click

from solusio_contracts.cli.extras import require_extra


@click.command(short_help="Serve the check, the scenarios and mocks to an editor's assistant.")
@click.option(
    "--folder",
    type=click.Path(exists=True, file_okay=False, path_type=Path),
    default=".",
    metavar="FOLDER",
    help="The folder of the project, whose mock-solusio.toml is read.  [default: the current folder]",
)
@click.option(
    "--allow-host",
    "hosts",
    multiple=True,
    metavar="HOST",
    help="Also let tools send requests to this host; otherwise only to this machine. Repeatable.",
)
@click.option(
    "--allow-commands",
    is_flag=True,
    help="Let tools run the commands that mock-solusio.toml names for invoices and users; otherwise only its "
    "URLs.",
)
def mcp(folder: Path, hosts: tuple[str, ...], allow_commands: bool) -> None:
    """Serve the check, the scenarios and mocks to an editor's assistant, over standard input and output.

    Editors start this command themselves; docs/assistants.md has their configuration. It needs the extra
    `mcp`. At the end of the session, all its mocks stop.
    """
    require_extra("mcp", "`mock-solusio mcp`")
    if sys.stdin.isatty():
        click.echo("Waiting for an editor, which starts this command itself. Ctrl-C ends it.", err=True)
    from mock_solusio.mcp_server.access import Access
    from mock_solusio.mcp_server.server import serve

    serve(Access(folder.resolve(), frozenset(host.lower() for host in hosts), allow_commands))
