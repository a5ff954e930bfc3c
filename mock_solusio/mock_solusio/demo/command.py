"""``mock-solusio demo``: SolusIO and a billing system together, with some months of history.

The command imports everything heavy only when it runs.
"""

import asyncio
import hashlib
import secrets
import socket
import webbrowser
from collections.abc import Callable, Sequence
from dataclasses import replace
from threading import Thread
from typing import TYPE_CHECKING

import click

from mock_solusio.demo.story import PATH, Destination, Story
from mock_solusio.live_log import LiveLog, LogForm, log_form, log_options
from mock_solusio.option_types import ClockType, listen_error
from mock_solusio.server.interrupt import sigterm_as_interrupt

if TYPE_CHECKING:
    from mock_solusio.clock import Clock
    from mock_solusio.demo.billing_system import BillingSystem
    from mock_solusio.demo.hosting_provider import HostingProvider
    from mock_solusio.domain.records.user import User
    from mock_solusio.fleet.people import Person

HOST = "127.0.0.1"
PORT, BILLING_PORT = 8008, 8080
USERS = 30
SEED = "1"
"""Default seed of the hosting provider."""


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
    help="Number of customers; more take longer to generate.",
)
@click.option(
    "--seed",
    help="Seed of all data and secrets: the same seed and clock, the same demo. Default: always the same "
    "people, and new secrets.",
)
@click.option(
    "--clock",
    type=ClockType(),
    default="real",
    show_default=True,
    help="'real', a moment such as 2026-03-15T12:00:00Z (frozen there), MOMENT@60 or @60 (60 times as fast).",
)
@click.option("--open", "opens", is_flag=True, help="Open the tour of both sites in a browser.")
@log_options
def demo(
    port: int,
    billing_port: int,
    users: int,
    seed: str | None,
    clock: "Clock",
    opens: bool,
    log: LogForm,
    quiet: bool,
) -> None:
    """Run SolusIO and a billing system together until Ctrl-C.

    It shows a fictional hosting provider with customers, servers and the invoices of the last three months.
    The mock and the reference billing system talk over HTTP, as two vendors' programs do. Everything is in
    memory. It prints where to look, then a line for every request to one of the two.
    """
    form = log_form(log, quiet=quiet)
    from mock_solusio.demo.billing_system import BillingSystem, BillingSystemError
    from mock_solusio.server.uvicorn_server import ListenError, listen, url_of

    try:
        listener = listen(HOST, port)
    except ListenError as error:
        raise listen_error(error) from error
    with listener:
        secret = _secrets(seed)
        access_token, authorization_token = secret("access token"), secret("authorization token")
        try:
            # First, so that it starts while the data is generated.
            with (
                sigterm_as_interrupt(),
                BillingSystem(
                    port=billing_port,
                    solusio_url=url_of(listener),
                    access_token=access_token,
                    authorization_token=authorization_token,
                ) as billing,
            ):
                provider = _provider(clock, seed, users, access_token)
                try:
                    _serve(provider, billing, listener, authorization_token, form, opens=opens)
                finally:
                    provider.close()
        except KeyboardInterrupt:
            pass  # raised again by uvicorn after it has finished its requests
        except BillingSystemError as error:
            if error.exit_code == 2:
                raise click.UsageError(str(error).replace(" --port", " --billing-port")) from error
            click.echo(f"Error: {error}", err=True)
            raise SystemExit(3) from error
    click.echo("Stopped.")


def _secrets(seed: str | None) -> Callable[[str], str]:
    if seed is None:
        return lambda _: secrets.token_urlsafe(30)
    return lambda purpose: hashlib.sha256(f"{seed}\0{purpose}".encode()).hexdigest()[:40]


def _provider(clock: "Clock", seed: str | None, users: int, access_token: str) -> "HostingProvider":
    from mock_solusio.demo.hosting_provider import HostingProvider
    from mock_solusio.options import Options

    options = Options(clock=clock, seed=seed, admin_token=access_token)
    try:
        return HostingProvider(options, users=users, seed=SEED if seed is None else seed)
    except ValueError as error:
        raise click.BadParameter(f"{error}.", param_hint="--clock") from error


def _serve(
    provider: "HostingProvider",
    billing: "BillingSystem",
    listener: socket.socket,
    authorization_token: str,
    form: LogForm | None,
    *,
    opens: bool,
) -> None:
    """Serve until Ctrl-C, or until the billing system ends; then raise BillingSystemError."""
    from mock_solusio.demo import greeting
    from mock_solusio.demo.bootstrap import Bootstrap, Setup
    from mock_solusio.demo.hosting_provider import months_before
    from mock_solusio.demo.prices import customers_document
    from mock_solusio.server.garbage import collect_seldom
    from mock_solusio.server.uvicorn_server import make_server, url_of

    person, _ = provider.one_to_show()
    restricted = provider.restricted()
    setup = Setup(
        solusio_url=url_of(listener),
        access_token=provider.admin_token,
        authorization_token=authorization_token,
        periods=tuple(months_before(provider.clock.now())),
        billing_user_id=person.customer.billing_user_id,
        restricted=tuple((user.billing_user_id or 0, user.email, user.status) for _, user in restricted),
    )
    about = greeting.About(
        customers=len(provider.people),
        servers=provider.servers,
        shown=f"{person.name} of {person.company}",
        administrator=provider.administrator,
    )
    failures: list[Exception] = []
    log = None if form is None else LiveLog(form, sources=True)

    def present(loop: asyncio.AbstractEventLoop) -> None:
        try:
            with Bootstrap(setup, billing) as bootstrap:
                connected = bootstrap.connect(customers_document(provider.people))
                pages = f"{connected.billing_url}/billing"
                provider.neighbours.portal = pages
                provider.story = _with_customers(provider.story, pages, person, restricted)
                click.echo(greeting.first(about, setup, connected))
                if opens:
                    _open(f"{setup.solusio_url}{PATH}")
                billed = bootstrap.bill()
                if billed.invoice is not None:
                    provider.story = replace(provider.story, invoice=f"{pages}/invoices/{billed.invoice}")
                asking = _try_billing(provider, setup.billing_user_id)
                price = asyncio.run_coroutine_threadsafe(asking, loop).result()
                if log is not None:
                    # Only now: nobody wants to see what the preparation asked.
                    provider.journal.on_exchange = log.exchange
                    billing.log_from_now(log.line)
                click.echo(greeting.rest(about, provider.clock, setup, connected, billed, price))
            billing.ended.wait()
            failures.append(billing.why_it_ended())
        except Exception as error:
            # Raised again by the command: an exception in a thread reaches nobody.
            failures.append(error)
        server.should_exit = True

    def starting() -> None:
        loop = asyncio.get_running_loop()
        Thread(target=present, args=(loop,), name="presenter", daemon=True).start()

    server = make_server(
        provider,
        starting=starting,
        stopping=provider.faults.release,
        rejecting=provider.reject,
    )
    collect_seldom()
    try:
        server.run(sockets=[listener])
    finally:
        if log is not None:
            log.close()
    if failures:
        raise failures[0]


async def _try_billing(provider: "HostingProvider", billing_user_id: int) -> str:
    """Ask the billing endpoint for a price, and return in a line what comes of it."""
    from mock_solusio.billing.advice import summary

    quote = await provider.prices.quote(billing_user_id)
    provider.prices.forget()  # so that the first visit to the user area asks for it, and the log shows that
    return summary(quote, billing_user_id)


def _with_customers(
    story: Story, pages: str, person: "Person", restricted: Sequence[tuple["Person", "User"]]
) -> Story:
    """Return the story with the customers it leads to, in the pages of the billing system."""
    from mock_solusio.domain.records.user import SUSPENDED

    suspended = [one for one, user in restricted if user.status == SUSPENDED]
    return replace(
        story,
        customer=_destination(pages, person),
        suspended=_destination(pages, suspended[0]) if suspended else None,
    )


def _destination(pages: str, person: "Person") -> Destination:
    return Destination(person.name, f"{pages}/customers/{person.customer.billing_user_id}")


def _open(address: str) -> None:
    """Open a page in a browser, from a thread: some browsers return only when they are closed."""
    Thread(target=webbrowser.open, args=(address,), name="browser", daemon=True).start()
