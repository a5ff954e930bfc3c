"""The activity log: who did what, and when."""

from typing import Any

from mock_solusio.domain.records.installation import ACTIVITY_LOGS, ActivityLog
from mock_solusio.domain.records.user import User
from mock_solusio.domain.world import World

KEPT = 10_000
"""How many entries are kept at least (assumed)."""

SPARE = 500
"""How many more than these there are when the oldest are deleted, so that this happens seldom."""

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
    # Ids are consecutive.
    if entry.id > KEPT and entry.id % SPARE == 0:
        table.remove_up_to(entry.id - KEPT)
