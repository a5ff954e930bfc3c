"""Icons of operating systems, applications and locations. They do not change."""

from collections.abc import Mapping
from typing import Any
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


def icon_change(world: World, body: Mapping[str, Any]) -> dict[str, int | None]:
    """Return the change of `icon_id` that a request makes; null and 0 (from the Go SDK) mean none.

    Raises:
        Invalid: the icon does not exist.
    """
    if "icon_id" not in body:
        return {}
    value = body["icon_id"] or None
    if value is not None and world[ICONS].get(value) is None:
        raise invalid_reference("icon_id")
    return {"icon_id": value}


def create(world: World, name: str, kind: str, url: str = "") -> Icon:
    """Create an icon; without a URL it is a grey square."""
    return world[ICONS].add(Icon(name=name, type=kind, url=url or _picture("#808080")))


def named(world: World, name: str) -> int | None:
    """Return the id of the icon with this name, or None."""
    icon = world[ICONS].first(name=name)
    return None if icon is None else icon.id


def seed(world: World) -> None:
    """Create what a fresh installation has."""
    for name, kind, colour in _FRESH:
        world[ICONS].add(Icon(name=name, type=kind, url=_picture(colour)))


def _picture(colour: str) -> str:
    # A data URL shows everywhere and needs no file to be served. It is short, since every server and user
    # includes icons.
    svg = (
        "<svg xmlns='http://www.w3.org/2000/svg' viewBox='0 0 8 8'>"
        f"<rect width='8' height='8' rx='2' fill='{colour}'/></svg>"
    )
    return "data:image/svg+xml," + quote(svg, safe="'/:=")
