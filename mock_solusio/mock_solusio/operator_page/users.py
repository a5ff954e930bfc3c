"""Users: search, and log in as, suspend, lock or reactivate one of them."""

from typing import Final
from urllib.parse import urlencode

from starlette.requests import Request
from starlette.responses import Response

from mock_solusio.control.api import Control
from mock_solusio.domain import access_tokens, servers, users
from mock_solusio.domain.errors import BadRequest, DomainError
from mock_solusio.domain.records.roles import ROLES
from mock_solusio.domain.records.user import ACTIVE, LOCKED, SUSPENDED, USERS, User
from mock_solusio.domain.world import World
from mock_solusio.moment import rfc3339
from mock_solusio.operator_page import render
from mock_solusio.operator_page.frames import Frames
from mock_solusio.operator_page.models import UserRow, UsersPage
from mock_solusio.operator_page.notices import Notice
from mock_solusio.operator_page.paths import BASE
from mock_solusio.ui.forms import read_form

PER_PAGE: Final = 25
LAST_PAGE: Final = 1_000_000

_STATUSES: Final = {"suspend": SUSPENDED, "lock": LOCKED, "activate": ACTIVE}


class UserPages:
    """The list of users, and what its buttons do."""

    def __init__(self, control: Control, frames: Frames) -> None:
        self._mock = control.mock
        self._frames = frames

    async def show(self, request: Request) -> Response:
        """Show a page of users, or of those that a search finds."""
        search = request.query_params.get("search", "").strip()[:255]
        number = _page_number(request.query_params.get("page", ""))
        with self._mock.transaction() as world:
            found = world[USERS].page(number, PER_PAGE, {}, search)
            first = (number - 1) * PER_PAGE + 1
            page = UsersPage(
                tuple(_row(world, user) for user in found.items),
                search,
                found.total,
                first,
                _link(search, number - 1) if number > 1 else "",
                _link(search, number + 1) if first + len(found.items) <= found.total else "",
            )
        return render.page(page, self._frames.frame(request))

    async def change(self, request: Request) -> Response:
        """Log in as a user, or change their status; the journal notes it, and the page shows an error."""
        form = await read_form(request)
        what = form.get("do", "")
        try:
            with self._mock.transaction() as world:
                user = world[USERS].get_or_404(request.path_params["user_id"])
                if what == "login":
                    _, secret = access_tokens.issue(world, user, one_time=True)
                elif what in _STATUSES:
                    users.update(world, user, status=_STATUSES[what])
                else:
                    raise BadRequest("Choose what to do with the user.")
        except DomainError as error:
            return self._frames.back(form, Notice(error.message, failed=True))
        if what == "login":
            self._note(request, f"a login link for {user.email}")
            return render.see_other(f"/auth/by_token/{secret}")
        done = f"{user.email} is {_STATUSES[what]}"
        self._note(request, done)
        return self._frames.back(form, Notice(f"{done}."))

    def _note(self, request: Request, done: str) -> None:
        # The control API has no operation for it.
        path, moment = request.scope["path"], self._mock.clock.now()
        self._mock.journal.add("control", "POST", path, moment=moment, status=303, notes=[done])


def _row(world: World, user: User) -> UserRow:
    roles = [role.name for key in user.roles if (role := world[ROLES].get(key))]
    return UserRow(
        user.id,
        user.email,
        user.status,
        "" if user.billing_user_id is None else str(user.billing_user_id),
        ", ".join(roles),
        len(servers.owned_by(world, user.id)),
        rfc3339(user.created_at)[:10],
    )


def _page_number(text: str) -> int:
    number = int(text) if text.isascii() and text.isdigit() and len(text) <= 9 else 1
    return min(max(number, 1), LAST_PAGE)


def _link(search: str, number: int) -> str:
    return f"{BASE}/users?{urlencode({'search': search, 'page': number} if search else {'page': number})}"
