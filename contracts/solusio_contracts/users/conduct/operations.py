"""What the API document says about an operation, as far as conduct depends on it."""

import functools
from collections.abc import Iterator, Mapping
from typing import Any, Final

import msgspec

from solusio_contracts.contract.documents import (
    JSON,
    DocumentError,
    Operation,
    document,
    operations,
    resolve,
)

DOCUMENT: Final = "solusio-api"
PAGING: Final = frozenset({"page", "per_page"})
"""Parameters that choose a part of a list."""


class OperationFacts(msgspec.Struct, frozen=True):
    """An operation of the API; without an id, none that the document has."""

    id: str = ""
    is_public: bool = True
    """Whether it needs no access token."""
    parameters: frozenset[str] = frozenset()
    """Names of its query parameters."""
    selecting: tuple[str, ...] = ()
    """Those that choose what is listed, such as filters; sorted."""
    members: frozenset[str] | None = None
    """Names of the members of its body; None if it takes no body, or the document does not say."""

    @property
    def is_paged(self) -> bool:
        """Whether it answers with pages."""
        return "page" in self.parameters


@functools.cache
def _all() -> Mapping[str, Operation]:
    return {found.id: found for found in operations(DOCUMENT)}


@functools.cache
def facts_of(operation_id: str) -> OperationFacts:
    """Return what the document says about an operation."""
    found = _all().get(operation_id)
    if found is None:
        return OperationFacts()
    whole = document(DOCUMENT)
    item = whole["paths"][found.path]
    parameters = [
        resolve(whole, one) for one in (*item.get("parameters", ()), *found.node.get("parameters", ()))
    ]
    names = frozenset(one["name"] for one in parameters if one["in"] == "query")
    return OperationFacts(
        id=operation_id,
        is_public=found.node.get("security", whole.get("security")) == [],
        parameters=names,
        selecting=tuple(sorted(names - PAGING)),
        members=_members_of(found, whole),
    )


def _members_of(found: Operation, whole: Mapping[str, Any]) -> frozenset[str] | None:
    members = _members(found, whole)
    created = _all().get(found.id.replace("replace", "create", 1))
    if members is None or created is None or not found.id.startswith("replace"):
        return members
    # A PUT may carry the whole record as it was created, including what cannot be changed.
    return members | (_members(created, whole) or frozenset())


def _members(found: Operation, whole: Mapping[str, Any]) -> frozenset[str] | None:
    body = resolve(whole, found.node.get("requestBody", {}))
    schema = body.get("content", {}).get(JSON, {}).get("schema")
    if schema is None:
        return None
    return frozenset(_properties(schema, whole)) or None


def _properties(schema: Mapping[str, Any], whole: Mapping[str, Any]) -> Iterator[str]:
    try:
        schema = resolve(whole, schema)
    except DocumentError:
        return
    yield from schema.get("properties", ())
    for name in ("allOf", "anyOf", "oneOf"):
        for part in schema.get(name, ()):
            yield from _properties(part, whole)
