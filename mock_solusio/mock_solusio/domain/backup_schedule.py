"""When a server is backed up by itself next, by its schedule. Schedules are in UTC."""

from datetime import timedelta

from mock_solusio.domain.servers import BackupSettings
from mock_solusio.domain.world import Micros
from mock_solusio.moment import micros, utc

_LONGEST = 62
"""Days to the next day 31 of a month, at most."""


def next_backup(settings: BackupSettings, now: Micros) -> Micros | None:
    """Return the next moment after now, or None if backups are off.

    Days of a week are 1 (Monday) to 7; without days it is the first day of the week or month (assumed). A
    month without the day is left out.
    """
    if not settings.enabled:
        return None
    schedule = settings.schedule
    days = set(schedule.days) or {1}
    midnight = utc(now).replace(hour=0, minute=0, second=0, microsecond=0)
    for ahead in range(_LONGEST + 1):
        day = midnight + timedelta(days=ahead)
        if schedule.type == "weekly" and day.isoweekday() not in days:
            continue
        if schedule.type == "monthly" and day.day not in days:
            continue
        moment = micros(day.replace(hour=schedule.hour, minute=schedule.minutes))
        if moment > now:
            return moment
    return None
