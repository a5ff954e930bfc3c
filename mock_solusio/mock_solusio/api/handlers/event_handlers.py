"""Event handlers, which are webhooks (vendor's page "Using Event Handlers")."""

from mock_solusio.api.access import permitted
from mock_solusio.api.operations import Resource
from mock_solusio.api.views.installation import event_handler_view
from mock_solusio.domain import event_handlers
from mock_solusio.domain.permissions import Permission
from mock_solusio.domain.records.event_handlers import EVENT_HANDLERS

RESOURCE = Resource(
    event_handler_view,
    sees=permitted(EVENT_HANDLERS, Permission.VIEW_SETTINGS),
    manages=permitted(EVENT_HANDLERS, Permission.MANAGE_SETTINGS),
)
RESOURCE.list("listEventHandlers")
RESOURCE.create("createEventHandler", by=event_handlers.create)
RESOURCE.show("getEventHandler")
RESOURCE.update("replaceEventHandler", "updateEventHandler", by=event_handlers.update)
RESOURCE.delete("deleteEventHandler", by=event_handlers.remove)
