"""Options that several commands share, and what they open, with errors fit for a command line.

Only click and the standard library are imported here; each function imports the rest when it is called.
"""

import functools
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any, NamedTuple

import click

if TYPE_CHECKING:
    from solusio_reference.period import Period
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


class SolusioPlace(NamedTuple):
    """Where SolusIO is, and what opens it."""

    url: str | None
    access_token: str | None
    ca_file: str | None = None


def solusio_options(*, required: bool = True) -> Callable[[Command], Command]:
    """Return the decorator for --solusio-url, --access-token and --ca-file: one argument, ``solusio``."""
    # `mock-solusio invoices check` and `users check` set these variables for commands that they run.
    url = click.option(
        "--solusio-url",
        required=required,
        envvar="SOLUSIO_URL",
        show_envvar=True,
        metavar="URL",
        help="Address of SolusIO, without /api/v1.",
    )
    access_token = click.option(
        "--access-token",
        required=required,
        envvar="SOLUSIO_ACCESS_TOKEN",
        show_envvar=True,
        help="Access token of a SolusIO administrator.",
    )
    ca_file = click.option(
        "--ca-file",
        envvar="SOLUSIO_CA_FILE",
        show_envvar=True,
        type=click.Path(dir_okay=False),
        help="Certificate of the authority that SolusIO's certificate is from, instead of the usual ones.",
    )

    def decorate(command: Command) -> Command:
        @functools.wraps(command)
        def with_place(
            *args: Any, solusio_url: str | None, access_token: str | None, ca_file: str | None, **options: Any
        ) -> Any:
            return command(*args, solusio=SolusioPlace(solusio_url, access_token, ca_file), **options)

        return url(access_token(ca_file(with_place)))

    return decorate


def parse_month(text: str) -> "Period":
    """Read the argument PERIOD. Raises click.BadParameter."""
    from solusio_reference.period import Period

    try:
        return Period.parse(text)
    except ValueError as error:
        raise click.BadParameter(f"{error}.", param_hint="PERIOD") from None


@contextmanager
def open_database(place: str, *, create: bool = False) -> "Iterator[Database]":
    """Open a database. Raises click.BadParameter, for a missing file too unless ``create``."""
    from solusio_reference.errors import StoreError
    from solusio_reference.storage.database import Database

    if "://" not in place and Path(place).is_dir():
        raise click.BadParameter(f"{place} is a folder; expected a file in it.", param_hint="--store")
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
def open_solusio(place: SolusioPlace) -> "Iterator[SolusioClient]":
    """Open a client of SolusIO. Raises click.BadParameter, and click.ClickException if SolusIO fails."""
    from solusio_reference.solusio.client import SolusioClient, SolusioError

    try:
        solusio = SolusioClient(place.url or "", place.access_token or "", ca_file=place.ca_file)
    except ValueError as error:
        raise click.BadParameter(
            f"{error}.", param_hint="--solusio-url, --access-token or --ca-file"
        ) from None
    try:
        with solusio:
            yield solusio
    except SolusioError as error:
        raise click.ClickException(f"{error.message.rstrip('.')}.") from error
