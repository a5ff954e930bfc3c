"""A mock SolusIO for a billing system: one URL, with another world behind it for each scenario and period."""

from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager, nullcontext
from datetime import datetime
from urllib.parse import parse_qsl

from mock_solusio.app import Mock
from mock_solusio.clock import Clock
from mock_solusio.domain.errors import DomainError
from mock_solusio.domain.metering import month_of, month_start
from mock_solusio.invoices import bulk_player, usage_facts
from mock_solusio.moment import HOUR, Micros, micros, parse_moment, rfc3339, utc
from mock_solusio.options import Options
from mock_solusio.server.asgi import Receive, Scope, Send, run_lifespan, send_response
from mock_solusio.server.messages import json_response
from mock_solusio.server.uvicorn_server import running
from solusio_contracts.invoices.scenario import Scenario, events
from solusio_contracts.invoices.usage import UsageLine
from solusio_contracts.timeline import TimelineError

SEED = "invoices"
"""The same scenario always has the same ids and secrets."""
BILLED_AFTER = HOUR
"""Time between the end of a period and its billing run."""


class SandboxError(Exception):
    """A scenario cannot be played; the text says why."""


class Sandbox:
    """An ASGI application: the world that is shown answers."""

    def __init__(self, access_token: str) -> None:
        self._access_token = access_token
        self._mock: Mock | None = None
        self._last: Mock | None = None
        self.was_asked = False
        """Whether any request to the API has arrived."""
        self._questions: list[bytes] = []

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer a request from the world that is shown."""
        if scope["type"] != "http":
            await run_lifespan(receive, send, nullcontext())
            return
        if scope["path"].startswith("/api/"):
            self.was_asked = True
        if scope["path"].rstrip("/") == "/api/v1/usage":
            self._questions.append(scope["query_string"])
        if (mock := self._mock) is None:
            answer = json_response(503, {"message": "Between two scenarios: there is nothing to bill now."})
            await send_response(answer, send)
        else:
            await mock(scope, receive, send)

    def show(self, scenario: Scenario, ids: Mapping[str, int], period: str) -> "SandboxPeriod":
        """Show a scenario as it is an hour after the end of a period.

        Raises:
            SandboxError: the scenario cannot be played.
        """
        since, until = bounds(period)
        mock = play(scenario, ids, until + BILLED_AFTER, self._access_token)
        self.clear()
        self._last, self._mock = mock, mock
        self._questions = []
        return SandboxPeriod(mock, scenario, since, until)

    def requested_periods(self) -> list[tuple[str, str]]:
        """Return `from` and `to` of the requests for usage since `show`, each pair once; empty if absent."""
        queries = [dict(parse_qsl(query.decode("latin-1"))) for query in self._questions]
        return list(dict.fromkeys((query.get("from", ""), query.get("to", "")) for query in queries))

    def hide(self) -> None:
        """Answer no requests, so that the world can be inspected."""
        self._mock = None

    def clear(self) -> None:
        """Close the world that was shown."""
        self.hide()
        if self._last is not None:
            self._last.close()
            self._last = None

    @contextmanager
    def open(self, host: str = "127.0.0.1", port: int = 0) -> Iterator[str]:
        """Listen on an address of this machine; yield the URL, without `/api/v1`.

        Raises:
            OSError: the port is in use.
        """
        try:
            with running(self, host=host, port=port) as url:
                yield url
        finally:
            self.clear()


class SandboxPeriod:
    """A scenario that is shown, with the usage of the period to bill."""

    def __init__(self, mock: Mock, scenario: Scenario, since: Micros, until: Micros) -> None:
        self._mock = mock
        self._scenario = scenario
        self.since = rfc3339(since).replace(".000000", "")
        self.until = rfc3339(until).replace(".000000", "")
        self.usage = self.window(utc(since), utc(until))
        """All lines of the period, in the order of /usage."""

    def window(self, since: datetime, until: datetime) -> Sequence[UsageLine]:
        """Return the lines of any period, as in /usage. Hide the world first."""
        return usage_facts.lines(self._mock, self._scenario, micros(since), micros(until))


def bounds(period: str) -> tuple[Micros, Micros]:
    """Return when a month such as 2026-03 begins and ends."""
    since = parse_moment(f"{period}-01T00:00:00Z")
    return since, month_start(month_of(since) + 1)


def play(scenario: Scenario, ids: Mapping[str, int], until: Micros, access_token: str) -> Mock:
    """Return a mock with the events of a scenario up to a moment, where its clock is frozen.

    Raises:
        SandboxError: the scenario cannot be played.
    """
    coming = [event for event in events(scenario, ids) if micros(event.at) < until]
    clock = Clock(min([until, *(micros(event.at) for event in coming[:1])]), speed=0)
    mock = Mock(Options(clock=clock, seed=SEED, admin_token=access_token))
    try:
        with mock.transaction() as world:
            bulk_player.play(world, coming)
        mock.clock.set(until)
        mock.settle()
    except (DomainError, TimelineError) as error:
        mock.close()
        text = error.message if isinstance(error, DomainError) else str(error)
        raise SandboxError(f"the scenario cannot be played: {text}") from None
    except BaseException:
        mock.close()
        raise
    return mock
