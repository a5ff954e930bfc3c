"""Icons of operating systems, applications and locations. They come with SolusIO and do not change."""

from urllib.parse import quote

from mock_solusio.domain.records.images import ICONS, Icon
from mock_solusio.domain.references import invalid_reference
from mock_solusio.domain.world import World

_FRESH = (
    ("Debian", "os", "#a80030"),
    ("Ubuntu", "os", "#e95420"),
    ("AlmaLinux", "os", "#0f4266"),
    ("Windows", "os", "#0078d4"),
    ("WordPress", "application", "#21759b"),
    ("Germany", "flags", "#000000"),
    ("United States", "flags", "#3c3b6e"),
)


def icon_id(world: World, value: int | None) -> int | None:
    """Return the id of an icon that a request names; null and 0 (from the Go SDK) are none.

    Raises:
        Invalid: there is no such icon.
    """
    if not value:
        return None
    if world[ICONS].get(value) is None:
        raise invalid_reference("icon_id")
    return value


def named(world: World, name: str) -> int | None:
    """Return the id of the icon of this name, or None."""
    icon = world[ICONS].first(name=name)
    return None if icon is None else icon.id


def seed(world: World) -> None:
    """Make what a fresh install has."""
    for name, kind, colour in _FRESH:
        world[ICONS].add(Icon(name=name, type=kind, url=_picture(colour)))


def _picture(colour: str) -> str:
    # A data URL shows everywhere, and needs no file that somebody must serve. It is short, since icons are
    # part of what every server and user shows.
    svg = (
        "<svg xmlns='http://www.w3.org/2000/svg' viewBox='0 0 8 8'>"
        f"<rect width='8' height='8' rx='2' fill='{colour}'/></svg>"
    )
    return "data:image/svg+xml," + quote(svg, safe="'/:=")
