"""The languages of the user interface."""

from mock_solusio.domain import icons
from mock_solusio.domain.records.installation import LANGUAGES, Language
from mock_solusio.domain.world import World

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
"""Each with the icon of its flag, where there is one."""


def seed(world: World) -> None:
    """Create the languages of a fresh installation (which ones is assumed)."""
    for name, locale, country, flag in _SHIPPED:
        icon_id = icons.named(world, flag)
        world[LANGUAGES].add(Language(name=name, locale=locale, country=country, icon_id=icon_id))
