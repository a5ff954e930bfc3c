"""The languages of the user interface."""

from mock_solusio.domain import icons
from mock_solusio.domain.world import Kind, Record, World

DEFAULT = 1
"""Id of the language of who has chosen none."""


class Language(Record, frozen=True, kw_only=True):
    """A language, and how many users have chosen it."""

    name: str
    locale: str
    country: str
    icon_id: int | None = None
    """Of its flag."""
    is_visible: bool = True
    users_count: int = 0

    @property
    def is_default(self) -> bool:
        """Whether it is the language of who has chosen none."""
        return self.id == DEFAULT


LANGUAGES = Kind("languages", Language, index=("name", "locale"), search=("name", "locale"))

_SHIPPED = (
    ("English", "en_US", "US", "United States"),
    ("Deutsch", "de_DE", "DE", "Germany"),
    ("Español", "es_ES", "ES", "Spain"),
    ("Français", "fr_FR", "FR", "France"),
    ("Italiano", "it_IT", "IT", "Italy"),
    ("日本語", "ja_JP", "JP", "Japan"),
    ("Português", "pt_BR", "BR", "Brazil"),
    ("Русский", "ru_RU", "RU", "Russia"),
)
"""With the flag that stands for each, where there is such an icon."""


def seed(world: World) -> None:
    """Make the languages of a fresh installation (which ones: assumed)."""
    for name, locale, country, flag in _SHIPPED:
        icon_id = icons.named(world, flag)
        world[LANGUAGES].add(Language(name=name, locale=locale, country=country, icon_id=icon_id))
