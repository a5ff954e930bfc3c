"""Projects and their members."""

from mock_solusio.domain.world import Kind, Record
from mock_solusio.moment import Micros


class Project(Record, frozen=True, kw_only=True):
    """A project, which servers belong to."""

    name: str
    owner_id: int
    people: list[int]
    """Ids of the owner (first) and of the members."""
    created_at: Micros
    updated_at: Micros
    description: str = ""
    is_default: bool = False


class Membership(Record, frozen=True, kw_only=True):
    """A member of a project, the owner included; an invitation until a user has this address (assumed)."""

    project_id: int
    email: str
    email_key: str
    user_id: int | None
    created_at: Micros
    invited_at: Micros | None = None
    """When the invitation was last sent; None: the user existed already."""


PROJECTS: Kind[Project] = Kind(
    "projects", Project, index=("name", "owner_id", "is_default"), search=("name",)
)
MEMBERSHIPS: Kind[Membership] = Kind(
    "project_members", Membership, noun="project member", index=("project_id", "email_key", "user_id")
)
