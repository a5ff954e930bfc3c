"""Event handlers: webhooks, and the deliveries that are not made yet."""

from typing import Any

import msgspec

from mock_solusio.domain.world import Kind, Record
from mock_solusio.moment import Micros


class EventHandler(Record, frozen=True, kw_only=True):
    """A webhook: a URL that gets a POST whenever one of its events happens (vendor's page)."""

    name: str
    """Unique."""
    url: str
    events: list[str]
    parameters: dict[str, Any] = msgspec.field(default_factory=dict)
    """Additional parameters, sent along in the URL."""
    is_enabled: bool = True
    created_at: Micros
    updated_at: Micros


class Delivery(Record, frozen=True, kw_only=True):
    """A POST that is still to be sent. It is removed once its task is finished."""

    handler_id: int
    task_id: int
    event: str
    url: str
    """With all parameters."""
    due: Micros
    was_scripted: bool = False
    """Whether a fault has had its say."""
    waits_for_next: bool = False
    """Sent right after the next delivery of its handler, or when it is due: a fault."""


EVENT_HANDLERS: Kind[EventHandler] = Kind(
    "event_handlers", EventHandler, index=("is_enabled",), unique=("name",), search=("name",)
)
DELIVERIES: Kind[Delivery] = Kind("deliveries", Delivery, index=("handler_id",), waiting={})
