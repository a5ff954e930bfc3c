"""Who may see a server, and who may act on it."""

from mock_solusio.domain.errors import Conflict, Forbidden, NotFound
from mock_solusio.domain.permissions import Permission
from mock_solusio.domain.records.projects import PROJECTS
from mock_solusio.domain.records.servers import SERVERS, Server
from mock_solusio.domain.records.user import User
from mock_solusio.domain.world import World


def get_visible(world: World, actor: User, permissions: frozenset[str], server_id: int) -> Server:
    """Return a server that the actor may see: as an operator, as its owner, or as a member of its project.

    Raises:
        NotFound: the server does not exist.
        Forbidden: the actor may not see it.
    """
    return check_visible(world, actor, permissions, world[SERVERS].get_or_404(server_id))


def get_visible_by_uuid(world: World, actor: User, permissions: frozenset[str], uuid: str) -> Server:
    """Return a server by its UUID; otherwise like `get_visible`."""
    server = world[SERVERS].first(uuid=uuid)
    if server is None:
        raise NotFound("server", uuid)
    return check_visible(world, actor, permissions, server)


def check_visible(world: World, actor: User, permissions: frozenset[str], server: Server) -> Server:
    """Return the server if the actor may see it.

    Raises:
        Forbidden: the actor may not see it.
    """
    if Permission.VIEW_SERVERS not in permissions and not has_access(world, actor, server):
        raise Forbidden
    return server


def get_for_action(
    world: World, actor: User, permissions: frozenset[str], server_id: int, *, suspended: bool = False
) -> Server:
    """Return a server that the actor may act on now; with `suspended` also a suspended one.

    Raises:
        NotFound: the server does not exist.
        Forbidden: the actor may not act on it.
        Conflict: it is being deleted, or it is suspended.
    """
    server = world[SERVERS].get_or_404(server_id)
    if Permission.MANAGE_SERVERS not in permissions and not has_access(world, actor, server):
        raise Forbidden
    if server.is_deleting:
        raise Conflict("The server is being deleted.")
    if server.is_suspended and not suspended:
        raise Conflict("The server is suspended.")
    return server


def has_access(world: World, actor: User, server: Server) -> bool:
    """Return whether a user owns a server or is a member of its project."""
    if server.user_id == actor.id:
        return True
    project = world[PROJECTS].get(server.project_id)
    return project is not None and actor.id in project.people
