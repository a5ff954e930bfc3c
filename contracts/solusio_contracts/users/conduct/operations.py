"""What the API document says about an operation, as far as conduct depends on it."""

import functools
from typing import Final

import msgspec

from solusio_contracts.contract.signatures import Signature, signatures

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
def facts_of(operation_id: str) -> OperationFacts:
    """Return what the document says about an operation."""
    found = signatures(DOCUMENT).get(operation_id)
    if found is None:
        return OperationFacts()
    names = frozenset(found.query)
    return OperationFacts(
        id=operation_id,
        is_public=found.is_public,
        parameters=names,
        selecting=tuple(sorted(names - PAGING)),
        members=_members_of(found),
    )


def _members_of(found: Signature) -> frozenset[str] | None:
    if found.members is None:
        return None
    members = frozenset(found.members)
    created = signatures(DOCUMENT).get(found.id.replace("replace", "create", 1))
    if created is None or not found.id.startswith("replace"):
        return members
    # A PUT may carry the whole record as it was created, including what cannot be changed.
    return members.union(created.members or ())
