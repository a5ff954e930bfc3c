"""``mock-solusio reference customers``: customers, and their users in SolusIO.

Only click and the standard library are imported here; each command imports the rest when it runs.
"""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any, BinaryIO

import click

if TYPE_CHECKING:
    from solusio_reference.accounts.accounts import Accounts
    from solusio_reference.storage.customers import CustomerStore

Command = Callable[..., Any]

_store = click.option(
    "--store",
    "place",
    required=True,
    metavar="FILE-or-URL",
    help="Database of the billing system: an SQLite file, or a URL such as postgresql://user@host/name.",
)


def _solusio(*, required: bool = True) -> Callable[[Command], Command]:
    url = click.option(
        "--solusio-url",
        required=required,
        envvar="MOCK_SOLUSIO_URL",
        show_envvar=True,
        metavar="URL",
        help="Address of SolusIO, without /api/v1.",
    )
    access_token = click.option(
        "--access-token",
        required=required,
        envvar="MOCK_SOLUSIO_ADMIN_TOKEN",
        show_envvar=True,
        help="Access token of an administrator of SolusIO.",
    )
    return lambda command: url(access_token(command))


_adopt = click.option(
    "--adopt",
    is_flag=True,
    help="Take over SolusIO users who have a customer's address and belong to nobody. Look at them first: "
    "an administrator may be among them.",
)
_customer_id = click.argument("customer_id", metavar="ID", type=click.IntRange(1, 10**18 - 1))


@click.group(context_settings={"help_option_names": ["-h", "--help"]})
def customers() -> None:
    """Keep customers, and their users in SolusIO in step with them.

    ID is the customer's number here, which SolusIO knows as billing_user_id. Every command may be repeated:
    it does what is missing, and never makes a second user. What SolusIO cannot be asked for stays noted, and
    `sync` does it later; what SolusIO refuses does not.
    """


@customers.command("list")
@_store
def list_customers(place: str) -> None:
    """Show all customers, and what their SolusIO users are to be."""
    from solusio_reference.accounts.wanted import WantedAccounts
    from solusio_reference.display import printable

    with _open(place) as store:
        noted = {account.customer_id: account for account in WantedAccounts(store.database).all()}
        rows = [("ID", "customer", "currency", "e-mail", "SolusIO user", "status")]
        for customer in store.all():
            account = noted.get(customer.id)
            user_id = None if account is None else account.solusio_user_id
            rows.append(
                (
                    str(customer.id),
                    printable(customer.name),
                    customer.currency.code,
                    "-" if account is None else account.email,
                    "-" if user_id is None else str(user_id),
                    "-" if account is None else account.status,
                )
            )
    widths = [max(map(len, column)) for column in zip(*rows, strict=True)]
    for row in rows:
        click.echo("  ".join(cell.ljust(width) for cell, width in zip(row, widths, strict=True)).rstrip())


@customers.command("import")
@click.argument("file", type=click.File("rb"))
@_store
@click.option("--sync", is_flag=True, help="Make their SolusIO users, too, and bring all in step.")
@_solusio(required=False)
@_adopt
def import_customers(
    file: BinaryIO, place: str, sync: bool, solusio_url: str | None, access_token: str | None, adopt: bool
) -> None:
    """Add customers, or replace those with the same id.

    FILE is a customers document in JSON, or - for standard input.
    """
    from solusio_reference.accounts.wanted import WantedAccounts
    from solusio_reference.customers_document import read

    if sync and not (solusio_url and access_token):
        raise click.UsageError("--sync needs --solusio-url and --access-token.")
    if adopt and not sync:
        raise click.UsageError("--adopt needs --sync.")
    try:
        found = read(file.read())
    except ValueError as error:
        raise click.BadParameter(f"{error}.", param_hint="FILE") from None
    with _open(place, make=True) as store:
        store.save(*(customer for customer, _ in found))
        WantedAccounts(store.database).want((customer.id, email) for customer, email in found)
        click.echo(f"Customers imported: {len(found)}.")
        if sync:
            with _accounts(store, solusio_url or "", access_token or "") as accounts:
                _bring_in_step(accounts, adopt=adopt)


@customers.command("export")
@_store
def export_customers(place: str) -> None:
    """Print all customers as a customers document, which `import` reads."""
    from solusio_reference.accounts.wanted import WantedAccounts
    from solusio_reference.customers_document import write

    with _open(place) as store:
        addresses = {account.customer_id: account.email for account in WantedAccounts(store.database).all()}
        every = store.all()
        known = [(customer, addresses[customer.id]) for customer in every if customer.id in addresses]
    click.echo(write(known), nl=False)
    if len(known) < len(every):
        click.echo(f"Left out: {len(every) - len(known)} customers without an e-mail address.", err=True)


@customers.command("sync")
@_store
@_solusio()
@_adopt
def sync_customers(place: str, solusio_url: str, access_token: str, adopt: bool) -> None:
    """Bring the SolusIO users of all customers in step.

    Makes who is missing, changes who differs, deletes who was removed. Exits with 1 if somebody has to
    decide something; all others are in step nevertheless.
    """
    with _open(place) as store, _accounts(store, solusio_url, access_token) as accounts:
        _bring_in_step(accounts, adopt=adopt)


def _add_change(name: str, text: str) -> None:
    def change(place: str, solusio_url: str, access_token: str, customer_id: int) -> None:
        with _open(place) as store, _accounts(store, solusio_url, access_token) as accounts:
            account = getattr(accounts, name)(customer_id)
        click.echo(f"Customer {customer_id} is {account.status}.")

    customers.command(name, help=text)(_customer_id(_store(_solusio()(change))))


_add_change("lock", "Lock a customer who does not pay: they create nothing more in SolusIO.")
_add_change("unlock", "Take a lock back; who is suspended stays so.")
_add_change("suspend", "Suspend a customer who does not pay, with their servers.")
_add_change("unsuspend", "Take a suspension back; who is locked stays so.")
_add_change(
    "remove", "Delete the SolusIO user of a customer, whose servers must be gone. The customer stays here."
)


@customers.command("login-link")
@_customer_id
@_store
@_solusio()
def login_link(place: str, solusio_url: str, access_token: str, customer_id: int) -> None:
    """Print a URL that logs a customer in to SolusIO. It works once, for whoever has it."""
    with _open(place) as store, _accounts(store, solusio_url, access_token) as accounts:
        click.echo(accounts.login_link(customer_id))


@contextmanager
def _open(place: str, *, make: bool = False) -> "Iterator[CustomerStore]":
    from solusio_reference.errors import StoreError
    from solusio_reference.storage.customers import CustomerStore
    from solusio_reference.storage.database import Database

    if not make and "://" not in place and not Path(place).is_file():
        raise click.BadParameter(
            f"There is no file {place}; `customers import` makes one.", param_hint="--store"
        )
    try:
        with CustomerStore(Database.at(place)) as store:
            yield store
    except StoreError as error:
        # Not the place itself: a URL may have a password.
        raise click.BadParameter(f"Cannot use the database: {error}.", param_hint="--store") from error


@contextmanager
def _accounts(store: "CustomerStore", url: str, access_token: str) -> "Iterator[Accounts]":
    from solusio_reference.accounts.accounts import Accounts
    from solusio_reference.solusio.client import SolusioClient, SolusioError

    try:
        solusio = SolusioClient(url, access_token)
    except ValueError as error:
        raise click.BadParameter(f"{error}.", param_hint="--solusio-url or --access-token") from None
    try:
        with solusio:
            yield Accounts(store.database, solusio)
    except SolusioError as error:
        raise click.ClickException(f"{error.message.rstrip('.')}.") from error


def _bring_in_step(accounts: "Accounts", *, adopt: bool) -> None:
    done = problems = 0
    for account, problem in accounts.sync(adopt=adopt):
        if problem is None:
            done += 1
        else:
            problems += 1
            click.echo(f"Customer {account.customer_id}: {problem.message.rstrip('.')}.", err=True)
    click.echo(f"In step with SolusIO: {done}.")
    if problems:
        raise click.ClickException(f"Not in step: {problems}.")
