"""The activity log: who did what, and when."""

from typing import Any

from mock_solusio.domain.records.installation import ACTIVITY_LOGS, ActivityLog
from mock_solusio.domain.records.user import User
from mock_solusio.domain.world import World

KEPT = 10_000
"""How many entries are kept; older ones go (assumed)."""

USER_CREATED = "user_created"
USER_DELETED = "user_deleted"
USER_CHANGED = "user_changed"
USER_LOGIN = "user_login"
SETTINGS_CHANGED = "settings_changed"
EXTERNAL_INTEGRATION_REQUESTED = "external_integration_requested"
"""Names of events. Created, deleted and external integration are the vendor's (facts, section 10); the others
are formed like them, after `location_changed`."""


def record(world: World, event: str, *, user: User | None, data: dict[str, Any]) -> None:
    """Note that something happened; `user` did it."""
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
    # Ids follow one another, so one goes for each that comes.
    if entry.id > KEPT:
        table.remove(entry.id - KEPT)
