"""What belongs to the whole installation: settings, license, languages and the activity log."""

from typing import Any

import msgspec

from mock_solusio.domain.world import Kind, Record
from mock_solusio.moment import Micros

SettingsTree = dict[str, Any]


class InstallationSettings(Record, frozen=True, kw_only=True):
    """All settings, in a single record with id 1. `limit_group` in the tree is an id or None."""

    tree: SettingsTree = msgspec.field(default_factory=dict)


SETTINGS = Kind("settings", InstallationSettings, noun="settings")


class License(Record, frozen=True, kw_only=True):
    """What the installation may use (members: observed)."""

    cpu_cores: int
    cpu_cores_in_use: int
    key: str
    key_type: str
    product: str
    expiration_date: Micros
    update_date: Micros


LICENSES = Kind("licenses", License)


DEFAULT_LANGUAGE = 1
"""Id of the language of users who have not chosen one."""


class Language(Record, frozen=True, kw_only=True):
    """A language that users can choose."""

    name: str
    locale: str
    country: str
    icon_id: int | None = None
    """Its flag."""
    is_visible: bool = True

    @property
    def is_default(self) -> bool:
        """Whether it is the language of users who have not chosen one."""
        return self.id == DEFAULT_LANGUAGE


LANGUAGES = Kind("languages", Language, index=("name", "locale"), search=("name", "locale"))


class ActivityLog(Record, frozen=True, kw_only=True):
    """An entry of the activity log. `data` depends on the event and never holds a secret."""

    event: str
    user_id: int | None
    """Who did it; None: SolusIO itself."""
    user_email: str
    created_at: Micros
    data: dict[str, Any] = msgspec.field(default_factory=dict)


ACTIVITY_LOGS = Kind("activity_logs", ActivityLog, noun="activity log entry", index=("user_id", "event"))
