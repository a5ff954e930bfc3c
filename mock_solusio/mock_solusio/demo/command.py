"""``mock-solusio demo``: SolusIO and a billing system together, with a past to look at.

Only click and the standard library are imported here; the command imports the rest when it runs.
"""

import hashlib
import secrets
import socket
import webbrowser
from collections.abc import Callable
from threading import Thread
from typing import TYPE_CHECKING

import click

if TYPE_CHECKING:
    from mock_solusio.clock import Clock
    from mock_solusio.demo.billing_system import BillingSystem
    from mock_solusio.demo.hoster import Hoster

HOST = "127.0.0.1"
PORT, BILLING_PORT = 8008, 8080
USERS = 30
SEED = "1"
"""What the hoster follows from unless told otherwise."""


def _clock(_: click.Context, __: click.Parameter, value: str | None) -> "Clock":
    from mock_solusio.clock import Clock

    try:
        return Clock() if value is None else Clock.parse(value)
    except ValueError as error:
        raise click.BadParameter(f"{error}.") from error


@click.command(context_settings={"help_option_names": ["-h", "--help"]})
@click.option(
    "--port",
    type=click.IntRange(0, 65535),
    default=PORT,
    show_default=True,
    help="Port of SolusIO; 0 takes a free one.",
)
@click.option(
    "--billing-port",
    type=click.IntRange(0, 65535),
    default=BILLING_PORT,
    show_default=True,
    help="Port of the billing system; 0 takes a free one.",
)
@click.option(
    "--users",
    type=click.IntRange(1, 1000),
    default=USERS,
    show_default=True,
    help="Customers of the hoster; more take longer to make.",
)
@click.option(
    "--seed",
    help="Text that the hoster and all secrets follow from: the same seed and clock, the same demo. "
    "Default: always the same people, and new secrets.",
)
@click.option(
    "--clock",
    callback=_clock,
    help="'real', a moment such as 2026-03-15T12:00:00Z (stands still there), MOMENT@60 or @60 (runs 60 "
    "times as fast). Default: real.",
)
@click.option("--open", "opens", is_flag=True, help="Open the user area and the billing pages in a browser.")
def demo(port: int, billing_port: int, users: int, seed: str | None, clock: "Clock", opens: bool) -> None:
    """Run SolusIO and a billing system together until Ctrl-C.

    A made-up hoster with customers and servers, and the invoices of the last three months. The mock and the
    reference billing system meet over HTTP, as two vendors' programs do. All of it is in memory.
    """
    from mock_solusio.demo.billing_system import BillingSystem, BillingSystemError
    from mock_solusio.server.uvicorn_server import listen, url_of

    try:
        listener = listen(HOST, port)
    except OSError as error:
        reason = (error.strerror or str(error)).partition(" (while")[0]
        raise click.UsageError(
            f"Cannot listen on {HOST}:{port}: {reason}. Name another --port, or 0 for a free one."
        ) from error
    with listener:
        secret = _secrets(seed)
        access_token, authorization_token = secret("access token"), secret("authorization token")
        try:
            # First, so that it gets ready while the hoster is made.
            with BillingSystem(
                port=billing_port,
                solusio_url=url_of(listener),
                access_token=access_token,
                authorization_token=authorization_token,
            ) as billing:
                hoster = _hoster(clock, seed, users, access_token)
                try:
                    _serve(hoster, billing, listener, authorization_token, opens=opens)
                finally:
                    hoster.close()
        except KeyboardInterrupt:
            pass  # uvicorn has finished its requests, and passes Ctrl-C on to us
        except BillingSystemError as error:
            if error.exit_code == 2:
                hint = "Name another --billing-port, or 0 for a free one."
                raise click.UsageError(f"{error} {hint}") from error
            raise click.ClickException(str(error)) from error
    click.echo("Stopped.")


def _secrets(seed: str | None) -> Callable[[str], str]:
    if seed is None:
        return lambda _: secrets.token_urlsafe(30)
    return lambda purpose: hashlib.sha256(f"{seed}\0{purpose}".encode()).hexdigest()[:40]


def _hoster(clock: "Clock", seed: str | None, users: int, access_token: str) -> "Hoster":
    from mock_solusio.demo.hoster import Hoster
    from mock_solusio.options import Options

    options = Options(clock=clock, seed=seed, admin_token=access_token)
    try:
        return Hoster(options, users=users, seed=SEED if seed is None else seed)
    except ValueError as error:
        raise click.BadParameter(f"{error}.", param_hint="--clock") from error


def _serve(
    hoster: "Hoster",
    billing: "BillingSystem",
    listener: socket.socket,
    authorization_token: str,
    *,
    opens: bool,
) -> None:
    """Serve the hoster until Ctrl-C, or until the billing system ends; then raise BillingSystemError."""
    from mock_solusio.demo import greeting
    from mock_solusio.demo.bootstrap import Show, Stage
    from mock_solusio.demo.hoster import months_before
    from mock_solusio.demo.prices import customers_document
    from mock_solusio.server.uvicorn_server import make_server, url_of

    person, _ = hoster.one_to_show()
    stage = Stage(
        solusio_url=url_of(listener),
        access_token=hoster.admin_token,
        authorization_token=authorization_token,
        periods=tuple(months_before(hoster.clock.now())),
        billing_user_id=person.customer.billing_user_id,
    )
    customers = customers_document(hoster.people)
    about = greeting.About(
        customers=len(hoster.people),
        servers=hoster.servers,
        shown=f"{person.name} of {person.company}",
        administrator=hoster.administrator,
    )
    failures: list[Exception] = []

    def present() -> None:
        try:
            with Show(stage, billing) as show:
                met = show.meet(customers)
                click.echo(greeting.first(about, stage, met))
                if opens:
                    _open(met.second_link, f"{met.billing_url}/billing")
                click.echo(greeting.rest(about, hoster.clock, stage, met, show.bill()))
            billing.ended.wait()
            failures.append(billing.why_it_ended())
        except Exception as error:
            # Raised again where the command ends: a thread would keep it to itself.
            failures.append(error)
        server.should_exit = True

    server = make_server(
        hoster,
        starting=Thread(target=present, name="presenter", daemon=True).start,
        stopping=hoster.faults.release,
    )
    server.run(sockets=[listener])
    if failures:
        raise failures[0]


def _open(*addresses: str) -> None:
    """Open pages in a browser; some are gone at once, others return when they are closed."""

    def show() -> None:
        for address in addresses:
            webbrowser.open(address)

    Thread(target=show, name="browser", daemon=True).start()
