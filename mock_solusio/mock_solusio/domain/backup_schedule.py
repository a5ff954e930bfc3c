"""When the next scheduled backup of a server is due, in UTC. The mock shows it but makes no backup then.

While the owner is suspended, there are no scheduled backups (the vendor's page Locking and Suspending User
Accounts).
"""

from datetime import timedelta
from typing import Any

from mock_solusio.domain.errors import Invalid
from mock_solusio.domain.records.servers import BackupSchedule, Server, ServerBackupSettings
from mock_solusio.domain.records.user import SUSPENDED, User
from mock_solusio.moment import Micros, micros, utc


def with_backup_settings(old: ServerBackupSettings, asked: dict[str, Any]) -> ServerBackupSettings:
    """Return backup settings with some members changed.

    A schedule without a type is ignored: the Go SDK sends one if its user set none. Days of a week are 1
    (Monday) to 7; 0 also means Sunday (assumed).

    Raises:
        Invalid: a day does not exist in a week or month.
    """
    schedule = old.schedule
    wanted = asked.get("schedule") or {}
    if wanted.get("type"):
        time = wanted.get("time", {})
        days, weekly = wanted.get("days") or (), wanted["type"] == "weekly"
        if weekly:
            days = [day or 7 for day in days]
        if any(not 1 <= day <= (7 if weekly else 31) for day in days):
            span = "1 and 7" if weekly else "1 and 31"
            raise Invalid.field("backup_settings.schedule.days", f"The days must be between {span}.")
        schedule = BackupSchedule(
            type=wanted["type"],
            hour=time.get("hour", 0),
            minutes=time.get("minutes", 0),
            days=sorted(set(days)),
        )
    return ServerBackupSettings(enabled=asked.get("enabled", old.enabled), schedule=schedule)


def next_backup_of(server: Server, owner: User, now: Micros) -> Micros | None:
    """Return when the next scheduled backup of a server is due, or None if there will be none."""
    return None if owner.status == SUSPENDED else next_backup(server.backup_settings, now)


_LONGEST = 62
"""The most days until the next 31st of a month."""


def next_backup(settings: ServerBackupSettings, now: Micros) -> Micros | None:
    """Return the next moment after now, or None if backups are off.

    Without days it is the first day of the week or month (assumed). A month without the day is skipped.
    """
    if not settings.enabled:
        return None
    schedule = settings.schedule
    days = set(schedule.days) or {1}
    midnight = utc(now).replace(hour=0, minute=0, second=0, microsecond=0)
    for ahead in range(_LONGEST + 1):
        try:
            day = midnight + timedelta(days=ahead)
        except OverflowError:  # after 9999, where the clock ends
            return None
        if schedule.type == "weekly" and day.isoweekday() not in days:
            continue
        if schedule.type == "monthly" and day.day not in days:
            continue
        moment = micros(day.replace(hour=schedule.hour, minute=schedule.minutes))
        if moment > now:
            return moment
    return None
