"""Roles, and the two that come with SolusIO."""

import msgspec

from mock_solusio.domain.world import Kind, Record

ADMINISTRATOR_ROLE = 1
"""Id of the role that permits everything."""

CLIENT_ROLE = 2
"""Id of the role of customers."""

BUILT_IN_ROLES = (ADMINISTRATOR_ROLE, CLIENT_ROLE)


class Role(Record, frozen=True, kw_only=True):
    """A role."""

    name: str
    name_key: str
    permissions: list[str] = msgspec.field(default_factory=list)
    """Names, not ids, so that state files survive new permissions. Not used for the administrator."""

    @property
    def built_in(self) -> bool:
        """Whether it comes with SolusIO."""
        return self.id in BUILT_IN_ROLES


ROLES = Kind("roles", Role, index=("name",), unique=("name_key",), search=("name",))
