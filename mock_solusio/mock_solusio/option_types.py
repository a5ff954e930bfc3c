"""Types and errors of command-line options that several subcommands have."""

from typing import TYPE_CHECKING

import click

if TYPE_CHECKING:
    from mock_solusio.clock import Clock
    from mock_solusio.server.uvicorn_server import ListenError


def listen_error(error: "ListenError") -> click.UsageError:
    """Return the error of a command that cannot listen at its --host and --port."""
    hint = " Choose another --port, or 0 for a free one." if error.port_refused else ""
    return click.UsageError(f"{error}{hint}")


class ClockType(click.ParamType["Clock"]):
    """A value such as `real`, `2026-03-01T00:00:00Z` or `@60`."""

    name = "text"

    def convert(
        self, value: "str | Clock", param: click.Parameter | None, ctx: click.Context | None
    ) -> "Clock":
        """Return the clock."""
        from mock_solusio.clock import Clock

        if isinstance(value, Clock):
            return value
        try:
            return Clock.parse(value)
        except ValueError as error:
            self.fail(f"{error}.", param, ctx)
