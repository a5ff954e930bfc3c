"""How events in the life of a server begin and end its usage spans (see `spans`).

A span begins and ends with the request, not with the end of the request's task (assumed): a server accrues
from its order to the request to delete it, and a resize takes effect with the first hour that starts after
it. So customers pay for what they can see and time, and a slow panel costs them nothing.

A span has the prices that its plan has when the span begins (assumed): a changed plan changes no server. A
resize to the same plan brings its current prices. Backups follow the server: their price is a percentage of
what the server costs, even if its plan costs something else by now.
"""

from decimal import ROUND_HALF_UP, Decimal

import msgspec
from msgspec.structs import replace

from mock_solusio.domain import custom_plans, spans
from mock_solusio.domain.custom_plans import customised
from mock_solusio.domain.records.networks import Ip
from mock_solusio.domain.records.plans import PLANS, Plan
from mock_solusio.domain.records.servers import BACKUPS, Server
from mock_solusio.domain.records.user import FORMER_USERS, FormerUser, User
from mock_solusio.domain.spans import Span
from mock_solusio.domain.tasks import open_task
from mock_solusio.domain.world import World
from mock_solusio.moment import Micros


class MeteredPrice(msgspec.Struct, frozen=True, kw_only=True):
    """The plan of a span and its prices."""

    plan_id: int
    plan_name: str
    tokens_per_hour: int
    tokens_per_month: int


def metered_price(plan: Plan, resource: str, server: Span | None = None) -> MeteredPrice:
    """Return what a resource costs with a plan at present; `plan` includes a server's custom prices.

    Backups cost a percentage of the server's price (vendor's page "Offering Paid Backups"): that of the span
    `server`, or else of the plan. Each price is rounded half up to whole tokens, but to at least 1 (assumed:
    tokens are integers, and 0 would mean that there is no such price).
    """
    if resource == spans.SERVER:
        per_hour, per_month = plan.tokens_per_hour, plan.tokens_per_month
    elif resource == spans.ADDITIONAL_IP:
        per_hour, per_month = plan.ip_tokens_per_hour, plan.ip_tokens_per_month
    elif resource == spans.ISO_IMAGE:
        per_hour, per_month = plan.iso_image_tokens_per_hour, plan.iso_image_tokens_per_month
    else:
        priced = plan if server is None else server
        per_hour = _share(priced.tokens_per_hour, plan.backup_price)
        per_month = _share(priced.tokens_per_month, plan.backup_price)
    return MeteredPrice(
        plan_id=plan.id, plan_name=plan.name, tokens_per_hour=per_hour, tokens_per_month=per_month
    )


def _share(tokens: int, percent: float) -> int:
    # str() returns the digits that the request had before JSON made a float of them.
    exact = tokens * Decimal(str(percent)) / 100
    return max(1, int(exact.to_integral_value(ROUND_HALF_UP))) if exact else 0


# Spans


def open_span(
    world: World, server: Server, plan: Plan, resource: str, resource_id: int, *, at: Micros | None = None
) -> Span:
    """Start metering a resource of a server, at a moment or now; return its span."""
    moment = world.now if at is None else at
    priced = _open(world, server, spans.SERVER, server.id) if resource == spans.BACKUP else None
    span = Span(
        resource=resource,
        resource_id=resource_id,
        server_id=server.id,
        server_name=server.name,
        user_id=server.user_id,
        anchor=moment,
        started_at=moment,
        **msgspec.structs.asdict(metered_price(plan, resource, priced)),
    )
    return world.spans.add(span)


def close_span(world: World, span: Span, *, at: Micros | None = None) -> None:
    """Stop metering a resource, at a moment or now."""
    world.spans.close(span, world.now if at is None else at)


def change_plan(world: World, server: Server, plan: Plan, *, at: Micros | None = None) -> None:
    """Meter everything that a server has by another plan, from the next hour of each resource on.

    `plan` includes the server's custom values. A span whose plan and prices stay the same continues.
    """
    moment = world.now if at is None else at
    for span in world.spans.open_of(server.id):
        new = metered_price(plan, span.resource)
        changed = replace(span, started_at=moment, **msgspec.structs.asdict(new))
        if replace(changed, started_at=span.started_at) != span:
            close_span(world, span, at=moment)
            world.spans.add(changed)


# Events


def server_created(world: World, server: Server) -> None:
    """Record that a server was ordered; its addresses are recorded one by one."""
    open_span(world, server, custom_plans.effective_plan(world, server), spans.SERVER, server.id)
    if server.backup_settings.enabled:
        backups_changed(world, server)


def server_deleted(world: World, server: Server) -> None:
    """Record that the deletion of a server was requested, which ends all of its spans."""
    for span in world.spans.open_of(server.id):
        close_span(world, span)


def server_renamed(world: World, server: Server) -> None:
    """Record the name of a server: usage shows its current or last one."""
    world.spans.rename(server.id, server.name)


def ip_added(world: World, server: Server, ip: Ip) -> None:
    """Record that a server got an additional address."""
    open_span(world, server, metered_plan(world, server), spans.ADDITIONAL_IP, ip.id)


def ip_removed(world: World, server: Server, ip: Ip) -> None:
    """Record that a server lost an additional address."""
    _end(world, server, spans.ADDITIONAL_IP, ip.id)


def ip_replaced(world: World, server: Server, old: Ip, new: Ip) -> None:
    """Record that a server's additional address is now another one, which changes no usage."""
    world.spans.renumber(server.id, spans.ADDITIONAL_IP, old.id, new.id)


def backups_changed(world: World, server: Server) -> None:
    """Record whether a server has backups: they are enabled, or some exist.

    Enabled backups cost tokens (vendor's page "Offering Paid Backups"). That existing ones cost the same
    after they are disabled, or if they were made by hand, is assumed.
    """
    has = server.backup_settings.enabled or world[BACKUPS].first(server_id=server.id) is not None
    if not has or server.is_deleting:
        _end(world, server, spans.BACKUP, server.id)
    elif _open(world, server, spans.BACKUP, server.id) is None:
        open_span(world, server, metered_plan(world, server), spans.BACKUP, server.id)


def iso_image_changed(world: World, server: Server) -> None:
    """Record which ISO image is in a server: an image accrues while it is mounted.

    Since plans have a price for ISO images, servers pay for them (assumed).
    """
    for span in world.spans.open_of(server.id):
        if span.resource == spans.ISO_IMAGE and span.resource_id != server.iso_image_id:
            close_span(world, span)
    key = server.iso_image_id
    if key is not None and _open(world, server, spans.ISO_IMAGE, key) is None:
        open_span(world, server, metered_plan(world, server), spans.ISO_IMAGE, key)


def user_deleted(world: World, user: User) -> None:
    """Keep a deleted user's id in the billing system: past usage still belongs to it."""
    world[FORMER_USERS].add(FormerUser(user_id=user.id, billing_user_id=user.billing_user_id))


def metered_plan(world: World, server: Server) -> Plan:
    """Return the plan by which a server is metered: that of an unfinished resize, or its own."""
    task = open_task(world, server.id, "vm-resize")
    plan = None if task is None else world[PLANS].get(task.data["plan_id"])
    if task is None or plan is None:
        return custom_plans.effective_plan(world, server)
    return customised(plan, task.data["custom_plan"])


def _open(world: World, server: Server, resource: str, resource_id: int) -> Span | None:
    wanted = (resource, resource_id)
    return next(
        (span for span in world.spans.open_of(server.id) if (span.resource, span.resource_id) == wanted), None
    )


def _end(world: World, server: Server, resource: str, resource_id: int) -> None:
    span = _open(world, server, resource, resource_id)
    if span is not None:
        close_span(world, span)
