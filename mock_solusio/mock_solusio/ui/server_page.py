"""What the page of one server shows: specs, addresses, price, usage of the month, latest tasks."""

from collections.abc import Iterator

from mock_solusio.domain import metering
from mock_solusio.domain.custom_plans import effective_plan
from mock_solusio.domain.prices import Pricing, format_amount, token_amount
from mock_solusio.domain.records.plans import PLANS
from mock_solusio.domain.records.servers import Server
from mock_solusio.domain.records.tasks import TASKS, Task
from mock_solusio.domain.spans import ADDITIONAL_IP, BACKUP, ISO_IMAGE, SERVER, Span
from mock_solusio.domain.world import World
from mock_solusio.moment import Micros, utc
from mock_solusio.ui import shop
from mock_solusio.ui.models import Badge, ServerPage, TaskRow, UsageRow
from mock_solusio.ui.views import server_card

TASKS_SHOWN = 10

_RESOURCES = {
    SERVER: "Server",
    ADDITIONAL_IP: "Additional IP",
    BACKUP: "Backups",
    ISO_IMAGE: "ISO image",
}

_STATES = {
    "pending": Badge("Waiting", "idle"),
    "running": Badge("In progress", "busy"),
    "done": Badge("Done", "good"),
    "failed": Badge("Failed", "bad"),
    "canceled": Badge("Canceled", "idle"),
}


def server_page(world: World, server: Server, pricing: Pricing | None) -> ServerPage:
    """Return `/servers/{id}`."""
    since = metering.month_start(metering.month_of(world.now))
    used = list(_used(world, server, since))
    tokens = sum(tokens for _, _, tokens in used)
    priced = next((span for span in world.spans.open_of(server.id) if span.resource == SERVER), None)
    return ServerPage(
        server_card(world, server),
        _specs(world, server),
        created=_minute(server.created_at),
        prices=shop.prices(priced, pricing) if priced is not None and pricing is not None else (),
        tokens="" if priced is None else shop.in_tokens(priced),
        month=f"{utc(since):%B %Y}",
        usage=tuple(_usage_row(*line, pricing) for line in used),
        total=_amount(tokens, pricing) or f"{tokens:,} tokens",
        tasks=tuple(_task_row(task) for task in _latest_tasks(world, server)),
    )


def _specs(world: World, server: Server) -> tuple[str, ...]:
    if world[PLANS].get(server.plan_id) is None:
        return ()
    plan = effective_plan(world, server)
    # The disk is the server's own: a resize may keep it.
    disks = [server.disk or plan.params.disk, *(disk.size for disk in server.additional_disks)]
    return tuple(shop.specs(plan, disks=disks))


def _used(world: World, server: Server, since: Micros) -> Iterator[tuple[Span, int, int]]:
    """Yield the first span of each usage line of the month so far, with its hours and tokens."""
    lines: dict[int, list[Span]] = {}
    for span in world.spans.of_server(server.id):
        lines.setdefault(span.line, []).append(span)
    for spans in lines.values():
        hours, first = metering.use(spans, since, world.now).hours, spans[0]
        if hours:
            yield first, hours, metering.cost(hours, first.tokens_per_hour, first.tokens_per_month).tokens


def _usage_row(span: Span, hours: int, tokens: int, pricing: Pricing | None) -> UsageRow:
    resource = _RESOURCES.get(span.resource, span.resource)
    return UsageRow(
        resource,
        span.plan_name,
        _count(hours, pricing),
        _count(tokens, pricing),
        _amount(tokens, pricing),
    )


def _count(number: int, pricing: Pricing | None) -> str:
    """Group digits as the amounts beside them are."""
    return f"{number:,}".replace(",", pricing.currency.thousands_separator if pricing else ",")


def _amount(tokens: int, pricing: Pricing | None) -> str:
    return format_amount(token_amount(tokens, pricing), pricing) if pricing else ""


def _latest_tasks(world: World, server: Server) -> Iterator[Task]:
    of_server = {"server_id": server.id}
    # Pages are by id, so the latest tasks are on the last two.
    last = max(1, -(-world[TASKS].count(**of_server) // TASKS_SHOWN))
    found = [
        task
        for number in range(max(1, last - 1), last + 1)
        for task in world[TASKS].page(number, TASKS_SHOWN, of_server).items
    ]
    return reversed(found[-TASKS_SHOWN:])


def _task_row(task: Task) -> TaskRow:
    words = task.action.removeprefix("vm-").replace("-", " ").capitalize()
    return TaskRow(words, _STATES.get(task.status, Badge(task.status, "idle")), _minute(task.created_at))


def _minute(moment: Micros) -> str:
    when = utc(moment)
    return f"{when.day} {when:%B %Y, %H:%M} UTC"
