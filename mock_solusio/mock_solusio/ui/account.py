"""The user area itself: the account, its servers, and the plans with their prices."""

from starlette.requests import Request
from starlette.responses import Response

from mock_solusio.billing.advice import CustomerQuote
from mock_solusio.domain import servers
from mock_solusio.domain.errors import DomainError, NotFound
from mock_solusio.domain.records.servers import SERVERS, Server
from mock_solusio.domain.records.user import User
from mock_solusio.domain.world import World
from mock_solusio.runtime import Runtime
from mock_solusio.ui import responses, views
from mock_solusio.ui.messages import problems_of, without_prices
from mock_solusio.ui.models import DeletePage, Notice
from mock_solusio.ui.server_page import server_page
from mock_solusio.ui.sessions import current_user, form_of, frame

NO_PERMISSIONS: frozenset[str] = frozenset()
"""In the user area everybody, operators included, acts on their own servers only."""

LONGEST_SEARCH = 255
"""Characters of a search that count, as many as a name may have."""

FIELDS = ("name", "plan", "location", "os")


class AccountPages:
    """The pages for a user who is logged in."""

    def __init__(self, mock: Runtime) -> None:
        self.mock = mock

    async def show(self, request: Request) -> Response:
        """Show account, servers and plans."""
        quote = await self._quote(request)
        with self.mock.transaction() as world:
            user = current_user(world, request)
            page = views.area_page(
                world,
                user,
                quote.pricing,
                _notice(world, user, request),
                search=request.query_params.get("q", "").strip()[:LONGEST_SEARCH],
                number=max(1, views.number(request.query_params.get("page", ""))),
            )
            return responses.page(page, frame(world, request, user, mock_note=without_prices(quote)))

    async def show_server(self, request: Request) -> Response:
        """Show one server."""
        quote = await self._quote(request)
        with self.mock.transaction() as world:
            user = current_user(world, request)
            page = server_page(world, _own_server(world, user, request), quote.pricing)
            return responses.page(page, frame(world, request, user, mock_note=without_prices(quote)))

    async def show_new(self, request: Request) -> Response:
        """Show the form for a new server; the link the user followed may choose the plan."""
        return await self._form(request, {"plan": request.query_params.get("plan", "")})

    async def create(self, request: Request) -> Response:
        """Create a server."""
        with self.mock.transaction() as world:
            current_user(world, request)
        form = await form_of(request, responses.SESSION_COOKIE)
        try:
            with self.mock.transaction() as world:
                user = current_user(world, request)
                made = servers.create(world, user, NO_PERMISSIONS, **views.new_server_fields(form))
            return responses.see_other(f"/?created={made.id}")
        except DomainError as error:
            return await self._form(request, form, error)

    async def show_delete(self, request: Request) -> Response:
        """Ask for confirmation before a server is deleted."""
        return self._confirmation(request)

    async def delete(self, request: Request) -> Response:
        """Delete a server."""
        with self.mock.transaction() as world:
            current_user(world, request)
        await form_of(request, responses.SESSION_COOKIE)
        try:
            with self.mock.transaction() as world:
                user = current_user(world, request)
                server = _own_server(world, user, request)
                servers.remove(world, user, NO_PERMISSIONS, server.id)
            return responses.see_other(f"/?deleted={server.id}")
        except NotFound:
            raise
        except DomainError as error:
            return self._confirmation(request, error)

    def _confirmation(self, request: Request, error: DomainError | None = None) -> Response:
        with self.mock.transaction() as world:
            user = current_user(world, request)
            problems = problems_of(error, ()) if error else ()
            page = DeletePage(views.server_card(world, _own_server(world, user, request)), problems)
            return responses.page(page, frame(world, request, user), error.status if error else 200)

    async def _form(
        self, request: Request, entered: dict[str, str], error: DomainError | None = None
    ) -> Response:
        quote = await self._quote(request)
        with self.mock.transaction() as world:
            user = current_user(world, request)
            problems = problems_of(error, FIELDS) if error else ()
            page = views.new_server_page(world, user, quote.pricing, entered, problems)
            around = frame(world, request, user, mock_note=without_prices(quote))
            return responses.page(page, around, error.status if error else 200)

    async def _quote(self, request: Request) -> CustomerQuote:
        """Return the user's prices. The billing endpoint is asked outside of any transaction."""
        with self.mock.transaction() as world:
            billing_user_id = current_user(world, request).billing_user_id
        return await self.mock.prices.quote(billing_user_id)


def _own_server(world: World, user: User, request: Request) -> Server:
    """Return the server in the path; for this user, somebody else's server does not exist."""
    written = request.path_params["server_id"]
    server = world[SERVERS].get(views.number(written))
    if server is None or server.user_id != user.id:
        raise NotFound("server", written)
    return server


def _notice(world: World, user: User, request: Request) -> Notice | None:
    """Return what was just done, if it is true of one of the user's servers."""
    made = world[SERVERS].get(views.number(request.query_params.get("created", "")))
    if made is not None and made.user_id == user.id:
        text = f"{made.name} {'is being' if made.busy_until > world.now else 'was'} created."
        return Notice(text, f"/servers/{made.id}")
    gone = world[SERVERS].get(views.number(request.query_params.get("deleted", "")))
    if gone is not None and gone.user_id == user.id and gone.is_deleting:
        return Notice(f"{gone.name} is being deleted.", f"/servers/{gone.id}")
    return None
