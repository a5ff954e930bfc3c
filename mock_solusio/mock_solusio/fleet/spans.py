"""What the life of a server of a fleet means for usage: the spans that `domain.lifecycle` makes of requests.

Pure, and without a store: millions of servers pass here that no table ever sees.
"""

from collections.abc import Callable, Sequence

from msgspec.structs import asdict, replace

from mock_solusio.domain import lifecycle, spans
from mock_solusio.domain.records.plans import Plan
from mock_solusio.domain.spans import Span
from mock_solusio.fleet.changes import Change
from mock_solusio.fleet.model import Server
from mock_solusio.moment import Micros

Key = tuple[str, int | str]
"""What tells apart what a server has."""


class Spanning:
    """Makes spans of servers."""

    def __init__(
        self, plans: Sequence[Plan], user_id: Callable[[int], int], ip_id: Callable[[int, Change], int]
    ) -> None:
        """Take the plans, and what tells the id of a customer (his number) and of an address."""
        self._user_id = user_id
        self._ip_id = ip_id
        self._terms = {
            (resource, index): asdict(lifecycle.metered_price(plan, resource))
            for resource in (spans.SERVER, spans.ADDITIONAL_IP, spans.BACKUP)
            for index, plan in enumerate(plans)
        }

    def of(self, server: Server) -> list[Span]:
        """Return the spans of a server and all that it had, in the order in which they began."""
        first = self._span(server, spans.SERVER, server.number, server.plan, server.created_at)
        if not server.changes:
            return [first if server.ended_at is None else replace(first, ended_at=server.ended_at)]
        life = Life(first)
        plan = server.plan
        backups = 0
        for change in server.changes:
            match change.do:
                case "server.resize":
                    plan = change.plan
                    life.change(change.at, lambda span, plan=plan: self._terms[span.resource, plan])  # type: ignore[misc]
                case "ip.add":
                    key = self._ip_id(server.number, change)
                    life.open(
                        ("ip", change.item), self._span(server, spans.ADDITIONAL_IP, key, plan, change.at)
                    )
                case "ip.remove":
                    life.close(("ip", change.item), change.at)
                case "backup.create":
                    backups += 1
                    if backups == 1:
                        made = self._span(server, spans.BACKUP, server.number, plan, change.at)
                        life.open(("backup", 0), made)
                case "backup.delete":
                    backups -= 1
                    if not backups:
                        life.close(("backup", 0), change.at)
        return life.end(server.ended_at)

    def _span(self, server: Server, resource: str, resource_id: int, plan: int, at: Micros) -> Span:
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


class Life:
    """The spans of a server so far; those that go on are known by what they belong to."""

    def __init__(self, first: Span) -> None:
        self.first = first
        self._all = [first]
        self._open: dict[Key, int] = {("server", 0): 0}

    def open(self, key: Key, span: Span) -> None:
        """Let something begin."""
        self._open[key] = len(self._all)
        self._all.append(span)

    def close(self, key: Key, at: Micros) -> None:
        """Let something end."""
        index = self._open.pop(key)
        self._all[index] = replace(self._all[index], ended_at=at)

    def change(self, at: Micros, terms: Callable[[Span], dict[str, object]]) -> None:
        """Let all that goes on go on by another plan."""
        for key in list(self._open):
            span = self._all[self._open[key]]
            self.close(key, at)
            self.open(key, replace(span, started_at=at, **terms(span)))

    def end(self, at: Micros | None) -> list[Span]:
        """End all, if the server ends; return all spans."""
        if at is not None:
            for key in list(self._open):
                self.close(key, at)
        return self._all
