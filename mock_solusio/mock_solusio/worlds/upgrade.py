"""Brings the records of an older state file up to date."""

from typing import TYPE_CHECKING

from mock_solusio.domain import projects, roles
from mock_solusio.store.store import FORMAT

if TYPE_CHECKING:
    from mock_solusio.store.store import Store


def upgrade(world: "Store") -> None:
    """Upgrade the records of an older state file, within a transaction; a no-op for a current one."""
    if world.remembered("format") == "2":
        projects.list_owners(world)
        roles.restore_built_in(world)
    world.remember("format", FORMAT)
