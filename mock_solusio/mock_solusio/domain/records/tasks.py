"""Tasks of servers, the agenda of what is due, and migrations."""

from typing import Any

import msgspec

from mock_solusio.domain.world import Kind, Record
from mock_solusio.moment import SECOND, Micros


class Task(Record, frozen=True, kw_only=True):
    """Work on a server. `status` is that of the last settled moment, so it is true at every request."""

    action: str
    server_id: int
    user_id: int
    """Whose server it is; also known once the server is gone."""
    compute_resource_id: int
    status: str
    """`pending` behind another task of the server, then `running`, at last `done` or `failed`."""
    created_at: Micros
    started_at: Micros
    finished_at: Micros
    is_open: bool
    data: dict[str, Any] = msgspec.field(default_factory=dict)
    """What the effect needs to know."""
    output: str = ""

    @property
    def due(self) -> Micros:
        """When it changes next; of an open task."""
        return self.started_at if self.status == "pending" else self.finished_at

    def progress(self, now: Micros) -> int:
        """Return how far it is, in whole percent."""
        if not self.is_open:
            return 100
        if self.status == "pending":
            return 0
        span = self.finished_at - self.started_at
        # The clock may have been set back to before it started.
        return max(0, min(99, 100 * (now - self.started_at) // span)) if span else 99

    def duration(self, now: Micros) -> int:
        """Return for how many whole seconds it has run."""
        return max(0, min(now, self.finished_at) - self.started_at) // SECOND


class Agenda(Record, frozen=True, kw_only=True):
    """The one row that says when the next task changes, so that a request need not search for it."""

    due: Micros | None


TASKS: Kind[Task] = Kind(
    "tasks",
    Task,
    # The most selective first; of `is_open` only True is ever looked for, and few are.
    index=("server_id", "is_open", "user_id", "status", "compute_resource_id", "action"),
)
AGENDA: Kind[Agenda] = Kind("agenda", Agenda)


class Migration(Record, frozen=True, kw_only=True):
    """Servers on their way to another compute resource."""

    destination_id: int
    task_id: int
    """The task of the whole: it ends with the last of its children."""
    children: list[int] = msgspec.field(default_factory=list)
    """The tasks of the servers."""
    created_at: Micros


MIGRATIONS: Kind[Migration] = Kind("servers_migrations", Migration, noun="servers migration")
