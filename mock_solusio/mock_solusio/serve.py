"""``mock-solusio serve``: a mock SolusIO to develop, test and demonstrate against.

The command imports everything heavy only when it runs.
"""

import asyncio
import datetime
import re
import shlex
import socket
import sys
import time
from collections.abc import Iterator, Sequence
from contextlib import ExitStack, contextmanager, suppress
from pathlib import Path
from typing import TYPE_CHECKING
from urllib.parse import urlsplit

import click

from mock_solusio.live_log import LogForm, live_log, log_form, log_options
from mock_solusio.option_types import ClockType, listen_error
from mock_solusio.options import SPEED, Options
from mock_solusio.server.garbage import collect_seldom, not_collecting
from mock_solusio.server.interrupt import sigterm_as_interrupt
from solusio_contracts.cli.overlay import overlay_option
from solusio_contracts.cli.reporting import require_writable
from solusio_contracts.cli.types import KINDS, ReportFile
from solusio_contracts.escaping import one_line

if TYPE_CHECKING:
    from mock_solusio.app import Mock
    from mock_solusio.clock import Clock
    from solusio_contracts.contract.overlay import Overlay

PORT = 8008
FINDINGS = 20
"""How many findings are listed at the end."""


def _billing_url(_: click.Context, __: click.Parameter, value: str | None) -> str | None:
    if value is not None and not _is_url(value):
        raise click.BadParameter(f"expected an http or https URL, got {value!r}.")
    return value


def _access_token(_: click.Context, __: click.Parameter, value: str | None) -> str | None:
    if value is not None and not value.strip():
        raise click.BadParameter("expected an access token, got nothing.")
    if value is not None and not re.fullmatch("[!-~]+", value):
        # Other characters cannot be in an HTTP header. The message does not repeat the value, a secret.
        raise click.BadParameter("expected ASCII letters, digits and punctuation, without spaces.")
    return value


def _origins(_: click.Context, __: click.Parameter, value: tuple[str, ...]) -> tuple[str, ...]:
    for origin in value:
        # Browsers send an origin in this form, and it is compared as text.
        if origin != "*" and not (_is_url(origin) and re.fullmatch(r"[a-z]+://[^/?#@\s]+", origin)):
            raise click.BadParameter(f"expected an origin such as http://localhost:3000, got {origin!r}.")
    return value


def _ready_file(_: click.Context, __: click.Parameter, value: Path | None) -> Path | None:
    if value is not None:
        from mock_solusio.server.ready_file import prepare

        try:
            prepare(value)
        except OSError as error:
            raise click.BadParameter(f"cannot write {value}: {error.strerror}.") from error
    return value


@click.command(context_settings={"help_option_names": ["-h", "--help"]})
@click.option(
    "--host",
    "hosts",
    multiple=True,
    default=["127.0.0.1"],
    show_default=True,
    help="Address to listen on; repeat it for several, such as 127.0.0.1 and ::1.",
)
@click.option(
    "--port",
    type=click.IntRange(0, 65535),
    default=PORT,
    show_default=True,
    help="Port to listen on; 0 takes a free one.",
)
@click.option("--tls", is_flag=True, help="Serve https with a temporary certificate.")
@click.option(
    "--cors",
    multiple=True,
    metavar="ORIGIN",
    callback=_origins,
    help="Let the pages of an origin call the API from a browser, such as http://localhost:3000, or * for "
    "any. Repeatable.",
)
@click.option(
    "--ready-file",
    type=click.Path(dir_okay=False, path_type=Path),
    callback=_ready_file,
    help="Write URL, access token and certificate to this file as JSON once the mock answers.",
)
@click.option(
    "--state",
    type=click.Path(dir_okay=False, path_type=Path),
    help="File that keeps the state; created if missing. Default: in memory.",
)
@click.option(
    "--clock",
    type=ClockType(),
    help="'real', a moment such as 2026-03-01T00:00:00Z (frozen there), MOMENT@60 or @60 (60 times as "
    "fast). Default: the time in the state file, or real.",
)
@click.option("--seed", help="Seed of all randomness: the same seed, the same responses. Default: a new one.")
@click.option(
    "--fixtures",
    type=click.Path(exists=True, dir_okay=False, path_type=Path),
    help="Initial data, in TOML or JSON. An existing state file keeps its own.",
)
@click.option(
    "--replay",
    type=click.Path(exists=True, dir_okay=False, path_type=Path),
    help="Timeline to replay (NDJSON, see `mock-solusio fleet`). The clock starts where it begins.",
)
@click.option(
    "--speed",
    type=click.FloatRange(0, 100_000_000, min_open=True),
    help="Speed of a replay compared to real time. Default: 3600, an hour per second.",
)
@click.option(
    "--billing-url",
    callback=_billing_url,
    help="Billing endpoint to ask for prices; enables billing integration.",
)
@click.option(
    "--billing-token",
    envvar="MOCK_SOLUSIO_TOKEN",
    show_envvar=True,
    help="Authorization token to send to the billing endpoint.",
)
@click.option(
    "--admin-token",
    callback=_access_token,
    envvar="SOLUSIO_ACCESS_TOKEN",
    show_envvar=True,
    help="Access token of the administrator. Default: a new one, which is printed.",
)
@click.option(
    "--strict", is_flag=True, help="Answer 500 if a response would differ from the OpenAPI document."
)
@overlay_option("--strict then checks responses against that.")
@click.option(
    "--control-from-anywhere",
    is_flag=True,
    help="Also serve /_mock to other machines; it gives full control to anybody who reaches it.",
)
@click.option(
    "--webhooks-anywhere",
    is_flag=True,
    help="Let event handlers send webhooks to any host. Default: to this machine only.",
)
@click.option(
    "--recorded",
    type=click.Path(exists=True, file_okay=False, path_type=Path),
    help="Answer from a recording (see `mock-solusio record`) where it can.",
)
@click.option("--recorded-only", is_flag=True, help="Refuse API requests that the recording cannot answer.")
@click.option(
    "--recorded-seed",
    envvar="MOCK_SOLUSIO_RECORDING_SEED",
    show_envvar=True,
    help="Secret with which the recording was made, to recognise requests with the real values.",
)
@click.option(
    "--report",
    "reports",
    type=ReportFile(),
    multiple=True,
    help=f"At the end, write what clients did wrong to a file; kinds: {', '.join(KINDS)}.",
)
@log_options
def serve(
    hosts: tuple[str, ...],
    port: int,
    tls: bool,
    cors: tuple[str, ...],
    ready_file: Path | None,
    state: Path | None,
    clock: "Clock | None",
    seed: str | None,
    fixtures: Path | None,
    replay: Path | None,
    speed: float | None,
    billing_url: str | None,
    billing_token: str | None,
    admin_token: str | None,
    strict: bool,
    overlay: "Overlay | None",
    control_from_anywhere: bool,
    webhooks_anywhere: bool,
    recorded: Path | None,
    recorded_only: bool,
    recorded_seed: str | None,
    reports: tuple[tuple[str, Path], ...],
    log: LogForm,
    quiet: bool,
) -> None:
    """Run a mock SolusIO until Ctrl-C.

    It has SolusIO's API, its user area and login links, and a clock you can set. State is in memory unless
    --state names a file. It prints its URLs, the access token and commands to try, then a line for every
    request.
    """
    form = log_form(log, quiet=quiet)
    if speed is not None and (replay is None or clock is not None):
        other = "needs --replay" if replay is None else "and --clock contradict each other"
        raise click.UsageError(f"--speed {other}; to set the speed of a clock, use --clock MOMENT@SPEED.")
    if overlay is not None and not strict:
        raise click.UsageError("--contract-overlay needs --strict.")
    if recorded is None and recorded_only:
        raise click.UsageError("--recorded-only needs --recorded.")
    seeded = click.get_current_context().get_parameter_source("recorded_seed")
    if recorded is None and seeded is click.core.ParameterSource.COMMANDLINE:
        raise click.UsageError("--recorded-seed needs --recorded.")
    require_writable([file for _, file in reports])

    options = Options(
        clock=clock,
        file=state,
        seed=seed,
        fixtures=fixtures,
        replay=replay,
        replay_speed=SPEED if speed is None else speed,
        billing_url=billing_url,
        billing_token=billing_token,
        admin_token=admin_token,
        strict=strict,
        overlay=overlay,
        cors=cors,
        control_from_anywhere=control_from_anywhere,
        webhooks_anywhere=webhooks_anywhere,
        recorded=recorded,
        recorded_only=recorded_only,
        recorded_seed=recorded_seed if recorded is not None else None,
    )
    with sigterm_as_interrupt(), not_collecting():
        _serve(options, hosts, port, tls=tls, ready_file=ready_file, reports=reports, form=form)


def _serve(
    options: Options,
    hosts: tuple[str, ...],
    port: int,
    *,
    tls: bool,
    ready_file: Path | None,
    reports: Sequence[tuple[str, Path]],
    form: LogForm | None,
) -> None:
    from mock_solusio.app import Mock

    # uvicorn would load it to restart when a source changes: a megabyte of memory that nothing uses.
    with _absent("watchfiles"):
        from mock_solusio.server.uvicorn_server import ListenError, listen_all

    try:
        mock = Mock(options)
    except Exception as error:
        refused = _refused(error)
        if refused is None:
            raise
        raise refused from error
    try:
        try:
            listeners = listen_all(hosts, port)
        except ListenError as error:
            raise listen_error(error) from error
        began, started = time.monotonic(), datetime.datetime.now(datetime.UTC)
        with live_log(mock.journal, form):
            url = _run(mock, options, listeners, hosts if tls else (), ready_file)
        _report(mock, url, reports, started, time.monotonic() - began)
        click.echo("Stopped.")
    finally:
        mock.close()


def _refused(error: Exception) -> click.BadParameter | None:
    """Return which option is wrong, by an error of `Mock`; None if it is another error."""
    # Without an error, nothing of recordings and timelines is needed.
    from mock_solusio.domain.errors import DomainError
    from mock_solusio.record.archive import RecordingError
    from mock_solusio.store.table import StateError
    from solusio_contracts.timeline import TimelineError

    match error:
        case StateError():
            return click.BadParameter(f"{error}.", param_hint="--state")
        case TimelineError():
            return click.BadParameter(str(error), param_hint="--replay")
        case RecordingError():
            return click.BadParameter(f"{error}.", param_hint="--recorded")
        case DomainError():
            return click.BadParameter(error.message, param_hint="--fixtures")
    return None


@contextmanager
def _absent(package: str) -> Iterator[None]:
    """Hide a package from others that can do without it, unless it was imported before."""
    sys.modules.setdefault(package, None)  # type: ignore[arg-type]  # None: "not there"
    try:
        yield
    finally:
        if sys.modules[package] is None:
            del sys.modules[package]


def _run(
    mock: "Mock",
    options: Options,
    listeners: list[socket.socket],
    tls_hosts: tuple[str, ...],
    ready_file: Path | None,
) -> str:
    """Serve until Ctrl-C; https if there are hosts for a certificate. Return the first URL."""
    from mock_solusio.server.ready_file import write
    from mock_solusio.server.uvicorn_server import make_server, url_of

    context = authority = None
    if tls_hosts:
        from mock_solusio.server.tls import certificate

        context, authority = certificate(*tls_hosts)
    urls = [url_of(listener, "https" if tls_hosts else "http") for listener in listeners]

    asking: list[asyncio.Task[None]] = []  # the event loop itself holds only a weak reference

    def starting() -> None:
        _greet(mock, urls, options, authority)
        asking.append(asyncio.get_running_loop().create_task(_try_billing(mock, urls[0])))
        if ready_file is not None:
            certificate_file = None if authority is None else str(authority)
            value = {"url": urls[0], "urls": urls, "access_token": mock.admin_token}
            write(ready_file, {**value, "certificate": certificate_file})

    def stopping() -> None:
        mock.faults.release()
        if ready_file is not None:
            ready_file.unlink(missing_ok=True)

    server = make_server(mock, tls=context, starting=starting, stopping=stopping, rejecting=mock.reject)
    with ExitStack() as stack:
        for listener in listeners:
            stack.enter_context(listener)
        collect_seldom()
        # uvicorn raises KeyboardInterrupt again after it has finished its requests.
        with suppress(KeyboardInterrupt):
            server.run(sockets=listeners)
    return urls[0]


async def _try_billing(mock: "Mock", url: str) -> None:
    """Ask the billing endpoint for a price once, and print what comes of it below the greeting."""
    from mock_solusio.billing.advice import summary
    from mock_solusio.billing.client import STOPPED

    if mock.prices.health().state == "off":
        return
    customer = mock.prices.first_customer()
    if customer is None:
        said = (
            "The billing endpoint was not asked: no user has a billing_user_id yet. Create one with the "
            "second command above, with the id of a customer of yours instead of 7, or ask for a price at "
            f"{url}/_mock/operator/billing"
        )
    else:
        quote = await mock.prices.quote(customer)
        if quote.reason == STOPPED:
            return
        said = summary(quote, customer)
    with suppress(OSError):  # nobody reads it
        click.echo(one_line(said))


def _report(
    mock: "Mock",
    url: str,
    reports: Sequence[tuple[str, Path]],
    started: datetime.datetime,
    seconds: float,
) -> None:
    """Print how many findings there are, and write the reports."""
    from mock_solusio.traffic.referee import counted

    found = mock.journal.findings()
    if counted(found):
        click.echo(
            f"Findings: {counted(found)} of conduct; `mock-solusio contract show CLAUSE` explains them."
        )
        for finding in [one for one in found if one.level != "may"][:FINDINGS]:
            times = f" ({finding.count} times)" if finding.count > 1 else ""
            click.echo(one_line(f"  {finding}{times}"))
        if counted(found) > FINDINGS:
            click.echo(f"  and {counted(found) - FINDINGS} more; --report html=FILE writes all.")
    if not reports:
        return
    from mock_solusio.traffic.conduct_report import report_of
    from solusio_contracts.reporting import writers

    report = report_of(
        mock.journal,
        url,
        started=started.isoformat(timespec="seconds").replace("+00:00", "Z"),
        seconds=seconds,
    )
    for kind, file in reports:
        try:
            writers.write(report, kind, file)
        except OSError as error:
            raise click.UsageError(f"cannot write {file}: {error.strerror}") from error


def _is_url(text: str) -> bool:
    try:
        parts = urlsplit(text)
        return parts.scheme in ("http", "https") and bool(parts.hostname) and parts.port != 0
    except ValueError:
        return False


def _greet(mock: "Mock", urls: Sequence[str], options: Options, authority: Path | None) -> None:
    url = urls[0]
    lines = [
        ("User area", f"{url}/"),
        ("API", f"{url}/api/v1"),
        ("API reference", f"{url}/docs"),
        ("Operator", f"{url}/_mock/"),
        ("Administrator", mock.administrator),
        ("Access token", mock.admin_token),
        ("Clock", mock.clock.described()),
        ("State", str(options.file) if options.file else "in memory"),
    ]
    billing = mock.prices.health()
    if billing.url is not None:
        lines.append(("Billing", one_line(billing.url)))
    if urls[1:]:
        lines.insert(0, ("Also at", ", ".join(urls[1:])))
    if mock.recorded is not None:
        rest = "no other API requests" if options.recorded_only else "the mock answers the rest"
        lines.append(("Recording", f"{options.recorded} (exchanges: {len(mock.recorded)}; {rest})"))
    if options.replay is not None:
        lines.append(("Replay", str(options.replay)))
    if authority is not None:
        lines.append(("Certificate", f"{authority} (for clients that insist on a valid one)"))
    click.echo(f"Mock SolusIO is listening at {url}\n")
    for name, value in lines:
        click.echo(f"  {name:<14} {value}")
    trust = f" --cacert {shlex.quote(str(authority))}" if authority is not None else ""
    bearer = f"-H 'Authorization: Bearer {mock.admin_token}'"
    body = '{"email": "ann@example.com", "billing_user_id": 7}'
    click.echo(f"\nTry it:\n  curl{trust} {bearer} {url}/api/v1/plans")
    click.echo(f"  curl{trust} {bearer} --json '{body}' {url}/api/v1/users")
    click.echo(f'  curl{trust} --json \'{{"advance": "P1M"}}\' {url}/_mock/clock')
    click.echo("\nPress Ctrl-C to stop.")
