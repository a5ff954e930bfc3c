"""Tasks of servers, when the next one is due, and migrations."""

from typing import Any

import msgspec

from mock_solusio.domain.world import Kind, Record
from mock_solusio.moment import SECOND, Micros


class Task(Record, frozen=True, kw_only=True):
    """Work on a server. All due tasks run before a request, so `status` is current at every request."""

    action: str
    server_id: int
    user_id: int
    """The owner of the server; still known after its deletion."""
    compute_resource_id: int
    status: str
    """`pending` while another task of the server is running, then `running`, finally `done` or `failed`."""
    created_at: Micros
    started_at: Micros
    finished_at: Micros
    is_open: bool
    data: dict[str, Any] = msgspec.field(default_factory=dict)
    """Parameters of the action."""
    output: str = ""

    @property
    def due(self) -> Micros:
        """When an open task changes next."""
        return self.started_at if self.status == "pending" else self.finished_at

    def progress(self, now: Micros) -> int:
        """Return its progress in whole percent."""
        if not self.is_open:
            return 100
        if self.status == "pending":
            return 0
        span = self.finished_at - self.started_at
        # The clock may have been set back to before its start.
        return max(0, min(99, 100 * (now - self.started_at) // span)) if span else 99

    def duration(self, now: Micros) -> int:
        """Return how many whole seconds it has run."""
        return max(0, min(now, self.finished_at) - self.started_at) // SECOND


TASKS: Kind[Task] = Kind(
    "tasks",
    Task,
    # The most selective first. Only open tasks are ever searched by `is_open`, and there are few.
    index=("server_id", "is_open", "user_id", "status", "compute_resource_id", "action"),
    waiting={"is_open": True},
)


class Migration(Record, frozen=True, kw_only=True):
    """Servers that move to another compute resource."""

    destination_id: int
    task_id: int
    """The task of the whole migration, which ends with the last of its children."""
    children: list[int] = msgspec.field(default_factory=list)
    """The tasks of the servers."""
    created_at: Micros


MIGRATIONS: Kind[Migration] = Kind("servers_migrations", Migration, noun="servers migration")
