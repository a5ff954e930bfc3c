"""The options `--insecure` and `--cacert`: how the certificate of an https URL is verified."""

import ssl
from collections.abc import Callable
from pathlib import Path
from typing import Any, TypeVar

import click

F = TypeVar("F", bound=Callable[..., Any])


def tls_options(command: F) -> F:
    """Add --insecure and --cacert to a command."""
    cacert = click.option(
        "--cacert",
        type=click.Path(exists=True, dir_okay=False, path_type=Path),
        metavar="FILE",
        help="Trust the certificate authorities in this PEM file for an https URL.",
    )
    insecure = click.option("--insecure", is_flag=True, help="Do not verify the certificate of an https URL.")
    return insecure(cacert(command))


def tls_context(url: str, *, insecure: bool, cacert: Path | None) -> ssl.SSLContext | None:
    """Return what the options ask for; None for an http URL.

    Raises:
        click.UsageError: they exclude each other, the URL is http, or the file has no certificates.
    """
    if not url.lower().startswith("https:"):
        if insecure or cacert is not None:
            raise click.UsageError("--insecure and --cacert need an https URL, but this one is http")
        return None
    if insecure and cacert is not None:
        raise click.UsageError("--insecure and --cacert exclude each other")
    try:
        context = ssl.create_default_context(cafile=cacert)
    except (ssl.SSLError, OSError) as error:
        raise click.BadParameter(
            f"{cacert} is not a PEM file with certificates", param_hint="--cacert"
        ) from error
    if insecure:
        context.check_hostname = False
        context.verify_mode = ssl.CERT_NONE
    return context
