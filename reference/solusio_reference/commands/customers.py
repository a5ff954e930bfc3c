"""``mock-solusio reference customers``: customers, and their users in SolusIO.

Only click and the standard library are imported here; each command imports the rest when it runs.
"""

from collections.abc import Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING, BinaryIO

import click

from solusio_reference.commands.options import (
    SolusioPlace,
    open_database,
    open_solusio,
    solusio_options,
    store_option,
)
from solusio_reference.commands.table import print_table

if TYPE_CHECKING:
    from solusio_reference.accounts.accounts import Accounts
    from solusio_reference.accounts.wanted import Account
    from solusio_reference.storage.database import Database

_adopt_option = click.option(
    "--adopt",
    is_flag=True,
    help="Take over SolusIO users who have a customer's address and no billing_user_id. Check who they are "
    "first: one may be an administrator.",
)
_ID = click.IntRange(1, 10**18 - 1)
_customer_id = click.argument("customer_id", metavar="ID", type=_ID)


@click.group(context_settings={"help_option_names": ["-h", "--help"]})
def customers() -> None:
    """Manage customers, and keep their SolusIO users in sync.

    ID is the customer's number here, which SolusIO calls billing_user_id. You can repeat every command: it
    does what is missing and never creates a second user. If SolusIO does not respond, the change stays
    pending, and `sync` applies it; if SolusIO refuses it, the change is dropped.
    """


@customers.command("list")
@store_option
def list_customers(place: str) -> None:
    """List all customers, and the wanted status of their SolusIO users.

    Where staff locked or suspended a user in SolusIO itself, that is shown, too.
    """
    from solusio_reference.accounts.wanted import WantedAccounts
    from solusio_reference.display import printable
    from solusio_reference.storage.customers import CustomerStore

    with open_database(place) as database:
        accounts = {account.customer_id: account for account in WantedAccounts(database).all()}
        rows = []
        for customer in CustomerStore(database).all():
            account = accounts.get(customer.id)
            user_id = None if account is None else account.solusio_user_id
            rows.append(
                (
                    str(customer.id),
                    printable(customer.name),
                    customer.currency.code,
                    "-" if account is None else account.email,
                    "-" if user_id is None else str(user_id),
                    "-" if account is None else _status(account),
                )
            )
    print_table(rows, "<<<<<<", header=("ID", "customer", "currency", "e-mail", "SolusIO user", "status"))


@customers.command("import")
@click.argument("file", type=click.File("rb"))
@store_option
@click.option("--sync", is_flag=True, help="Then do what the command `sync` does.")
@solusio_options(required=False)
@_adopt_option
def import_customers(file: BinaryIO, place: str, sync: bool, solusio: SolusioPlace, adopt: bool) -> None:
    """Add customers, replacing those with the same ids.

    FILE is a customers document in JSON, or - for standard input.
    """
    from solusio_reference.accounts.wanted import save_customers
    from solusio_reference.customers_document import read

    if sync and not (solusio.url and solusio.access_token):
        raise click.UsageError("--sync needs --solusio-url and --access-token.")
    if adopt and not sync:
        raise click.UsageError("--adopt needs --sync.")
    try:
        imported = read(file.read())
    except ValueError as error:
        raise click.BadParameter(f"{error}.", param_hint="FILE") from None
    with open_database(place, create=True) as database:
        save_customers(database, imported)
        click.echo(f"Customers imported: {len(imported)}.")
        if sync:
            with _open_accounts(database, solusio) as accounts:
                _sync(accounts, adopt=adopt)


@customers.command("export")
@store_option
def export_customers(place: str) -> None:
    """Print all customers as a customers document, for `import`."""
    from solusio_reference.accounts.wanted import WantedAccounts
    from solusio_reference.customers_document import write
    from solusio_reference.storage.customers import CustomerStore

    with open_database(place) as database:
        profiles = {account.customer_id: account.profile for account in WantedAccounts(database).all()}
        everybody = CustomerStore(database).all()
    exported = [(customer, profiles[customer.id]) for customer in everybody if customer.id in profiles]
    click.echo(write(exported), nl=False)
    if len(exported) < len(everybody):
        missing = len(everybody) - len(exported)
        click.echo(f"Not exported, for lack of an e-mail address: {missing}.", err=True)


@customers.command("sync")
@click.argument("customer_ids", metavar="[ID]...", nargs=-1, type=_ID)
@store_option
@solusio_options()
@_adopt_option
def sync_customers(customer_ids: tuple[int, ...], place: str, solusio: SolusioPlace, adopt: bool) -> None:
    """Bring the SolusIO users of customers in sync: of these, or of all.

    Creates missing users, changes those that differ and deletes removed ones. Users that staff locked or
    suspended in SolusIO itself stay as they are. If some customers have a conflict that you have to resolve,
    all others are synced, and the exit code is 1.
    """
    with open_database(place) as database, _open_accounts(database, solusio) as accounts:
        if not customer_ids:
            _sync(accounts, adopt=adopt)
        for customer_id in customer_ids:
            _say(accounts.apply(customer_id, adopt=adopt))


def _add_change(name: str, text: str) -> None:
    def change(place: str, solusio: SolusioPlace, customer_id: int) -> None:
        with open_database(place) as database, _open_accounts(database, solusio) as accounts:
            _say(getattr(accounts, name)(customer_id))

    customers.command(name, help=text)(_customer_id(store_option(solusio_options()(change))))


_add_change("lock", "Lock a customer who does not pay: no new servers, but the old ones keep running.")
_add_change("unlock", "Unlock a customer, also if staff locked them; a suspension stays in place.")
_add_change("suspend", "Suspend a customer who does not pay, and their servers.")
_add_change("unsuspend", "End a suspension, also if staff made it; a lock stays in place.")
_add_change("remove", "Delete a customer's SolusIO user, who must have no servers. The customer stays here.")


@customers.command("login-link")
@_customer_id
@store_option
@solusio_options()
def login_link(place: str, solusio: SolusioPlace, customer_id: int) -> None:
    """Print a URL that logs a customer in to SolusIO. It works once, for anyone who has it."""
    with open_database(place) as database, _open_accounts(database, solusio) as accounts:
        click.echo(accounts.login_link(customer_id))


def _status(account: "Account") -> str:
    by_others = f", but {account.solusio_status} in SolusIO" if account.restricted_by_others else ""
    return account.status + by_others


def _say(account: "Account") -> None:
    click.echo(f"Customer {account.customer_id} is {_status(account)}.")


@contextmanager
def _open_accounts(database: "Database", place: SolusioPlace) -> "Iterator[Accounts]":
    from solusio_reference.accounts.accounts import Accounts

    with open_solusio(place) as solusio:
        yield Accounts(database, solusio)


def _sync(accounts: "Accounts", *, adopt: bool) -> None:
    synced = conflicts = 0
    for account, problem in accounts.sync(adopt=adopt):
        if problem is None:
            synced += 1
        else:
            conflicts += 1
            click.echo(f"Customer {account.customer_id}: {problem.message.rstrip('.')}.", err=True)
    click.echo(f"In sync with SolusIO: {synced}.")
    if conflicts:
        raise click.ClickException(f"Not in sync: {conflicts}.")
