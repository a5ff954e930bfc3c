"""From the world to the pages: what each of them shows of it."""

from typing import Any

from mock_solusio.domain import limits, servers
from mock_solusio.domain.errors import Invalid
from mock_solusio.domain.ip_blocks import of_server
from mock_solusio.domain.os_images import versions_of
from mock_solusio.domain.prices import Pricing
from mock_solusio.domain.records.compute_resources import LOCATIONS
from mock_solusio.domain.records.images import APPLICATIONS, OS_IMAGE_VERSIONS, OS_IMAGES
from mock_solusio.domain.records.limit_groups import LIMIT_GROUPS
from mock_solusio.domain.records.plans import PLANS
from mock_solusio.domain.records.servers import Server
from mock_solusio.domain.records.user import ACTIVE, User
from mock_solusio.domain.world import World
from mock_solusio.moment import Micros, utc
from mock_solusio.ui import shop
from mock_solusio.ui.models import (
    Account,
    AreaPage,
    Badge,
    Choice,
    Group,
    Limit,
    NewServerPage,
    Problem,
    ServerCard,
)

STATES = {
    "started": Badge("Running", "good"),
    "stopped": Badge("Stopped", "idle"),
    "paused": Badge("Paused", "idle"),
    "processing": Badge("In progress", "busy"),
}
"""Of a server that nothing special is to be said of; any other state is shown as it is."""

LONGEST_NAME = 255
LARGEST_ID = 2**31 - 1
LONGEST_ID = 10


def area_page(world: World, user: User, pricing: Pricing | None, notice: str = "") -> AreaPage:
    """Return `/`."""
    return AreaPage(
        account(world, user),
        tuple(server_card(world, server) for server in servers.owned_by(world, user.id)),
        tuple(shop.plan_card(world, plan, pricing) for plan in shop.on_offer(world)),
        notice,
        full(world, user),
    )


def account(world: World, user: User) -> Account:
    """Return who looks, and how much he uses."""
    usage = limits.usage_of(world, user.id)
    group = None if user.limit_group_id is None else world[LIMIT_GROUPS].get(user.limit_group_id)
    return Account(
        user.email,
        Badge(user.status.capitalize(), "good" if user.status == ACTIVE else "bad"),
        "" if user.billing_user_id is None else str(user.billing_user_id),
        day(user.created_at),
        (
            Limit("Servers", usage.servers, group.vms.bound if group else None),
            Limit("Running servers", usage.running_servers, group.running_vms.bound if group else None),
            Limit(
                "Additional IP addresses", usage.additional_ips, group.additional_ips.bound if group else None
            ),
        ),
    )


def day(moment: Micros) -> str:
    """Return a day in UTC as people write it: `1 March 2026`."""
    when = utc(moment)
    return f"{when.day} {when:%B %Y}"


def full(world: World, user: User) -> str:
    """Return why a user can have no further server, empty when he can."""
    try:
        limits.check_server(world, user)
        limits.check_running(world, user)
    except Invalid as reached:
        return reached.message
    return ""


# Servers


def server_card(world: World, server: Server) -> ServerCard:
    """Return what a customer sees of his server."""
    plan, location = world[PLANS].get(server.plan_id), world[LOCATIONS].get(server.location_id)
    return ServerCard(
        server.id,
        server.name,
        server_state(world, server),
        plan.name if plan else "",
        location.name if location else "",
        system(world, server),
        tuple(ip.address for ip in of_server(world, server.id)),
        deletable=not (server.is_deleting or server.is_suspended),
    )


def server_state(world: World, server: Server) -> Badge:
    """Return in a word how a server is."""
    if server.is_deleting:
        return Badge("Being deleted", "busy")
    if server.is_suspended:
        return Badge("Suspended", "bad")
    if server.busy_until > world.now:
        return STATES["processing"]
    return STATES.get(server.status, Badge(server.status.capitalize(), "bad"))


def system(world: World, server: Server) -> str:
    """Return what is installed on a server, such as `Debian 12`."""
    if server.application_id is not None:
        application = world[APPLICATIONS].get(server.application_id)
        return application.name if application else ""
    version = (
        None
        if server.os_image_version_id is None
        else world[OS_IMAGE_VERSIONS].get(server.os_image_version_id)
    )
    if version is None:
        return ""
    image = world[OS_IMAGES].get(version.os_image_id)
    return f"{image.name} {version.version}" if image else version.version


# A new server


def new_server_page(
    world: World,
    user: User,
    pricing: Pricing | None,
    entered: dict[str, str],
    problems: tuple[Problem, ...] = (),
) -> NewServerPage:
    """Return the form; what is not entered yet is set to the operator's defaults."""
    offered = shop.on_offer(world)
    places = _ordered(world[LOCATIONS].find(is_visible=True))
    images = _ordered(world[OS_IMAGES].find(is_visible=True))
    reached = full(world, user)
    if reached and not problems:
        problems = (Problem(reached),)
    return NewServerPage(
        tuple(shop.plan_card(world, plan, pricing) for plan in offered),
        tuple(Choice(str(place.id), place.name) for place in places),
        tuple(
            Group(image.name, choices)
            for image in images
            if (
                choices := tuple(
                    Choice(str(version.id), f"{image.name} {version.version}")
                    for version in versions_of(world, image, visible_only=True)
                )
            )
        ),
        name=entered.get("name", ""),
        plan=entered.get("plan") or _default(offered),
        location=entered.get("location") or _default(places),
        system=entered.get("os") or _default_version(world, images),
        problems=problems,
    )


def new_server_fields(entered: dict[str, str]) -> dict[str, Any]:
    """Return what was entered as members of `POST /servers`.

    Raises:
        Invalid: a field is empty, too long, or no choice of ours.
    """
    errors: dict[str, list[str]] = {}
    name = entered.get("name", "").strip()
    if not name:
        errors["name"] = ["Enter a name for the server."]
    elif len(name) > LONGEST_NAME:
        errors["name"] = [f"The name may have at most {LONGEST_NAME} characters."]
    fields: dict[str, Any] = {"name": name}
    for field, text in (
        ("plan", "Choose a plan."),
        ("location", "Choose a location."),
        ("os", "Choose an operating system."),
    ):
        fields[field] = number(entered.get(field, ""))
        if not fields[field]:
            errors[field] = [text]
    if errors:
        raise Invalid(errors)
    return fields


def number(text: str) -> int:
    """Return an id as somebody wrote it, 0 when it is none."""
    found = int(text) if text.isascii() and text.isdigit() and len(text) <= LONGEST_ID else 0
    return found if found <= LARGEST_ID else 0


def _ordered(records: list[Any]) -> list[Any]:
    return sorted(records, key=lambda record: (record.position, record.id))


def _default(records: list[Any]) -> str:
    """Return the id of the operator's default, or of the first."""
    chosen = next((record for record in records if record.is_default), next(iter(records), None))
    return str(chosen.id) if chosen else ""


def _default_version(world: World, images: list[Any]) -> str:
    image = next((image for image in images if image.is_default), next(iter(images), None))
    versions = versions_of(world, image, visible_only=True) if image else []
    return str(versions[0].id) if versions else ""
