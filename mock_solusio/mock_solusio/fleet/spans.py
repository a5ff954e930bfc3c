"""The usage spans of a fleet's servers, as `domain.lifecycle` would make them of requests.

Pure, and without a store, since a fleet has millions of servers.
"""

from collections.abc import Callable, Sequence

from msgspec.structs import asdict, replace

from mock_solusio.domain import lifecycle, spans
from mock_solusio.domain.records.plans import Plan
from mock_solusio.domain.spans import Span
from mock_solusio.fleet.changes import Change
from mock_solusio.fleet.model import FleetServer
from mock_solusio.moment import Micros

ItemKey = tuple[str, int | str]
"""Kind and number or name of a server, address or backup."""


class SpanMaker:
    """Makes the spans of servers."""

    def __init__(
        self, plans: Sequence[Plan], user_id: Callable[[int], int], ip_id: Callable[[int, Change], int]
    ) -> None:
        """Take the plans, and functions for the ids of a customer (by number) and of an address."""
        self._user_id = user_id
        self._ip_id = ip_id
        self._terms = {
            (resource, index): asdict(lifecycle.metered_price(plan, resource))
            for resource in (spans.SERVER, spans.ADDITIONAL_IP, spans.BACKUP)
            for index, plan in enumerate(plans)
        }

    def make(self, server: FleetServer) -> list[Span]:
        """Return the spans of a server, its addresses and backups, in the order in which they began."""
        first = self._span(server, spans.SERVER, server.number, server.plan, server.created_at)
        if not server.changes:
            return [first if server.ended_at is None else replace(first, ended_at=server.ended_at)]
        opened = OpenSpans(first)
        plan = server.plan
        backups = 0
        for change in server.changes:
            match change.do:
                case "server.resize":
                    plan = change.plan
                    opened.change(change.at, lambda span, plan=plan: self._terms[span.resource, plan])  # type: ignore[misc]
                case "ip.add":
                    key = self._ip_id(server.number, change)
                    opened.open(
                        ("ip", change.item), self._span(server, spans.ADDITIONAL_IP, key, plan, change.at)
                    )
                case "ip.remove":
                    opened.close(("ip", change.item), change.at)
                case "backup.create":
                    backups += 1
                    if backups == 1:
                        made = self._span(server, spans.BACKUP, server.number, plan, change.at)
                        opened.open(("backup", 0), made)
                case "backup.delete":
                    backups -= 1
                    if not backups:
                        opened.close(("backup", 0), change.at)
        return opened.end(server.ended_at)

    def _span(self, server: FleetServer, resource: str, resource_id: int, plan: int, at: Micros) -> Span:
        return Span(
            resource=resource,
            resource_id=resource_id,
            server_id=server.number,
            server_name=server.name,
            user_id=self._user_id(server.customer),
            anchor=at,
            started_at=at,
            **self._terms[resource, plan],
        )


class OpenSpans:
    """The spans of a server so far; open ones are found by their item."""

    def __init__(self, first: Span) -> None:
        self.first = first
        self._all = [first]
        self._open: dict[ItemKey, int] = {("server", 0): 0}

    @property
    def server(self) -> Span:
        """The open span of the server itself."""
        return self._all[self._open["server", 0]]

    def open(self, key: ItemKey, span: Span) -> None:
        """Begin the span of an item."""
        self._open[key] = len(self._all)
        self._all.append(span)

    def close(self, key: ItemKey, at: Micros) -> None:
        """End the span of an item."""
        index = self._open.pop(key)
        self._all[index] = replace(self._all[index], ended_at=at)

    def change(self, at: Micros, terms: Callable[[Span], dict[str, object]]) -> None:
        """Continue all open spans with other terms, such as those of another plan."""
        for key in list(self._open):
            span = self._all[self._open[key]]
            self.close(key, at)
            self.open(key, replace(span, started_at=at, **terms(span)))

    def end(self, at: Micros | None) -> list[Span]:
        """End all open spans, if the server ends; return all spans."""
        if at is not None:
            for key in list(self._open):
                self.close(key, at)
        return self._all
