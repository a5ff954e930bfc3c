"""The billing endpoint: where it is, how it answered last, and a question on demand."""

from typing import Final

from starlette.requests import Request
from starlette.responses import Response

from mock_solusio.control.api import Control
from mock_solusio.domain import settings
from mock_solusio.domain.records.user import USERS
from mock_solusio.operator_page import exchange_views, render
from mock_solusio.operator_page.frames import Frames
from mock_solusio.operator_page.models import BillingPage
from mock_solusio.operator_page.notices import Notice
from mock_solusio.ui.forms import read_form

SHOWN: Final = 20
"""Questions on the page."""
USERS_OFFERED: Final = 200
"""Users that are looked at for ids to ask for."""

LONGEST_ID: Final = 12


class BillingPages:
    """The page of the billing endpoint, and its form."""

    def __init__(self, control: Control, frames: Frames) -> None:
        self._mock = control.mock
        self._frames = frames

    async def show(self, request: Request) -> Response:
        """Show the billing endpoint, and what it was asked last."""
        with self._mock.transaction() as world:
            integration = settings.billing(world)
            users = world[USERS].page(1, USERS_OFFERED, {}).items
        journal, health = self._mock.journal, self._mock.prices.health()
        latest = journal.get(health.exchange) if health.exchange else None
        page = BillingPage(
            health,
            bool(integration and integration.authorization_token),
            exchange_views.page(latest) if latest else None,
            tuple(map(exchange_views.row, reversed(journal.read(kind="billing", limit=SHOWN)))),
            tuple(str(user.billing_user_id) for user in users if user.billing_user_id is not None),
        )
        return render.page(page, self._frames.frame(request))

    async def ask(self, request: Request) -> Response:
        """Ask for the price of a user of the billing system, past the cache."""
        form = await read_form(request)
        text = form.get("user_id", "").strip()
        if not (text.isascii() and text.isdigit() and len(text) <= LONGEST_ID):
            return self._frames.back(form, Notice("Enter a billing user id: a whole number.", failed=True))
        self._mock.prices.forget()
        quote = await self._mock.prices.quote(int(text))
        if quote.pricing is None:
            return self._frames.back(form, Notice(f"{quote.reason} {quote.advice}", failed=True))
        return self._frames.back(form, Notice(f"The billing endpoint returned a price for user {text}."))
