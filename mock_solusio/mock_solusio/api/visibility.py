"""Customers see what is marked as visible; for them the rest of the catalogue does not exist (assumed)."""

from typing import Any, TypeVar

from mock_solusio.api.call import Call
from mock_solusio.domain.errors import NotFound
from mock_solusio.domain.permissions import Permission
from mock_solusio.domain.world import Kind, Record

T = TypeVar("T", bound=Record)


def visible_where(call: Call, permission: Permission) -> dict[str, Any]:
    """Return the conditions for what the actor sees: all with the permission, else what is visible."""
    return {} if call.may(permission) else {"is_visible": True}


def visible(call: Call, kind: Kind[T], key: int, permission: Permission) -> T:
    """Return a record that the actor sees.

    Raises:
        NotFound: there is none, or it is hidden from him.
    """
    record = call.world[kind].first(id=key, **visible_where(call, permission))
    if record is None:
        raise NotFound(kind.called, key)
    return record
