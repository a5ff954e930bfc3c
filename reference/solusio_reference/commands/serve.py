"""``mock-solusio reference serve``: the billing endpoint, and with it the pages and the adapter.

Only click and the standard library are imported here; the command imports the rest when it runs.
"""

import errno
import os
import shlex
import tempfile
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager, suppress
from pathlib import Path
from typing import TYPE_CHECKING

import click
from click.core import ParameterSource

from solusio_reference.commands.options import SolusioPlace, open_database, open_solusio, solusio_options

if TYPE_CHECKING:
    import socket

    from starlette.types import ASGIApp

    from solusio_reference.accounts.wanted import Profile
    from solusio_reference.pricing import Customer
    from solusio_reference.serving import Server
    from solusio_reference.solusio.client import SolusioClient
    from solusio_reference.storage.customers import CustomerStore

TOKEN_VARIABLE = "MOCK_SOLUSIO_TOKEN"  # noqa: S105 - a name, not a token
IN_MEMORY = "sqlite://"


def _web_address(_context: click.Context, _option: click.Parameter, value: str | None) -> str | None:
    if value is not None and not value.startswith(("http://", "https://")):
        raise click.BadParameter(f"expected a URL with http:// or https://, got {value!r}.")
    return value


@click.command(context_settings={"help_option_names": ["-h", "--help"]})
@click.option("--host", default="127.0.0.1", show_default=True, help="Address to listen on.")
@click.option(
    "--port",
    type=click.IntRange(0, 65535),
    default=8080,
    show_default=True,
    help="Port to listen on; 0 means a free one.",
)
@click.option("--path", default="/", show_default=True, help="Path of the endpoint in its URL.")
@click.option(
    "--token",
    envvar=TOKEN_VARIABLE,
    show_envvar=True,
    help="Authorization token that callers must send. Default: the endpoint is open.",
)
@click.option("--no-token", is_flag=True, help="Require no token, even if the variable is set.")
@click.option(
    "--store",
    "place",
    metavar="FILE|URL",
    default=IN_MEMORY,
    help="Database: an SQLite file, created if missing, or a URL such as postgresql://user@host/name. "
    "Default: in memory.",
)
@click.option(
    "--customers",
    "customers_file",
    type=click.Path(exists=True, dir_okay=False, path_type=Path),
    help="Customers document to import at the start.",
)
@click.option(
    "--seed-demo/--no-seed-demo",
    default=None,
    help="Save the demo customers, replacing those with ids 1 to 10. Default: only into an empty store.",
)
@solusio_options(required=False)
@click.option(
    "--pages/--no-pages",
    default=None,
    help="Serve the billing pages and the adapter. Default: only with --solusio-url and on this machine. "
    "They require no password: with --pages and another --host, anyone who can reach them can use them.",
)
@click.option(
    "--url-file",
    type=click.Path(dir_okay=False, path_type=Path),
    help="File to write the URL of the endpoint to, once it accepts requests.",
)
@click.option(
    "--tour-url",
    callback=_web_address,
    help="Address of a page that explains the demo this billing system belongs to. The pages link to it.",
)
@click.option("--log-requests", is_flag=True, help="Print a JSON object for each request on standard error.")
@click.option("--until-stdin-closes", is_flag=True, help="Stop when standard input ends.")
@click.pass_context
def serve(
    context: click.Context,
    host: str,
    port: int,
    path: str,
    token: str | None,
    no_token: bool,
    place: str,
    customers_file: Path | None,
    seed_demo: bool | None,
    solusio: SolusioPlace,
    pages: bool | None,
    url_file: Path | None,
    tour_url: str | None,
    log_requests: bool,
    until_stdin_closes: bool,
) -> None:
    """Serve the billing endpoint and the billing pages until Ctrl-C.

    Prints the URLs, the customers, and two commands to try.
    """
    token_typed = context.get_parameter_source("token") is ParameterSource.COMMANDLINE
    if no_token and token_typed:
        raise click.UsageError("--token and --no-token exclude each other.")
    if no_token:
        token = None
    access_token_typed = context.get_parameter_source("access_token") is ParameterSource.COMMANDLINE
    if solusio.url is None and access_token_typed:
        raise click.UsageError("--access-token needs --solusio-url.")
    if solusio.url is not None and not solusio.access_token:
        raise click.UsageError("--solusio-url needs --access-token.")

    from solusio_reference.accounts.wanted import save_customers
    from solusio_reference.app import create_app
    from solusio_reference.commands.greeting import ServerInfo, greet
    from solusio_reference.listening import listen, resolve, url_of
    from solusio_reference.loopback import is_loopback
    from solusio_reference.request_log import logging_requests
    from solusio_reference.serving import make_server
    from solusio_reference.storage.customers import CustomerStore
    from solusio_reference.web.endpoint_page import with_page

    with ExitStack() as stack:
        client = None if solusio.url is None else stack.enter_context(open_solusio(solusio))
        imported = [] if customers_file is None else _read_customers(customers_file)
        store = CustomerStore(stack.enter_context(open_database(place, create=True)))
        store.all()  # read everything, so that a damaged file is found now
        with _errors_of_listening(host, port):
            address = resolve(host)
        remote = not is_loopback(address)
        with_pages = pages if pages is not None else client is not None and not remote
        mounts = _mounts(store, client, allow_remote=remote, tour_url=tour_url) if with_pages else {}
        # Judge all options before the port is taken and the store is changed.
        try:
            app = create_app(store, token=token, path=path, mounts=mounts)
        except ValueError as error:
            raise click.UsageError(f"{error}.") from error
        with _errors_of_listening(host, port):
            listener = stack.enter_context(listen(address, port))
        announce = stack.enter_context(_announcing(url_file))
        save_customers(store.database, imported)
        _seed_demo(store, seed_demo)
        customers = store.all()
        url = url_of(listener, path)
        # Never the token itself: the page may be opened by somebody who did not start the server.
        variable = None if token is None else f'"${TOKEN_VARIABLE}"'
        app = with_page(app, path, url=url, customers=customers, token=variable, pages=with_pages)
        if log_requests:
            app = logging_requests(app, _print_to_standard_error)
        info = ServerInfo(
            url=url,
            # A token that comes from the environment is not printed.
            token=shlex.quote(token) if token is not None and token_typed else variable,
            pages=url_of(listener, "/billing") if with_pages else None,
            remote=remote,
            solusio=None if client is None else client.url,
        )

        def on_start() -> None:
            announce(url)
            greet(info, customers)

        _run(make_server(app, on_start=on_start), listener, until_stdin_closes=until_stdin_closes)


@contextmanager
def _errors_of_listening(host: str, port: int) -> Iterator[None]:
    try:
        yield
    except OSError as error:
        reason = (error.strerror or str(error)).partition(" (while")[0]
        another = error.errno in (errno.EADDRINUSE, errno.EACCES)
        hint = " Choose another --port, or 0 for a free one." if another else ""
        raise click.UsageError(f"Cannot listen on {host}:{port}: {reason}.{hint}") from error


def _run(server: "Server", listener: "socket.socket", *, until_stdin_closes: bool) -> None:
    from solusio_reference.serving import sigterm_as_interrupt, stop_with_input

    if until_stdin_closes:
        stop_with_input(server)
    # uvicorn finishes its requests, then raises KeyboardInterrupt after Ctrl-C and SIGTERM.
    with suppress(KeyboardInterrupt), sigterm_as_interrupt():
        server.run(sockets=[listener])
    click.echo("Stopped.")


def _print_to_standard_error(line: str) -> None:
    with suppress(OSError):  # nobody reads it any more
        click.echo(line, err=True, nl=False)


def _read_customers(file: Path) -> "list[tuple[Customer, Profile]]":
    from solusio_reference.customers_document import read

    try:
        return read(file.read_bytes())
    except (OSError, ValueError) as error:
        raise click.BadParameter(f"Cannot read {file}: {error}.", param_hint="--customers") from error


def _seed_demo(store: "CustomerStore", wanted: bool | None) -> None:
    from solusio_reference.storage.customers import seed_demo

    if wanted or (wanted is None and not store.count()):
        seed_demo(store)


def _mounts(
    store: "CustomerStore", solusio: "SolusioClient | None", *, allow_remote: bool, tour_url: str | None
) -> "dict[str, ASGIApp]":
    from solusio_reference.web.adapter import create_adapter
    from solusio_reference.web.pages import create_pages
    from solusio_reference.web.services import BillingService

    service = BillingService(store, solusio=solusio)
    return {
        "/billing": create_pages(service, allow_remote=allow_remote, tour_url=tour_url),
        "/adapter": create_adapter(service, allow_remote=allow_remote),
    }


@contextmanager
def _announcing(file: Path | None) -> Iterator[Callable[[str], None]]:
    """Yield a function that writes a URL to a file atomically: readers never see half of it."""
    if file is None:
        yield lambda _: None
        return
    try:
        # Nobody must take the URL of an earlier server for ours.
        file.unlink(missing_ok=True)
        handle, name = tempfile.mkstemp(prefix=f".{file.name}.", dir=file.parent)
    except OSError as error:
        raise click.BadParameter(
            f"Cannot write {file}: {error.strerror}.", param_hint="--url-file"
        ) from error
    os.close(handle)
    unfinished = Path(name)

    def announce(url: str) -> None:
        unfinished.write_text(f"{url}\n", encoding="utf-8")
        unfinished.chmod(0o644)
        unfinished.replace(file)

    try:
        yield announce
    finally:
        unfinished.unlink(missing_ok=True)
