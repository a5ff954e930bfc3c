"""From the options of `mock-solusio check` to what the target needs, with a message for each mistake."""

import math
import random
import ssl
import urllib.parse
from base64 import b64encode
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

if TYPE_CHECKING:
    from solusio_contracts.checking.target import TargetSettings

KINDS = ("json", "junit", "html", "sarif")
"""Kinds of file reports; the same as `writers.WRITERS`, which a test ensures."""


class Header(click.ParamType[tuple[str, str]]):
    """`Name: value`, as curl's -H takes it."""

    name = "NAME: VALUE"

    def convert(
        self, value: Any, param: click.Parameter | None, ctx: click.Context | None
    ) -> tuple[str, str]:
        """Split at the first colon."""
        if isinstance(value, tuple):
            return value
        name, colon, rest = str(value).partition(":")
        token = name.strip()
        legal = token and all(letter.isalnum() or letter in "!#$%&'*+-.^_`|~" for letter in token)
        if not colon or not legal or not token.isascii() or not rest.isascii() or not rest.isprintable():
            self.fail(f"expected 'Name: value' in ASCII, got {value!r}", param, ctx)
        return token, rest.strip()


class Seconds(click.FloatRange):
    """A duration; unlike a float it is never infinite and always a number."""

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> float:
        """Read a finite number within the range."""
        seconds: float = super().convert(value, param, ctx)
        if not math.isfinite(seconds):
            self.fail(f"expected a finite number of seconds, got {value!r}", param, ctx)
        return seconds


class UserId(click.IntRange):
    """The id of a user in the billing system, from 1."""

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> int:
        """Read a positive integer."""
        try:
            user: int = super().convert(value, param, ctx)
        except click.BadParameter:
            self.fail(f"expected an integer from 1, got {value!r}", param, ctx)
        return user


class ReportFile(click.ParamType[tuple[str, Path]]):
    """`KIND=FILE`."""

    name = "KIND=FILE"

    def convert(
        self, value: Any, param: click.Parameter | None, ctx: click.Context | None
    ) -> tuple[str, Path]:
        """Split at the first equals sign."""
        if isinstance(value, tuple):
            return value
        kind, equals, file = str(value).partition("=")
        if kind not in KINDS or not equals or not file:
            self.fail(
                f"expected one of {', '.join(f'{one}=FILE' for one in KINDS)}, got {value!r}", param, ctx
            )
        return kind, Path(file)


def settings_from(url: str, options: dict[str, Any]) -> "TargetSettings":
    """Return what the target needs, with a name and password in the URL turned into a header."""
    from solusio_contracts.checking.target import TargetSettings
    from solusio_contracts.http.connection import check_headers
    from solusio_contracts.http.url import Origin

    try:
        parts = urllib.parse.urlsplit(url)
    except ValueError as error:
        raise click.BadParameter(str(error), param_hint="URL") from error
    headers: tuple[tuple[str, str], ...] = tuple(options["headers"])
    if parts.username is not None:
        password = urllib.parse.unquote(parts.password or "")
        pair = f"{urllib.parse.unquote(parts.username)}:{password}".encode()
        headers = (*headers, ("Authorization", f"Basic {b64encode(pair).decode('ascii')}"))
        url = urllib.parse.urlunsplit(parts._replace(netloc=parts.netloc.rpartition("@")[2]))
    try:
        scheme = Origin.of(url).scheme
    except ValueError as error:
        raise click.BadParameter(str(error), param_hint="URL") from error
    if options["unknown_user_id"] in options["user_ids"]:
        raise click.BadParameter(
            f"{options['unknown_user_id']} is also given by --user-id", param_hint="--unknown-user-id"
        )
    try:
        check_headers(headers)
    except ValueError as error:
        raise click.BadParameter(str(error), param_hint="--header") from error
    seed = options["seed"]
    return TargetSettings(
        url=url,
        users=tuple(dict.fromkeys(options["user_ids"])),
        token=options["token"] or None,
        unknown_user=options["unknown_user_id"],
        timeout=options["timeout"],
        headers=headers,
        tls=_tls(scheme, insecure=options["insecure"], cacert=options["cacert"]),
        seed=random.SystemRandom().randrange(2**32) if seed is None else seed,
        fuzz_examples=options["fuzz_examples"],
        fuzz_seconds=options["fuzz_seconds"],
    )


def _tls(scheme: str, *, insecure: bool, cacert: Path | None) -> ssl.SSLContext | None:
    if scheme == "http":
        if insecure or cacert is not None:
            raise click.UsageError("--insecure and --cacert are for an https URL, and this one is http")
        return None
    if insecure and cacert is not None:
        raise click.UsageError("--insecure and --cacert contradict each other")
    try:
        context = ssl.create_default_context(cafile=cacert)
    except (ssl.SSLError, OSError) as error:
        raise click.BadParameter(f"{cacert} is no PEM file of certificates", param_hint="--cacert") from error
    if insecure:
        context.check_hostname = False
        context.verify_mode = ssl.CERT_NONE
    return context
