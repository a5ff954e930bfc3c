"""Projects, which servers belong to. Every user has a default project and can share any with members.

The owner is the first member of a project (assumed from `is_owner` of members).
"""

from collections.abc import Mapping
from typing import Any

from msgspec.structs import replace

from mock_solusio.domain.errors import Conflict, Invalid, counted
from mock_solusio.domain.records.projects import MEMBERSHIPS, PROJECTS, Membership, Project
from mock_solusio.domain.records.user import USERS, User, email_key
from mock_solusio.domain.references import count_servers, pick
from mock_solusio.domain.world import Has, World


def create(world: World, owner: User, body: Mapping[str, Any]) -> Project:
    """Create a project of a user."""
    return _add(world, owner, body["name"], body.get("description") or "")


def create_default(world: World, user: User) -> Project:
    """Create the default project of a new user, and add them to projects that they were invited to."""
    project = _add(world, user, "Default", "", is_default=True)
    if not world[MEMBERSHIPS].count(user_id=None):
        return project  # nobody is invited, mostly, and the number is known
    for invitation in world[MEMBERSHIPS].find(email_key=user.email_key, user_id=None):
        world[MEMBERSHIPS].update(replace(invitation, user_id=user.id))
        shared = world[PROJECTS].get_or_404(invitation.project_id)
        world[PROJECTS].update(replace(shared, people=[*shared.people, user.id]))
    return project


def default_of(world: World, user: User) -> Project:
    """Return the default project of a user; create one if there is none."""
    return world[PROJECTS].first(owner_id=user.id, is_default=True) or create_default(world, user)


def visible_to(user: User) -> dict[str, Any]:
    """Return the conditions for the projects that a user owns or is a member of."""
    return {"people": Has(user.id)}


def update(world: World, project: Project, body: Mapping[str, Any]) -> Project:
    """Change the name and description that a request names."""
    changes = pick(body, "name")
    if "description" in body:
        changes["description"] = body["description"] or ""
    return world[PROJECTS].update(replace(project, updated_at=world.now, **changes))


def remove(world: World, project: Project) -> None:
    """Delete a project.

    Raises:
        Conflict: it is a default project, or has servers (assumed).
    """
    if project.is_default:
        raise Conflict("A default project cannot be deleted.")
    _remove_empty(world, project)


def forget_user(world: World, user: User) -> None:
    """Delete the projects and memberships of a user who is about to be deleted.

    Raises:
        Conflict: one of the projects has servers.
    """
    for project in world[PROJECTS].find(owner_id=user.id):
        _remove_empty(world, project)
    for membership in world[MEMBERSHIPS].find(user_id=user.id):
        remove_member(world, world[PROJECTS].get_or_404(membership.project_id), membership)


def add_member(world: World, project: Project, email: str) -> Membership:
    """Add a member to a project: a user with this address, otherwise an invitation for one (assumed).

    Raises:
        Invalid: the address is not valid, or its owner is already a member or invited.
    """
    email = email.strip()
    name, _, domain = email.rpartition("@")
    if not name or not domain or any(letter.isspace() for letter in email):
        raise Invalid.field("email", "The email must be a valid email address.")
    key = email_key(email)
    user = world[USERS].first(email_key=key)
    if (user is not None and user.id in project.people) or world[MEMBERSHIPS].first(
        project_id=project.id, email_key=key, user_id=None
    ):
        raise Invalid.field("email", "The email has already been taken.")
    membership = world[MEMBERSHIPS].add(
        Membership(
            project_id=project.id,
            email=email,
            email_key=key,
            user_id=None if user is None else user.id,
            created_at=world.now,
            invited_at=world.now if user is None else None,
        )
    )
    if user is not None:
        world[PROJECTS].update(replace(project, people=[*project.people, user.id]))
    return membership


def remove_member(world: World, project: Project, membership: Membership) -> None:
    """Remove a member or an invitation from a project.

    Raises:
        Conflict: it is the owner.
    """
    if membership.user_id == project.owner_id:
        owner = world[USERS].get_or_404(project.owner_id)
        raise Conflict(f"{owner.email} owns the project and cannot be removed from it.")
    world[MEMBERSHIPS].remove(membership.id)
    if membership.user_id is not None:
        people = [one for one in project.people if one != membership.user_id]
        world[PROJECTS].update(replace(project, people=people))


def list_owners(world: World) -> None:
    """Make each owner the first member of their projects; older state files do not list them."""
    for project in world[PROJECTS].find():
        members = world[MEMBERSHIPS].find(project_id=project.id)
        for membership in members:
            world[MEMBERSHIPS].remove(membership.id)
        _add_owner(world, project, world[USERS].get_or_404(project.owner_id))
        for membership in members:
            world[MEMBERSHIPS].add(membership)


def invite_again(world: World, membership: Membership) -> Membership:
    """Send an invitation again.

    Raises:
        Conflict: the user is already a member.
    """
    if membership.user_id is not None:
        raise Conflict(f"{membership.email} is already a member of the project.")
    return world[MEMBERSHIPS].update(replace(membership, invited_at=world.now))


def _add(world: World, owner: User, name: str, description: str, *, is_default: bool = False) -> Project:
    project = world[PROJECTS].add(
        Project(
            name=name,
            description=description,
            owner_id=owner.id,
            people=[owner.id],
            is_default=is_default,
            created_at=world.now,
            updated_at=world.now,
        )
    )
    _add_owner(world, project, owner)
    return project


def _add_owner(world: World, project: Project, owner: User) -> None:
    world[MEMBERSHIPS].add(
        Membership(
            project_id=project.id,
            email=owner.email,
            email_key=owner.email_key,
            user_id=owner.id,
            created_at=project.created_at,
        )
    )


def _remove_empty(world: World, project: Project) -> None:
    number = count_servers(world, project_id=project.id)
    if number:
        raise Conflict(f"The project cannot be deleted: it has {counted(number, 'server')}.")
    for membership in world[MEMBERSHIPS].find(project_id=project.id):
        world[MEMBERSHIPS].remove(membership.id)
    world[PROJECTS].remove(project.id)
