"""Options that several commands share, and what they open, with errors fit for a command line.

Only click and the standard library are imported here; each function imports the rest when it is called.
"""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

if TYPE_CHECKING:
    from solusio_reference.solusio.client import SolusioClient
    from solusio_reference.storage.database import Database

Command = Callable[..., Any]

store_option = click.option(
    "--store",
    "place",
    required=True,
    metavar="FILE|URL",
    help="Database of the billing system: an SQLite file, or a URL such as postgresql://user@host/name. "
    "Put a password into PGPASSWORD.",
)


def solusio_options(*, required: bool = True) -> Callable[[Command], Command]:
    """Return the decorator for --solusio-url and --access-token."""
    # `mock-solusio invoices check` sets the first variable of each pair.
    url = click.option(
        "--solusio-url",
        required=required,
        envvar=["SOLUSIO_URL", "MOCK_SOLUSIO_URL"],
        show_envvar=True,
        metavar="URL",
        help="Address of SolusIO, without /api/v1.",
    )
    access_token = click.option(
        "--access-token",
        required=required,
        envvar=["SOLUSIO_ACCESS_TOKEN", "MOCK_SOLUSIO_ADMIN_TOKEN"],
        show_envvar=True,
        help="Access token of a SolusIO administrator.",
    )
    return lambda command: url(access_token(command))


@contextmanager
def open_database(place: str, *, create: bool = False) -> "Iterator[Database]":
    """Open a database. Raises click.BadParameter, for a missing file too unless ``create``."""
    from solusio_reference.errors import StoreError
    from solusio_reference.storage.database import Database

    # SQLite would create the file: a typing mistake must not start a second database.
    if not create and "://" not in place and not Path(place).is_file():
        raise click.BadParameter(
            f"There is no file {place}; `customers import` creates one.", param_hint="--store"
        )
    try:
        with Database.at(place) as database:
            yield database
    except StoreError as error:
        shown = "the database" if "://" in place else place  # a URL may contain a password
        raise click.BadParameter(f"Cannot use {shown}: {error}.", param_hint="--store") from error


@contextmanager
def open_solusio(url: str, access_token: str) -> "Iterator[SolusioClient]":
    """Open a client of SolusIO. Raises click.BadParameter, and click.ClickException if SolusIO fails."""
    from solusio_reference.solusio.client import SolusioClient, SolusioError

    try:
        solusio = SolusioClient(url, access_token)
    except ValueError as error:
        raise click.BadParameter(f"{error}.", param_hint="--solusio-url or --access-token") from None
    try:
        with solusio:
            yield solusio
    except SolusioError as error:
        raise click.ClickException(f"{error.message.rstrip('.')}.") from error
