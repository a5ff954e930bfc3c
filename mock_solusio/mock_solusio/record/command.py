"""``mock-solusio record``: record the responses of a real SolusIO, anonymised, to serve them again.

Only click and the standard library are imported here; the command imports the rest when it runs.
"""

import ssl
import sys
from contextlib import suppress
from pathlib import Path
from typing import TYPE_CHECKING

import click

from mock_solusio.option_types import listen_error
from mock_solusio.server.interrupt import sigterm_as_interrupt

if TYPE_CHECKING:
    from mock_solusio.record.anonymising import Anonymiser
    from mock_solusio.record.archive import RecordingWriter

PORT = 8009

_FILE = click.Path(exists=True, dir_okay=False, path_type=Path)
_FOLDER = click.Path(file_okay=False, path_type=Path)


@click.command(context_settings={"help_option_names": ["-h", "--help"]})
@click.option("--upstream", metavar="URL", help="URL of a real SolusIO, to record its responses.")
@click.option(
    "--import-har",
    type=_FILE,
    help="Import the exchanges of a HAR file from a browser, mitmproxy or Charles.",
)
@click.option(
    "--check",
    type=click.Path(exists=True, file_okay=False, path_type=Path),
    help="Search a recording for data that should not be there.",
)
@click.option("--out", type=_FOLDER, help="Folder for the recording; created if missing.")
@click.option("--host", default="127.0.0.1", show_default=True, help="Address to listen on.")
@click.option(
    "--port",
    type=click.IntRange(0, 65535),
    default=PORT,
    show_default=True,
    help="Port to listen on; 0 takes a free one.",
)
@click.option("--tls", is_flag=True, help="Serve https with a temporary certificate.")
@click.option("--insecure", is_flag=True, help="Do not verify the certificate of the real SolusIO.")
@click.option("--cacert", type=_FILE, help="PEM file of the authority that signed its certificate.")
@click.option(
    "--timeout",
    type=click.FloatRange(0.1, 3600),
    default=60,
    show_default=True,
    help="Seconds to wait for the real SolusIO: to connect, and between two pieces of a response.",
)
@click.option(
    "--max-seconds",
    type=click.FloatRange(0.1, 86400),
    default=600,
    show_default=True,
    help="Seconds that an exchange with the real SolusIO may take in all.",
)
@click.option(
    "--keep-host",
    is_flag=True,
    help="Forward the Host of the client, so that links in responses lead back to the recorder.",
)
@click.option("--all-paths", is_flag=True, help="Also record requests outside /api/v1.")
@click.option(
    "--seed",
    envvar="MOCK_SOLUSIO_RECORDING_SEED",
    show_envvar=True,
    help="Secret for the pseudonyms, to continue a recording later. Default: random and discarded.",
)
@click.pass_context
def record(
    context: click.Context,
    upstream: str | None,
    import_har: Path | None,
    check: Path | None,
    out: Path | None,
    host: str,
    port: int,
    tls: bool,
    insecure: bool,
    cacert: Path | None,
    timeout: float,
    max_seconds: float,
    keep_host: bool,
    all_paths: bool,
    seed: str | None,
) -> None:
    """Record a real SolusIO, anonymised, for `serve --recorded`.

    With --upstream: forwards the requests of your billing system to SolusIO until Ctrl-C. With --import-har:
    imports what another program recorded. With --check: searches a recording.

    Names, email and IP addresses, host names, UUIDs and credentials become pseudonyms before anything is
    written; the same value gets the same pseudonym everywhere.
    """
    ways = [value is not None for value in (upstream, import_har, check)]
    if sum(ways) != 1:
        raise click.UsageError("Give one of --upstream, --import-har and --check.")
    _refuse_options_of_others(context, upstream, import_har, check)
    if check is not None:
        _check(context, check)
        return
    if out is None:
        raise click.UsageError("Give a folder for the recording with --out.")
    if seed is not None and not seed.strip():
        raise click.BadParameter("expected a text, got nothing.", param_hint="--seed")
    if import_har is not None:
        _import(import_har, out, seed, all_paths=all_paths)
    elif upstream is not None:
        _record(
            context,
            upstream,
            out,
            seed,
            host=host,
            port=port,
            tls=tls,
            verify=_verifying(insecure, cacert),
            timeout=timeout,
            max_seconds=max_seconds,
            keep_host=keep_host,
            all_paths=all_paths,
        )


def _refuse_options_of_others(
    context: click.Context, upstream: str | None, import_har: Path | None, check: Path | None
) -> None:
    """Refuse options that would have no effect."""
    allowed = {"upstream", "check", "import_har"}
    if check is None:
        allowed |= {"out", "seed", "all_paths"}
    if upstream is not None:
        allowed |= {"host", "port", "tls", "insecure", "cacert", "timeout", "max_seconds", "keep_host"}
    chosen = "--upstream" if upstream is not None else "--import-har" if import_har is not None else "--check"
    for name in context.params:
        source = context.get_parameter_source(name)
        if name not in allowed and source is click.core.ParameterSource.COMMANDLINE:
            raise click.UsageError(f"--{name.replace('_', '-')} has no effect with {chosen}.")


def _verifying(insecure: bool, cacert: Path | None) -> ssl.SSLContext | bool:
    if insecure and cacert is not None:
        raise click.UsageError("Give --insecure or --cacert, not both.")
    if insecure:
        return False
    if cacert is None:
        return True
    try:
        return ssl.create_default_context(cafile=cacert)
    except (OSError, ssl.SSLError) as error:
        raise click.BadParameter(
            f"{cacert} has no certificate in PEM format.", param_hint="--cacert"
        ) from error


def _opened(out: Path, seed: str | None) -> "tuple[RecordingWriter, Anonymiser]":
    from mock_solusio.record.anonymising import Anonymiser
    from mock_solusio.record.archive import RecordingError, RecordingWriter
    from mock_solusio.record.pseudonyms import Pseudonyms

    pseudonyms = Pseudonyms(seed)
    try:
        return RecordingWriter(out, pseudonyms.fingerprint), Anonymiser(pseudonyms)
    except RecordingError as error:
        raise click.BadParameter(f"{error}.", param_hint="--out") from error


def _record(
    context: click.Context,
    url: str,
    out: Path,
    seed: str | None,
    *,
    host: str,
    port: int,
    tls: bool,
    verify: ssl.SSLContext | bool,
    timeout: float,
    max_seconds: float,
    keep_host: bool,
    all_paths: bool,
) -> None:
    from mock_solusio.record.proxy import Recorder, Upstream, UpstreamError
    from mock_solusio.server.uvicorn_server import ListenError, listen, make_server, url_of

    try:
        upstream = Upstream(url)
    except UpstreamError as error:
        raise click.BadParameter(f"{error}.", param_hint="--upstream") from error
    try:
        listener = listen(host, port)
    except ListenError as error:
        raise listen_error(error) from error
    with listener:
        writer, anonymiser = _opened(out, seed)
        recorder = Recorder(
            upstream,
            writer,
            anonymiser,
            timeout=timeout,
            max_seconds=max_seconds,
            verify=verify,
            keep_host=keep_host,
            all_paths=all_paths,
            report=lambda line: click.echo(line, err=True),
        )
        security = authority = None
        if tls:
            from mock_solusio.server.tls import certificate

            security, authority = certificate(host)
        own = url_of(listener, "https" if tls else "http")
        click.echo(f"Recording {upstream.url} to {out}.\n")
        click.echo(f"  Configure your billing system with this address of SolusIO: {own}")
        if authority is not None:
            click.echo(f"  Certificate: {authority} (for clients that verify certificates)")
        click.echo(f"  Then serve the recording: mock-solusio serve --recorded {out}")
        # uvicorn finishes its requests, and then passes Ctrl-C on.
        with suppress(KeyboardInterrupt), sigterm_as_interrupt():
            make_server(
                recorder,
                tls=security,
                date=False,
                starting=lambda: click.echo("\nPress Ctrl-C to stop."),
            ).run(sockets=[listener])
    click.echo(f"Stopped. {_counted(recorder.recorded)} recorded in {out}.")
    if recorder.lost:
        click.echo(f"{_counted(recorder.lost)} could not be recorded.", err=True)
        context.exit(1)


def _import(har: Path, out: Path, seed: str | None, *, all_paths: bool) -> None:
    import msgspec

    from mock_solusio.record.har import HarError, HarFile
    from mock_solusio.record.proxy import API

    try:
        source = HarFile(har)
    except HarError as error:
        raise click.BadParameter(f"{error}.", param_hint="--import-har") from error
    found = source.exchanges("/" if all_paths else f"{API}/")
    left_out = [f"{count:,} {reason}" for reason, count in source.left_out.most_common()]
    if not found:
        hint = "" if all_paths else f" below {API} (--all-paths imports all)"
        reasons = f" Left out: {'; '.join(left_out)}." if left_out else ""
        raise click.BadParameter(
            f"{har} has no request with a response{hint}.{reasons}", param_hint="--import-har"
        )
    writer, anonymiser = _opened(out, seed)
    is_terminal = sys.stderr.isatty()
    try:
        with click.progressbar(found, label="Importing", file=sys.stderr, hidden=not is_terminal) as shown:
            for exchange in shown:
                numbered = msgspec.structs.replace(exchange, number=writer.next_number())
                writer.add(anonymiser.exchange(numbered))
    except OSError as error:
        raise click.BadParameter(f"Cannot write to {out}: {error.strerror}.", param_hint="--out") from error
    finally:
        writer.close()
    click.echo(f"{_counted(len(found))} recorded in {out}.")
    for line in left_out:
        click.echo(f"Left out: {line}.")
    if source.without_body:
        click.echo(
            f"{_counted(source.without_body)} without the body of the response, which the HAR file lacks: "
            "`serve --recorded` answers 501 there."
        )


def _check(context: click.Context, folder: Path) -> None:
    from mock_solusio.record.archive import RecordingError, RecordingReader
    from mock_solusio.record.audit import audit

    try:
        found = audit(RecordingReader(folder))
    except RecordingError as error:
        raise click.BadParameter(f"{error}.", param_hint="--check") from error
    click.echo(f"{_counted(found.exchanges)} in {folder}.")
    if found.replaced:
        click.echo("\nReplaced:")
        for kind, count in sorted(found.replaced.items()):
            click.echo(f"  {kind.replace('_', ' '):<10} {count}")
    if found.hidden:
        click.echo("\nBodies not kept:")
        for reason, count in sorted(found.hidden.items()):
            click.echo(f"  {count}: {reason}")
    if found.names:
        click.echo(
            "\nKept names that are not in the OpenAPI document; make sure that none of them is a secret:"
        )
        click.echo(f"  {', '.join(sorted(found.names))}")
    if found.warnings:
        click.echo("\nCheck these:")
        for line in found.warnings:
            click.echo(f"  {line}")
        context.exit(1)
    click.echo("\nNothing looks like an email address, an IP address, a host or a credential.")


def _counted(number: int) -> str:
    return f"{number} exchange{'' if number == 1 else 's'}"
