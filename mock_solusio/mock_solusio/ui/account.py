"""The user area proper: my account, my servers, the plans with their prices."""

from starlette.requests import Request
from starlette.responses import Response

from mock_solusio.domain import servers
from mock_solusio.domain.errors import DomainError, NotFound
from mock_solusio.domain.prices import Pricing
from mock_solusio.domain.records.servers import SERVERS, Server
from mock_solusio.domain.records.user import User
from mock_solusio.domain.world import World
from mock_solusio.ui import responses, views
from mock_solusio.ui.models import DeletePage
from mock_solusio.ui.problems import problems_of
from mock_solusio.ui.sessions import Host, form_of, frame, visitor

OWN: frozenset[str] = frozenset()
"""In the user area everybody acts on his own things alone, operators too: no permissions are needed."""

FIELDS = ("name", "plan", "location", "os")


class Area:
    """The pages for one who is logged in."""

    def __init__(self, host: Host) -> None:
        self.host = host

    async def show(self, request: Request) -> Response:
        """Show everything at a glance."""
        pricing = await self._pricing(request)
        with self.host.transaction() as world:
            user = visitor(world, request)
            shown = views.area_page(world, user, pricing, _notice(world, user, request))
            return responses.page(shown, frame(world, request, user))

    async def show_new(self, request: Request) -> Response:
        """Show the form for a new server, with the plan chosen from which the visitor came."""
        return await self._form(request, {"plan": request.query_params.get("plan", "")})

    async def create(self, request: Request) -> Response:
        """Create a server."""
        with self.host.transaction() as world:
            visitor(world, request)
        form = await form_of(request, responses.SESSION_COOKIE)
        try:
            with self.host.transaction() as world:
                user = visitor(world, request)
                made = servers.create(world, user, OWN, **views.new_server_fields(form))
            return responses.see_other(f"/?created={made.id}")
        except DomainError as wrong:
            return await self._form(request, form, wrong)

    async def show_delete(self, request: Request) -> Response:
        """Ask whether a server shall really go."""
        with self.host.transaction() as world:
            user = visitor(world, request)
            shown = DeletePage(views.server_card(world, _mine(world, user, request)))
            return responses.page(shown, frame(world, request, user))

    async def delete(self, request: Request) -> Response:
        """Delete a server."""
        with self.host.transaction() as world:
            visitor(world, request)
        await form_of(request, responses.SESSION_COOKIE)
        try:
            with self.host.transaction() as world:
                user = visitor(world, request)
                server = _mine(world, user, request)
                servers.remove(world, user, OWN, server.id)
            return responses.see_other(f"/?deleted={server.id}")
        except NotFound:
            raise
        except DomainError as wrong:
            with self.host.transaction() as world:
                user = visitor(world, request)
                shown = DeletePage(
                    views.server_card(world, _mine(world, user, request)), problems_of(wrong, ())
                )
                return responses.page(shown, frame(world, request, user), wrong.status)

    async def _form(
        self, request: Request, entered: dict[str, str], wrong: DomainError | None = None
    ) -> Response:
        pricing = await self._pricing(request)
        with self.host.transaction() as world:
            user = visitor(world, request)
            problems = problems_of(wrong, FIELDS) if wrong else ()
            shown = views.new_server_page(world, user, pricing, entered, problems)
            return responses.page(shown, frame(world, request, user), wrong.status if wrong else 200)

    async def _pricing(self, request: Request) -> Pricing | None:
        """Return the visitor's prices. The billing endpoint is asked outside of any transaction."""
        with self.host.transaction() as world:
            billing_user_id = visitor(world, request).billing_user_id
        return await self.host.price(billing_user_id)


def _mine(world: World, user: User, request: Request) -> Server:
    """Return the server of the path; one of somebody else does not exist for this visitor."""
    written = request.path_params["server_id"]
    server = world[SERVERS].get(views.number(written))
    if server is None or server.user_id != user.id:
        raise NotFound("server", written)
    return server


def _notice(world: World, user: User, request: Request) -> str:
    """Return what was just done: only what is true of a server of this visitor is said."""
    made = world[SERVERS].get(views.number(request.query_params.get("created", "")))
    if made is not None and made.user_id == user.id:
        return f"{made.name} {'is being' if made.busy_until > world.now else 'was'} created."
    gone = world[SERVERS].get(views.number(request.query_params.get("deleted", "")))
    if gone is not None and gone.user_id == user.id and gone.is_deleting:
        return f"{gone.name} is being deleted."
    return ""
