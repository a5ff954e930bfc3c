"""The option --store: which database, opened with errors that fit a command line."""

from typing import TYPE_CHECKING

import click

if TYPE_CHECKING:
    from solusio_reference.storage.customers import CustomerStore


def open_store(place: str | None) -> "CustomerStore":
    """Open a database by path or URL, or a new one in memory. Raises click.BadParameter."""
    from solusio_reference.errors import StoreError
    from solusio_reference.storage.customers import CustomerStore
    from solusio_reference.storage.database import Database

    try:
        store = CustomerStore(Database.in_memory() if place is None else Database.at(place))
        try:
            # Read in full, so that a damaged file is found now and not by the first customer.
            store.all()
        except StoreError:
            store.close()
            raise
    except StoreError as error:
        # A URL may have a password in it.
        shown = "the database" if place is None or "://" in place else place
        raise click.BadParameter(f"Cannot use {shown}: {error}.", param_hint="--store") from error
    return store


def fill_with_demo(store: "CustomerStore", wanted: bool | None) -> None:
    """Save the demo customers; with None only if there are no customers. Raises click.BadParameter."""
    from solusio_reference.errors import StoreError
    from solusio_reference.storage.customers import seed_demo

    try:
        if wanted or (wanted is None and not store.all()):
            seed_demo(store)
    except StoreError as error:
        raise click.BadParameter(f"Cannot save the demo customers: {error}.", param_hint="--store") from error
