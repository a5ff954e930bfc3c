"""The page of event handlers and their latest deliveries, for operators who see settings."""

from starlette.requests import Request
from starlette.responses import Response

from mock_solusio.domain.errors import Forbidden
from mock_solusio.domain.event_handlers import ACTION
from mock_solusio.domain.permissions import Permission
from mock_solusio.domain.records.event_handlers import EVENT_HANDLERS, EventHandler
from mock_solusio.domain.records.tasks import TASKS, Task
from mock_solusio.domain.role_permissions import permissions_of
from mock_solusio.domain.world import World
from mock_solusio.moment import rfc3339
from mock_solusio.runtime import Runtime
from mock_solusio.ui import responses
from mock_solusio.ui.models import Badge, DeliveryRow, EventHandlerCard, EventHandlersPage
from mock_solusio.ui.sessions import current_user, frame

SHOWN = 50
"""Deliveries on the page."""

_STATES = {
    "pending": Badge("Waiting", "idle"),
    "running": Badge("Being sent", "busy"),
    "done": Badge("Delivered", "good"),
    "failed": Badge("Failed", "bad"),
    "canceled": Badge("Canceled", "idle"),
}


class EventHandlerPages:
    """What operators see of webhooks."""

    def __init__(self, mock: Runtime) -> None:
        self.mock = mock

    async def show(self, request: Request) -> Response:
        """Show the event handlers and their latest deliveries.

        Raises:
            Forbidden: the user may not see settings.
        """
        with self.mock.transaction() as world:
            user = current_user(world, request)
            if Permission.VIEW_SETTINGS not in permissions_of(world, user):
                raise Forbidden
            return responses.page(event_handlers_page(world), frame(world, request, user))


def event_handlers_page(world: World) -> EventHandlersPage:
    """Return the event handlers and their latest deliveries."""
    total = world[TASKS].count(action=ACTION)
    # Pages are by id, so the latest deliveries are on the last two.
    last = max(1, -(-total // SHOWN))
    tasks = [
        task
        for number in range(max(1, last - 1), last + 1)
        for task in world[TASKS].page(number, SHOWN, {"action": ACTION}).items
    ]
    return EventHandlersPage(
        tuple(_card(handler) for handler in world[EVENT_HANDLERS].find()),
        tuple(_row(world, task) for task in reversed(tasks[-SHOWN:])),
    )


def _card(handler: EventHandler) -> EventHandlerCard:
    # Without its query, which may hold a secret, as additional parameters may.
    url = handler.url.partition("?")[0]
    state = Badge("Enabled", "good") if handler.is_enabled else Badge("Disabled", "idle")
    return EventHandlerCard(handler.name, url, tuple(handler.events), state)


def _row(world: World, task: Task) -> DeliveryRow:
    handler = world[EVENT_HANDLERS].get(task.data["event_handler_id"])
    name = handler.name if handler else "deleted"
    return DeliveryRow(rfc3339(task.created_at), task.data["event"], name, _STATES[task.status], task.output)
