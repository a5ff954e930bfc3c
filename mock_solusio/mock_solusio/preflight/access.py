"""How to reach a SolusIO, from the options of a command."""

import ssl
from dataclasses import replace
from pathlib import Path
from typing import Any

import click

from mock_solusio.preflight.client import ACCESS_TOKEN_VARIABLE, Access


def access_of(url: str, options: dict[str, Any], **limits: Any) -> Access:
    """Return the access to a URL, by `access_token`, `insecure` and `cacert` of the options.

    `limits` are fields of `Access`.

    Raises:
        click.UsageError: the access token is missing, or something is wrong with one of them.
    """
    token = options["access_token"]
    if not token:
        raise click.UsageError(
            f"an access token is missing: set {ACCESS_TOKEN_VARIABLE}, or give --access-token"
        )
    if not token.isascii() or not token.isprintable():
        raise click.BadParameter("expected printable ASCII characters", param_hint="--access-token")
    try:
        access = Access.of(url, token.strip(), **limits)
    except ValueError as error:
        raise click.BadParameter(str(error), param_hint="URL") from error
    return replace(access, tls=_tls(access.url, insecure=options["insecure"], cacert=options["cacert"]))


def _tls(url: str, *, insecure: bool, cacert: Path | None) -> ssl.SSLContext | None:
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
