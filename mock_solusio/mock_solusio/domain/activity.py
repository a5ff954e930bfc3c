"""The activity log: who did what, and when."""

from typing import Any

from mock_solusio.domain.records.installation import ACTIVITY_LOGS, ActivityLog
from mock_solusio.domain.records.user import User
from mock_solusio.domain.world import World

KEPT = 10_000
"""How many entries are kept; older ones are deleted (assumed)."""

USER_CREATED = "user_created"
USER_DELETED = "user_deleted"
USER_CHANGED = "user_changed"
USER_LOGIN = "user_login"
SETTINGS_CHANGED = "settings_changed"
"""Names of events. The first two are observed; the others are formed like `location_changed` (assumed)."""


def record(world: World, event: str, *, user: User | None, data: dict[str, Any]) -> None:
    """Add an entry to the log: something happened, and `user` did it."""
    table = world[ACTIVITY_LOGS]
    entry = table.add(
        ActivityLog(
            event=event,
            user_id=user.id if user else None,
            user_email=user.email if user else "",
            created_at=world.now,
            data=data,
        )
    )
    # Ids are consecutive, so each new entry replaces one old entry.
    if entry.id > KEPT:
        table.remove(entry.id - KEPT)
