"""Projects and their members."""

from mock_solusio.domain.world import Kind, Record
from mock_solusio.moment import Micros


class Project(Record, frozen=True, kw_only=True):
    """A project (facts, section 6)."""

    name: str
    owner_id: int
    people: list[int]
    """Ids of the owner, who is first, and of the members."""
    created_at: Micros
    updated_at: Micros
    description: str = ""
    is_default: bool = False


class Membership(Record, frozen=True, kw_only=True):
    """Somebody of a project who is not its owner; an invitation while no user has this address (assumed)."""

    project_id: int
    email: str
    email_key: str
    user_id: int | None
    created_at: Micros
    invited_at: Micros | None = None
    """When the invitation was sent last; None for somebody who never needed one."""


PROJECTS: Kind[Project] = Kind(
    "projects", Project, index=("name", "owner_id", "is_default"), search=("name",)
)
MEMBERSHIPS: Kind[Membership] = Kind(
    "project_members", Membership, noun="project member", index=("project_id", "email_key", "user_id")
)
