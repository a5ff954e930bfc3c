"""What each page shows of the state."""

from typing import Any
from urllib.parse import urlencode

from mock_solusio.domain import authority, limits
from mock_solusio.domain.errors import DomainError, Invalid
from mock_solusio.domain.ip_blocks import of_server
from mock_solusio.domain.os_images import versions_of
from mock_solusio.domain.prices import Pricing
from mock_solusio.domain.records.compute_resources import LOCATIONS
from mock_solusio.domain.records.images import APPLICATIONS, OS_IMAGE_VERSIONS, OS_IMAGES
from mock_solusio.domain.records.limit_groups import LIMIT_GROUPS
from mock_solusio.domain.records.networks import IPS
from mock_solusio.domain.records.plans import PLANS
from mock_solusio.domain.records.servers import SERVERS, Server
from mock_solusio.domain.records.user import ACTIVE, User
from mock_solusio.domain.world import World
from mock_solusio.moment import Micros, utc
from mock_solusio.ui import shop
from mock_solusio.ui.models import (
    AccountSummary,
    AreaPage,
    Badge,
    Choice,
    ChoiceGroup,
    LimitUse,
    NewServerPage,
    Notice,
    Problem,
    ServerCard,
    ServerList,
)

STATES = {
    "started": Badge("Running", "good"),
    "stopped": Badge("Stopped", "idle"),
    "paused": Badge("Paused", "idle"),
    "processing": Badge("In progress", "busy"),
}
"""Of an ordinary server; any other state is shown as it is."""

PER_PAGE = 24
"""Servers on a page."""

LONGEST_NAME = 255
LARGEST_ID = 2**31 - 1
LONGEST_ID = 10


def area_page(
    world: World,
    user: User,
    pricing: Pricing | None,
    notice: Notice | None = None,
    *,
    search: str = "",
    number: int = 1,
) -> AreaPage:
    """Return `/` with page `number` of the servers that match a search."""
    return AreaPage(
        account(world, user),
        server_list(world, user, search, number),
        tuple(shop.plan_card(world, plan, pricing) for plan in shop.on_offer(world)),
        notice,
        full(world, user),
    )


def account(world: World, user: User) -> AccountSummary:
    """Return the user, and how much of their limits they use."""
    usage = limits.usage_of(world, user.id)
    group = None if user.limit_group_id is None else world[LIMIT_GROUPS].get(user.limit_group_id)
    return AccountSummary(
        user.email,
        Badge(user.status.capitalize(), "good" if user.status == ACTIVE else "bad"),
        "" if user.billing_user_id is None else str(user.billing_user_id),
        day(user.created_at),
        (
            LimitUse("Servers", usage.servers, group.vms.bound if group else None),
            LimitUse("Running servers", usage.running_servers, group.running_vms.bound if group else None),
            LimitUse(
                "Additional IP addresses", usage.additional_ips, group.additional_ips.bound if group else None
            ),
        ),
    )


def day(moment: Micros) -> str:
    """Format a day in UTC: `1 March 2026`."""
    when = utc(moment)
    return f"{when.day} {when:%B %Y}"


def full(world: World, user: User) -> str:
    """Return why a user cannot create another server; empty if they can."""
    try:
        authority.check_may_create(user, "servers")
        limits.check_server(world, user)
        limits.check_running(world, user)
    except DomainError as refused:
        return refused.message
    return ""


# Servers


def server_list(world: World, user: User, search: str, number: int) -> ServerList:
    """Return a page of the servers of a user; the last one if there are not so many.

    A search finds a text in names, and a whole IP address.
    """
    where = {"user_id": user.id}
    addressed = world[IPS].first(address=search) if search else None
    if addressed is not None and (server := world[SERVERS].get(addressed.server_id or 0)) is not None:
        owned = (server,) if server.user_id == user.id else ()
        return ServerList(tuple(server_card(world, one) for one in owned), len(owned), search)
    page = world[SERVERS].page(number, PER_PAGE, where, search)
    last = max(1, -(-page.total // PER_PAGE))
    if number > last:
        return server_list(world, user, search, last)
    return ServerList(
        tuple(server_card(world, server) for server in page.items),
        page.total,
        search,
        number,
        last,
        previous=_page_query(search, number - 1) if number > 1 else "",
        following=_page_query(search, number + 1) if number < last else "",
    )


def _page_query(search: str, number: int) -> str:
    return urlencode({**({"q": search} if search else {}), "page": number})


def server_card(world: World, server: Server) -> ServerCard:
    """Return what a customer sees of a server."""
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
    """Return the state of a server in a word."""
    if server.is_deleting:
        return Badge("Being deleted", "busy")
    if server.is_suspended:
        return Badge("Being suspended" if server.busy_until > world.now else "Suspended", "bad")
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
    """Return the form, with the operator's defaults where nothing was entered yet."""
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
            ChoiceGroup(image.name, choices)
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
    """Return what was entered, as the fields of `POST /servers`.

    Raises:
        Invalid: a field is empty or too long, or its value is not one of the choices.
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
    """Return an id that somebody entered; 0 if it is not a valid one."""
    found = int(text) if text.isascii() and text.isdigit() and len(text) <= LONGEST_ID else 0
    return found if found <= LARGEST_ID else 0


def _ordered(records: list[Any]) -> list[Any]:
    return sorted(records, key=lambda record: (record.position, record.id))


def _default(records: list[Any]) -> str:
    """Return the id of the operator's default, or of the first record."""
    chosen = next((record for record in records if record.is_default), next(iter(records), None))
    return str(chosen.id) if chosen else ""


def _default_version(world: World, images: list[Any]) -> str:
    image = next((image for image in images if image.is_default), next(iter(images), None))
    versions = versions_of(world, image, visible_only=True) if image else []
    return str(versions[0].id) if versions else ""
