"""``mock-solusio reference``: serve the reference endpoint, or hold it to the contract.

Only click and the standard library are imported here; each command imports the rest when it runs.
"""

import os
import secrets
import shlex
import subprocess
import sys
from pathlib import Path
from typing import TYPE_CHECKING

import click
from click.core import ParameterSource

if TYPE_CHECKING:
    from solusio_reference.pricing import Customer
    from solusio_reference.store import Store

TOKEN_VARIABLE = "MOCK_SOLUSIO_BILLING_TOKEN"  # noqa: S105 - a name, not a token
UNKNOWN_USER_ID = 999_999
CUSTOMERS_SHOWN = 20


@click.group(context_settings={"help_option_names": ["-h", "--help"]})
def reference() -> None:
    """Run the reference billing endpoint.

    A small billing system that answers SolusIO's GetTokenPricing as it should be answered: to
    compare your own with, to read, and to try the other commands on.
    """


@reference.command()
@click.option("--host", default="127.0.0.1", show_default=True, help="Address to listen on.")
@click.option(
    "--port",
    type=click.IntRange(0, 65535),
    default=8080,
    show_default=True,
    help="Port to listen on; 0 takes a free one.",
)
@click.option("--path", default="/", show_default=True, help="Path of the endpoint in its URL.")
@click.option(
    "--token",
    envvar=TOKEN_VARIABLE,
    show_envvar=True,
    help="Authorization token that callers must send. Without one, everybody may ask.",
)
@click.option("--no-token", is_flag=True, help="Ask for no token, even if the variable is set.")
@click.option(
    "--store",
    "store_file",
    type=click.Path(path_type=Path),
    help="SQLite file with the customers, made if it is missing. Default: in memory.",
)
@click.option(
    "--seed-demo/--no-seed-demo",
    default=None,
    help="Save the demo customers, replacing those with ids 1 to 10. Default: only if the store is empty.",
)
@click.pass_context
def serve(
    context: click.Context,
    host: str,
    port: int,
    path: str,
    token: str | None,
    no_token: bool,
    store_file: Path | None,
    seed_demo: bool | None,
) -> None:
    """Serve the reference endpoint until Ctrl-C.

    Prints the URL, the customers, and two lines to try.
    """
    token_typed = context.get_parameter_source("token") is ParameterSource.COMMANDLINE
    if no_token and token_typed:
        raise click.UsageError("--token and --no-token exclude each other.")
    if no_token:
        token = None

    from solusio_reference.app import create_app
    from solusio_reference.serving import listen, make_server, url_of

    with _open_store(store_file, seed_demo) as store:
        customers = store.all()
        try:
            app = create_app(store, token=token, path=path)
        except ValueError as error:
            raise click.UsageError(f"{error}.") from error
        try:
            listener = listen(host, port)
        except OSError as error:
            reason = (error.strerror or str(error)).partition(" (while")[0]
            raise click.UsageError(f"Cannot listen on {host}:{port}: {reason}.") from error
        with listener:
            shown_token = None
            if token is not None:
                # A token from the environment stays out of the terminal.
                shown_token = shlex.quote(token) if token_typed else f'"${TOKEN_VARIABLE}"'
            try:
                _greet(url_of(listener, path), shown_token, customers)
                make_server(app).run(sockets=[listener])
            except KeyboardInterrupt:
                pass  # uvicorn has finished its requests, and passes Ctrl-C on to us
            click.echo("Stopped.")


@reference.command(context_settings={"ignore_unknown_options": True})
@click.argument("options", nargs=-1, type=click.UNPROCESSED, metavar="[OPTIONS OF CHECK]...")
def check(options: tuple[str, ...]) -> None:
    """Start the reference endpoint and run `mock-solusio check` on it.

    OPTIONS go to `mock-solusio check` unchanged, for example --no-fuzz or --report json=FILE; see
    its own --help. Exits with its exit code: 0 means conformant.
    """
    from solusio_reference.app import create_app
    from solusio_reference.serving import running

    token = secrets.token_urlsafe()
    with _open_store(None, None) as store, running(create_app(store, token=token)) as url:
        command = [sys.executable, "-m", "mock_solusio", "check", url]
        command += ["--user-id", "1", "--user-id", "2"]
        command += ["--unknown-user-id", str(UNKNOWN_USER_ID), *options]
        code = _run(command, {**os.environ, "MOCK_SOLUSIO_TOKEN": token})
    sys.exit(code)


def _open_store(file: Path | None, seed: bool | None) -> "Store":
    from solusio_reference.errors import StoreError
    from solusio_reference.store import Store, seed_demo

    try:
        store = Store.in_memory() if file is None else Store.in_file(file)
        try:
            # Read in full, so that a damaged file is found now and not by the first customer.
            empty = not store.all()
            if seed or (seed is None and empty):
                seed_demo(store)
        except StoreError:
            store.close()
            raise
    except StoreError as error:
        raise click.BadParameter(f"Cannot use {file}: {error}.", param_hint="--store") from error
    return store


def _greet(url: str, token: str | None, customers: "list[Customer]") -> None:
    click.echo(f"The reference billing endpoint answers GetTokenPricing at {url}\n")
    for line in _table(customers):
        click.echo(f"  {line}")
    user_ids = [customer.id for customer in customers]
    ask = ["curl", "-X", "POST", url, "-H", "'Accept: application/json'"]
    judge = ["mock-solusio", "check", url]
    if token is not None:
        ask += ["--data-urlencode", f"token={token}"]
        judge = [f"MOCK_SOLUSIO_TOKEN={token}", *judge]
    ask += ["-d", "action=GetTokenPricing", "-d", f"userid={user_ids[0] if user_ids else 1}"]
    click.echo(f"\nAsk it as SolusIO does:\n  {' '.join(ask)}")
    if user_ids:
        for user_id in user_ids[:2]:
            judge += ["--user-id", str(user_id)]
        unknown = UNKNOWN_USER_ID if UNKNOWN_USER_ID not in user_ids else max(user_ids) + 1
        judge += ["--unknown-user-id", str(unknown)]
        click.echo(f"\nHold it to the contract:\n  {' '.join(judge)}")
    click.echo("\nPress Ctrl-C to stop.")


def _table(customers: "list[Customer]") -> list[str]:
    from solusio_reference.money import json_number
    from solusio_reference.pricing import price

    if not customers:
        return ["There are no customers: every userid is answered 404."]
    rows = [("userid", "customer", "currency", "base cost", "user cost")]
    for customer in customers[:CUSTOMERS_SHOWN]:
        pricing = price(customer)
        rows.append(
            (
                str(customer.id),
                customer.name,
                customer.currency.code,
                json_number(pricing.base_token_unit_cost),
                json_number(pricing.user_token_unit_cost),
            )
        )
    widths = [max(map(len, column)) for column in zip(*rows, strict=True)]
    lines = [
        "  ".join(cell.ljust(width) for cell, width in zip(row, widths, strict=True)).rstrip() for row in rows
    ]
    if len(customers) > CUSTOMERS_SHOWN:
        lines.append(f"... and {len(customers) - CUSTOMERS_SHOWN} more")
    return lines


def _run(command: list[str], environment: dict[str, str]) -> int:
    # A process of its own: the check meets the endpoint over HTTP alone, as any third party.
    try:
        with subprocess.Popen(command, env=environment) as process:  # noqa: S603 - our own command
            try:
                code = process.wait()
            except KeyboardInterrupt:
                process.terminate()
                raise
    except KeyboardInterrupt:
        return 130  # what shells report after Ctrl-C
    return code if code >= 0 else 128 - code  # a negative code is the signal that ended it
