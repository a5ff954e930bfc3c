"""Who may see and who may change which records."""

from collections.abc import Callable, Mapping
from typing import Any, Generic, TypeVar, cast

import msgspec

from mock_solusio.api.call import Call
from mock_solusio.domain.errors import NotFound
from mock_solusio.domain.permissions import Permission
from mock_solusio.domain.world import Kind, Record

T = TypeVar("T", bound=Record)


Conditions = Callable[[Call], Mapping[str, Any]]
"""Returns the conditions that the records of a list meet (see `domain.world.Table`)."""


class Access(msgspec.Struct, Generic[T], frozen=True):
    """The records of a kind that the actor may use."""

    kind: Kind[T]
    find: Callable[[Call], T]
    """Returns the record that the path names, or raises NotFound or Forbidden."""
    where: Conditions = lambda _: {}
    """Which records a list has."""
    permission: Permission | None = None
    """What the operation as a whole requires."""


def permitted(kind: Kind[T], permission: Permission | None = None) -> Access[T]:
    """All records, for those with a permission; without one, for everybody."""
    return Access(kind, lambda call: call.record(kind), permission=permission)


def visible(kind: Kind[T], permission: Permission, get: Permission | None = None) -> Access[T]:
    """All records for those with a permission, the ones marked as visible for everybody (assumed).

    With `get`, everybody needs this permission.
    """

    def where(call: Call) -> dict[str, Any]:
        return {} if call.may(permission) else {"is_visible": True}

    def find(call: Call) -> T:
        return require_visible(call, kind, call.record(kind), permission)

    return Access(kind, find, where, permission=get)


def require_visible(call: Call, kind: Kind[T], record: T, permission: Permission) -> T:
    """Return a record that the actor sees.

    Raises:
        NotFound: it is hidden, and the actor lacks the permission.
    """
    if not cast("Any", record).is_visible and not call.may(permission):
        raise NotFound(kind.called, record.id)
    return record


def own(kind: Kind[T], permission: Permission) -> Access[T]:
    """All records for those with a permission, their own (by `user_id`) for everybody."""

    def where(call: Call) -> dict[str, Any]:
        return {} if call.may(permission) else {"user_id": call.actor.id}

    def find(call: Call) -> T:
        record = call.record(kind)
        if cast("Any", record).user_id != call.actor.id:
            call.require(permission)
        return record

    return Access(kind, find, where)
