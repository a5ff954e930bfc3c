"""The sandbox of `invoices check`: another world behind one URL for each scenario and period."""

from collections.abc import Mapping, Sequence
from datetime import datetime
from urllib.parse import parse_qsl

from mock_solusio.app import Mock
from mock_solusio.domain.errors import DomainError
from mock_solusio.domain.metering import month_of, month_start
from mock_solusio.invoices import bulk_player, usage_facts
from mock_solusio.moment import HOUR, Micros, micros, parse_moment, rfc3339, utc
from mock_solusio.sandbox import Sandbox, SandboxError, installed
from mock_solusio.scenario_faults import script_of
from mock_solusio.server.asgi import Receive, Scope, Send
from solusio_contracts.adapter.fault import Fault
from solusio_contracts.invoices.scenario import Scenario, events
from solusio_contracts.invoices.usage import UsageLine
from solusio_contracts.timeline import TimelineError

SEED = "invoices"
"""The same scenario always has the same ids and secrets."""
BILLED_AFTER = HOUR
"""Time between the end of a period and its billing run."""


class InvoiceSandbox(Sandbox):
    """A sandbox that shows scenarios of invoices."""

    def __init__(self, access_token: str) -> None:
        super().__init__()
        self._access_token = access_token
        self._questions: list[bytes] = []

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer a request from the world that is shown."""
        if scope["type"] == "http" and scope["path"].rstrip("/") == "/api/v1/usage":
            self._questions.append(scope["query_string"])
        await super().__call__(scope, receive, send)

    def play(
        self, scenario: Scenario, ids: Mapping[str, int], period: str, at: datetime | None = None
    ) -> "SandboxPeriod":
        """Show a scenario as it is when a period is billed: an hour after its end, or early, `at` a moment.

        Raises:
            SandboxError: the scenario cannot be played.
        """
        _, until = bounds(period)
        mock = play(scenario, ids, until + BILLED_AFTER if at is None else micros(at), self._access_token)
        self.show(mock)
        self._questions = []
        return SandboxPeriod(mock, scenario, period)

    def inject(self, faults: Sequence[Fault]) -> None:
        """Add faults to the world that is shown."""
        if faults and (mock := self._mock) is not None:
            self.between_requests(lambda: [mock.faults.add(script_of(one)) for one in faults])

    def clear_faults(self) -> None:
        """End the faults of the world that is shown."""
        if (mock := self._mock) is not None:
            self.between_requests(mock.faults.clear)

    def requested_periods(self) -> list[tuple[str, str]]:
        """Return `from` and `to` of the requests for usage since `play`, each pair once; empty if absent."""
        return list(dict.fromkeys((query.get("from", ""), query.get("to", "")) for query in self._queries()))

    def turned(self) -> bool:
        """Tell whether a later page of usage was requested since `play`."""
        return any(query.get("page", "1") not in {"", "0", "1"} for query in self._queries())

    def page_size(self) -> int | None:
        """Return the `per_page` of the requests for usage since `play`, if all have the same."""
        sizes = {query.get("per_page", "") for query in self._queries()}
        size = sizes.pop() if len(sizes) == 1 else ""
        return int(size) if size.isdecimal() and len(size) < 7 else None

    def _queries(self) -> list[dict[str, str]]:
        return [dict(parse_qsl(query.decode("latin-1"))) for query in self._questions]


class SandboxPeriod:
    """A scenario that is shown, with the usage of the period to bill."""

    def __init__(self, mock: Mock, scenario: Scenario, period: str) -> None:
        since, until = bounds(period)
        self.name = period
        self._mock = mock
        self._scenario = scenario
        self.since = rfc3339(since).replace(".000000", "")
        self.until = rfc3339(until).replace(".000000", "")
        self.usage = self.window(utc(since), utc(until))
        """The lines of the period so far, in the order of /usage."""

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
    begin = min([until, *(micros(event.at) for event in coming[:1])])
    mock = installed(month_start(month_of(begin)), seed=SEED, access_token=access_token)
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
