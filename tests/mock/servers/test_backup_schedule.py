"""When the next backup is due."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from mock_solusio.domain.backup_schedule import next_backup
from mock_solusio.domain.records.servers import BackupSchedule, ServerBackupSettings
from mock_solusio.moment import DAY, MINUTE, parse_moment, rfc3339, utc

# 2026-03-01 is a Sunday.
NOW = parse_moment("2026-03-01T12:00:00Z")


@pytest.mark.parametrize(
    ("schedule", "expected"),
    [
        (BackupSchedule(type="daily", hour=13), "2026-03-01T13:00:00.000000Z"),
        (BackupSchedule(type="daily", hour=12), "2026-03-02T12:00:00.000000Z"),
        (BackupSchedule(type="daily", hour=12, minutes=1), "2026-03-01T12:01:00.000000Z"),
        (BackupSchedule(type="weekly", days=[7], hour=13), "2026-03-01T13:00:00.000000Z"),
        (BackupSchedule(type="weekly", days=[7], hour=11), "2026-03-08T11:00:00.000000Z"),
        (BackupSchedule(type="weekly", days=[3, 5]), "2026-03-04T00:00:00.000000Z"),
        (BackupSchedule(type="weekly"), "2026-03-02T00:00:00.000000Z"),
        (BackupSchedule(type="monthly"), "2026-04-01T00:00:00.000000Z"),
        (BackupSchedule(type="monthly", days=[15, 31]), "2026-03-15T00:00:00.000000Z"),
    ],
)
def test_schedules(schedule, expected):
    due = next_backup(ServerBackupSettings(enabled=True, schedule=schedule), NOW)
    assert due is not None
    assert rfc3339(due) == expected


def test_a_month_without_the_day_is_left_out():
    settings = ServerBackupSettings(enabled=True, schedule=BackupSchedule(type="monthly", days=[31]))
    due = next_backup(settings, parse_moment("2026-03-31T00:00:00Z"))
    assert due == parse_moment("2026-05-31T00:00:00Z")


def test_off_is_never():
    assert next_backup(ServerBackupSettings(), NOW) is None


@given(
    st.integers(0, 800 * DAY),
    st.sampled_from(["daily", "weekly", "monthly"]),
    st.lists(st.integers(1, 28)),
    st.integers(0, 23),
    st.integers(0, 59),
)
def test_it_is_ahead_at_the_right_time_of_day(span, kind, days, hour, minutes):
    wanted = [day for day in days if kind != "weekly" or day <= 7]
    schedule = BackupSchedule(type=kind, days=wanted, hour=hour, minutes=minutes)
    due = next_backup(ServerBackupSettings(enabled=True, schedule=schedule), NOW + span)
    assert due is not None
    assert NOW + span < due <= NOW + span + 31 * DAY + MINUTE
    assert (utc(due).hour, utc(due).minute, utc(due).second) == (hour, minutes, 0)
