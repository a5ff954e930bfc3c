"""Event handlers (vendor's page "Using Event Handlers"): which there are, and what happens at an event.

An event leads to one delivery and one task for each enabled handler that names it. The domain only notes
them: `traffic.webhooks` sends the deliveries that are due and finishes their tasks.
"""

from collections.abc import Mapping
from typing import Any
from urllib.parse import parse_qsl, urlencode, urlsplit, urlunsplit

from msgspec.structs import replace

from mock_solusio.domain.errors import Invalid
from mock_solusio.domain.records.event_handlers import (
    DELIVERIES,
    EVENT_HANDLERS,
    Delivery,
    EventHandler,
)
from mock_solusio.domain.records.tasks import TASKS, Task
from mock_solusio.domain.references import pick
from mock_solusio.domain.tasks import schedule
from mock_solusio.domain.world import Has, World
from mock_solusio.moment import SECOND, Micros

SERVER_CREATED = "server_created"
SERVER_DELETED = "server_deleted"
SERVER_STARTED = "server_started"
SERVER_STOPPED = "server_stopped"
SERVER_RESIZED = "server_resized"
SERVER_SUSPENDED = "server_suspended"
IP_ADDED = "ip_added"
IP_REMOVED = "ip_removed"
USER_CREATED = "user_created"
USER_CHANGED = "user_changed"
USER_DELETED = "user_deleted"
USER_SUSPENDED = "user_suspended"
USER_LOCKED = "user_locked"
BACKUP_CREATED = "backup_created"
SNAPSHOT_CREATED = "snapshot_created"

EVENTS = (
    *(SERVER_CREATED, SERVER_DELETED, SERVER_STARTED, SERVER_STOPPED, SERVER_RESIZED, SERVER_SUSPENDED),
    *(IP_ADDED, IP_REMOVED),
    *(USER_CREATED, USER_CHANGED, USER_DELETED, USER_SUSPENDED, USER_LOCKED),
    *(BACKUP_CREATED, SNAPSHOT_CREATED),
)
"""All events. The page names adding an address and removing a server; the rest and the names are assumed."""

ACTION = "event-handler"
"""The action of a delivery's task (assumed)."""
DELAY = SECOND
"""How long after an event its deliveries are due (assumed), so that a frozen clock holds them back."""
NO_END: Micros = 253_402_300_799 * SECOND
"""When a delivery's task would end without a response, which is never: the response ends it."""


def create(world: World, body: Mapping[str, Any]) -> EventHandler:
    """Create a handler from the members of a request.

    Raises:
        Invalid: the name is taken.
    """
    _check_name(world, body["name"], None)
    return world[EVENT_HANDLERS].add(
        EventHandler(
            name=body["name"],
            url=body["url"],
            events=_unique(body["events"]),
            parameters=dict(body.get("parameters") or {}),
            is_enabled=body.get("is_enabled", True),
            created_at=world.now,
            updated_at=world.now,
        )
    )


def update(world: World, handler: EventHandler, body: Mapping[str, Any]) -> EventHandler:
    """Change what a request names. Deliveries that wait are sent as they were.

    Raises:
        Invalid: the name is taken.
    """
    changes = pick(body, "name", "url", "is_enabled")
    if "name" in changes:
        _check_name(world, changes["name"], handler)
    if body.get("events") is not None:
        changes["events"] = _unique(body["events"])
    if "parameters" in body:
        changes["parameters"] = dict(body["parameters"] or {})
    return world[EVENT_HANDLERS].update(replace(handler, updated_at=world.now, **changes))


def remove(world: World, handler: EventHandler) -> None:
    """Delete a handler; its deliveries that wait are canceled."""
    for delivery in world[DELIVERIES].find(handler_id=handler.id):
        finish(world, delivery, status="canceled", output="The event handler was deleted.")
    world[EVENT_HANDLERS].remove(handler.id)


def emit(world: World, event: str, parameters: Mapping[str, object]) -> None:
    """Note that an event happened: each handler that names it gets a delivery and a task.

    The predetermined `parameters` win over additional ones of the same name (assumed).
    """
    predetermined = {"event": event, **parameters}
    for handler in world[EVENT_HANDLERS].find(is_enabled=True, events=Has(event)):
        task = schedule(
            world,
            action=ACTION,
            server_id=0,
            user_id=0,
            compute_resource_id=0,
            start=world.now + DELAY,
            duration=NO_END - world.now - DELAY,
            data={"event_handler_id": handler.id, "event": event},
        )
        world[DELIVERIES].add(
            Delivery(
                handler_id=handler.id,
                task_id=task.id,
                event=event,
                url=_with_parameters(handler.url, {**handler.parameters, **predetermined}),
                due=world.now + DELAY,
            )
        )


def emit_for_task(world: World, task: Task) -> None:
    """Note the event that a finished task of a server stands for, if any."""
    event = _BY_ACTION.get(task.action)
    if event is None:
        return
    known = pick(task.data, "plan_id", "backup_id", "snapshot_id")
    emit(world, event, {"server_id": task.server_id, "user_id": task.user_id, **known})


_BY_ACTION = {
    "vm-create": SERVER_CREATED,
    "vm-delete": SERVER_DELETED,
    "vm-start": SERVER_STARTED,
    "vm-stop": SERVER_STOPPED,
    "vm-resize": SERVER_RESIZED,
    "vm-suspend": SERVER_SUSPENDED,
    "backup-create": BACKUP_CREATED,
    "snapshot-create": SNAPSHOT_CREATED,
}


def due(world: World) -> list[Delivery]:
    """Return the deliveries that are due, by moment and then by id."""
    first = world[DELIVERIES].earliest()
    if first is None or first.due > world.now:
        return []
    ready = [one for one in world[DELIVERIES].find() if one.due <= world.now]
    return sorted(ready, key=lambda one: (one.due, one.id))


def postpone(world: World, delivery: Delivery, due: Micros, *, waits_for_next: bool = False) -> None:
    """Send a delivery later than planned."""
    world[DELIVERIES].update(replace(delivery, due=due, was_scripted=True, waits_for_next=waits_for_next))
    task = world[TASKS].get(delivery.task_id)
    if task is not None:
        world[TASKS].update(replace(task, status="pending", started_at=due))


def finish(world: World, delivery: Delivery, *, status: str, output: str) -> None:
    """End the task of a delivery with a status and an output, and forget the delivery."""
    world[DELIVERIES].remove(delivery.id)
    task = world[TASKS].get(delivery.task_id)
    if task is not None:
        finished = max(world.now, task.started_at)
        world[TASKS].update(replace(task, status=status, output=output, finished_at=finished, is_open=False))


def _check_name(world: World, name: str, handler: EventHandler | None) -> None:
    other = world[EVENT_HANDLERS].first(name=name)
    if other is not None and (handler is None or other.id != handler.id):
        raise Invalid.field("name", "The name has already been taken.")


def _unique(events: list[str]) -> list[str]:
    return list(dict.fromkeys(events))


def _with_parameters(url: str, parameters: Mapping[str, object]) -> str:
    """Return the URL with these parameters in its query, after those that it has."""
    parts = urlsplit(url)
    pairs = [*parse_qsl(parts.query, keep_blank_values=True)]
    for name, value in parameters.items():
        pairs += _flat(name, value)
    return urlunsplit(parts._replace(query=urlencode(pairs), fragment=""))


def _flat(name: str, value: object) -> list[tuple[str, str]]:
    """Return a JSON value as query parameters, nested ones in PHP's way: `a[b]=1`, `a[0]=2`."""
    if isinstance(value, dict):
        return [pair for key, one in value.items() for pair in _flat(f"{name}[{key}]", one)]
    if isinstance(value, list):
        return [pair for place, one in enumerate(value) for pair in _flat(f"{name}[{place}]", one)]
    if isinstance(value, bool):
        return [(name, "1" if value else "0")]
    return [(name, "" if value is None else str(value))]
