"""The table of operations: which function handles which operation of the OpenAPI document, by operationId.

A handler runs in one transaction. Two ways lead into the table: `@operation` takes any function, and a
`Resource` registers operations that only list, show, create, update or delete records of a kind.
"""

from collections.abc import Callable, Sequence
from functools import partial
from typing import Any, Generic, TypeVar

import msgspec

from mock_solusio.api.access import Access, Conditions
from mock_solusio.api.call import Call, Reply, View
from mock_solusio.api.replies import list_page, no_content, show
from mock_solusio.domain.permissions import Permission
from mock_solusio.domain.world import Record, World

T = TypeVar("T", bound=Record)
Handle = Callable[[Call], Reply]
Body = dict[str, Any]


class Handler(msgspec.Struct, frozen=True):
    """How an operation is handled."""

    handle: Handle
    permission: Permission | None
    """Required of the actor."""
    public: bool
    """Whether the operation needs no access token."""


HANDLERS: dict[str, Handler] = {}
"""All handlers by operationId; complete once `handlers.registry` is imported."""


def operation(
    *operation_ids: str, permission: Permission | None = None, public: bool = False
) -> Callable[[Handle], Handle]:
    """Register the handler of one or more operations.

    Raises:
        ValueError: an operation has a handler already.
    """

    def register(handle: Handle) -> Handle:
        for operation_id in operation_ids:
            if operation_id in HANDLERS:
                raise ValueError(f"{operation_id} has two handlers")
            HANDLERS[operation_id] = Handler(handle, permission, public)
        return handle

    return register


class Resource(Generic[T]):
    """Records of a kind as the API shows them. Each method registers operations.

    `by` names the domain function that does the work, given the record of the path and the request's body.
    """

    def __init__(self, view: View[T], *, sees: Access[T], manages: Access[T] | None = None) -> None:
        self.view = view
        self.sees = sees
        self.manages = manages or sees
        self._read = partial(operation, permission=self.sees.permission)
        self._write = partial(operation, permission=self.manages.permission)

    def list(self, operation_id: str, where: Conditions | None = None) -> None:
        """Reply with a page of the records that the actor sees, or that meet conditions; filters apply."""
        kind, conditions = self.sees.kind, where or self.sees.where

        @self._read(operation_id)
        def handle(call: Call) -> Reply:
            return list_page(call, kind, self.view, {**call.filters, **conditions(call)})

    def show(self, operation_id: str, view: View[T] | None = None) -> None:
        """Reply with a record."""

        @self._read(operation_id)
        def handle(call: Call) -> Reply:
            return show(call, view or self.view, self.sees.find(call))

    def create(self, operation_id: str, *, by: Callable[[World, Body], T]) -> None:
        """Create a record; reply with 201 and the record."""

        @self._write(operation_id)
        def handle(call: Call) -> Reply:
            return show(call, self.view, by(call.world, call.body), 201)

    def update(
        self, *operation_ids: str, by: Callable[[World, T, Body], T], view: View[T] | None = None
    ) -> None:
        """Change a record; reply with the record. Several operations: clients use PUT for a PATCH."""

        @self._write(*operation_ids)
        def handle(call: Call) -> Reply:
            return show(call, view or self.view, by(call.world, self.manages.find(call), call.body))

    def delete(self, operation_id: str, *, by: Callable[[World, T], None]) -> None:
        """Delete a record; reply with 204."""

        @self._write(operation_id)
        def handle(call: Call) -> Reply:
            by(call.world, self.manages.find(call))
            return no_content()

    def delete_all(self, operation_id: str, *, by: Callable[[World, Sequence[int]], Sequence[int]]) -> None:
        """Delete the records with the given ids, all or none; reply with the ids."""

        @self._write(operation_id)
        def handle(call: Call) -> Reply:
            deleted = by(call.world, call.body["ids"])
            return Reply(200, lambda: {"data": deleted})
