"""How to reach a SolusIO, from the options of a command."""

from dataclasses import replace
from typing import Any

import click

from mock_solusio.preflight.client import ACCESS_TOKEN_VARIABLE, Access
from solusio_contracts.cli.tls import tls_context


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
    tls = tls_context(access.url, insecure=options["insecure"], cacert=options["cacert"])
    return replace(access, tls=tls)
