"""What `serve` and `demo` print while they run: a line for every request, price and webhook.

Only click and the standard library are imported here; the rest is imported when something is logged.
"""

import json
import os
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any, Literal, TypeVar

import click
from click.core import ParameterSource

if TYPE_CHECKING:
    from mock_solusio.traffic.exchanges import RawExchange
    from mock_solusio.traffic.journal import Journal

F = TypeVar("F", bound=Callable[..., Any])
LogForm = Literal["text", "json"]


def log_options(command: F) -> F:
    """Add --log and --quiet: two arguments, ``log`` and ``quiet``; see `log_form`."""
    quiet = click.option("-q", "--quiet", is_flag=True, help="Print no line for each request.")
    log = click.option(
        "--log",
        type=click.Choice(["text", "json"]),
        default="text",
        show_default=True,
        help="Form of the lines on standard error about requests, prices and webhooks.",
    )
    return log(quiet(command))


def log_form(log: LogForm, *, quiet: bool) -> LogForm | None:
    """Return the form of the lines; None prints none.

    Raises:
        click.UsageError: both options are given.
    """
    source = click.get_current_context().get_parameter_source("log")
    if quiet and source is ParameterSource.COMMANDLINE:
        raise click.UsageError("--log and --quiet exclude each other.")
    return None if quiet else log


class LiveLog:
    """Prints exchanges on standard error, from a thread of its own."""

    def __init__(self, form: LogForm, *, sources: bool = False) -> None:
        """Start. `sources`: lines for people say which program answered."""
        from mock_solusio.traffic.background_writer import BackgroundWriter, to_standard_error

        self._form = form
        self._sources = sources
        self._colour = form == "text" and has_colours()
        self._writer: BackgroundWriter[tuple[RawExchange | str, datetime]] = BackgroundWriter(
            self._render, to_standard_error(), left_out=self._left_out
        )

    def exchange(self, one: "RawExchange") -> None:
        """Print an exchange of the mock; the hook of its journal."""
        # Bodies are not shown, and would fill the memory while the output is blocked.
        self._writer.put((one.without_bodies(), datetime.now(UTC)))

    def line(self, text: str) -> None:
        """Print an exchange of the billing system, which it printed as JSON."""
        self._writer.put((text, datetime.now(UTC)))

    def close(self) -> None:
        """Print what is left, as far as standard error takes it."""
        self._writer.close()

    def _render(self, item: "tuple[RawExchange | str, datetime]") -> str:
        from mock_solusio.traffic import log_lines
        from mock_solusio.traffic.exchanges import RawExchange, summary

        one, ended = item
        if isinstance(one, RawExchange):
            found = log_lines.logged(summary(one), ended)
        elif (parsed := log_lines.parse(one)) is not None:
            found = parsed
        else:
            return one
        if not log_lines.is_logged(found.kind, found.path):
            return ""
        if self._form == "json":
            return log_lines.json_line(found)
        return log_lines.text_lines(found, colour=self._colour, source=self._sources)

    def _left_out(self, number: int) -> str:
        if self._form == "json":
            return json.dumps({"left_out": number}) + "\n"
        return f"({number} requests are not shown: the output is too slow.)\n"


@contextmanager
def live_log(journal: "Journal", form: LogForm | None, *, sources: bool = False) -> Iterator[LiveLog | None]:
    """Log the exchanges of a journal within the block; `form` None logs none, and costs nothing."""
    if form is None:
        yield None
        return
    log = LiveLog(form, sources=sources)
    journal.on_exchange = log.exchange
    try:
        yield log
    finally:
        journal.on_exchange = None
        log.close()


def has_colours() -> bool:
    """Return whether standard error is a terminal that shows colours, and nobody objects (no-color.org)."""
    if os.environ.get("NO_COLOR") or os.environ.get("TERM") == "dumb":
        return False
    if os.name == "nt" and not ({"WT_SESSION", "TERM"} & os.environ.keys()):
        return False  # an old console, which shows the codes
    try:
        return sys.stderr.isatty()
    except (AttributeError, ValueError):
        return False
