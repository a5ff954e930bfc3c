"""Types of options, each with a message that says what was expected."""

import math
from pathlib import Path
from typing import Any

import click

KINDS = ("json", "junit", "html", "sarif")
"""The kinds of file reports; a test keeps them the same as `writers.WRITERS`."""


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
    """A duration; unlike a float, it is always finite."""

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> float:
        """Read a finite number within the range."""
        seconds: float = super().convert(value, param, ctx)
        if not math.isfinite(seconds):
            self.fail(f"expected a finite number of seconds, got {value!r}", param, ctx)
        return seconds


class Rate(click.ParamType[float]):
    """`N/s`."""

    name = "N/s"

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> float:
        """Read a positive number of requests a second."""
        if isinstance(value, float):
            return value
        try:
            rate = float(str(value).removesuffix("/s"))
        except ValueError:
            rate = math.nan
        if not (math.isfinite(rate) and rate > 0):
            self.fail(f"expected requests a second such as 5/s or 0.5/s, got {value!r}", param, ctx)
        return rate


class UserId(click.IntRange):
    """The id of a user in the billing system: an integer from 1."""

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
            from solusio_contracts.suggestions import did_you_mean

            expected = ", ".join(f"{one}=FILE" for one in KINDS)
            hint = did_you_mean(kind, KINDS) if kind not in KINDS else ""
            self.fail(f"expected one of {expected}, got {value!r}.{hint}", param, ctx)
        return kind, Path(file)
