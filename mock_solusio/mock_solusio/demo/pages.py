"""The first page of the demo, `/demo`: a tour of both sites, and the clock, which a month can pass on."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import ClassVar, Final

from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from mock_solusio.control.api import Control
from mock_solusio.demo.story import PATH, Story
from mock_solusio.moment import Micros, utc
from mock_solusio.operator_page import control_calls
from mock_solusio.operator_page.access import refused
from mock_solusio.operator_page.frames import clock_view
from mock_solusio.runtime import Runtime
from mock_solusio.server.messages import Request as RawRequest
from mock_solusio.ui import responses
from mock_solusio.ui.forms import FormError
from mock_solusio.ui.models import Neighbours
from mock_solusio.ui.sessions import frame, visitor

HIDDEN_COOKIE: Final = "demo_tour"


@dataclass(frozen=True, slots=True)
class DemoPage:
    """`/demo`."""

    template: ClassVar[str] = "demo.html.j2"
    title: ClassVar[str] = "Tour of the demo"
    story: Story
    portal: str
    """URL of the billing pages; empty until they answer."""
    now: str
    pace: str
    closed: str
    """The last month that is over, such as `March 2026`."""
    advanced: bool
    """Whether the clock has just been advanced."""
    tour: bool
    """Whether the tour is shown, not dismissed."""


class DemoPages:
    """The page and its two buttons."""

    def __init__(self, mock: Runtime, neighbours: Neighbours, story: Callable[[], Story]) -> None:
        self._mock = mock
        self._neighbours = neighbours
        self._story = story
        self._control = Control(mock)

    @property
    def routes(self) -> list[Route]:
        """The routes, to be added to the user area."""
        return [
            Route(PATH, self.show),
            Route(f"{PATH}/month", self.advance, methods=["POST"]),
            Route(f"{PATH}/tour", self.switch_tour, methods=["POST"]),
        ]

    async def show(self, request: Request) -> Response:
        """Show the tour and the clock."""
        with self._mock.transaction() as world:
            clock = clock_view(self._mock.clock)
            page = DemoPage(
                self._story(),
                self._neighbours.portal,
                clock.shown,
                clock.pace,
                _last_closed_month(world.now),
                advanced="advanced" in request.query_params,
                tour=request.cookies.get(HIDDEN_COOKIE) != "hidden",
            )
            return responses.page(page, frame(world, request, visitor(world, request)))

    async def advance(self, request: Request) -> Response:
        """Advance the clock by a month. The rules of the operator's page apply."""
        self._require_own_form(request)
        answer = await control_calls.call(self._control, request, "POST", "/_mock/clock", {"advance": "P1M"})
        if answer.failed:
            raise FormError(answer.status, answer.problem)
        return responses.see_other(f"{PATH}?advanced=1#clock")

    async def switch_tour(self, request: Request) -> Response:
        """Dismiss the tour, or show it again."""
        self._require_own_form(request)
        response = responses.see_other(PATH)
        if request.cookies.get(HIDDEN_COOKIE) == "hidden":
            responses.delete_cookie(response, request, HIDDEN_COOKIE)
        else:
            responses.set_cookie(response, request, HIDDEN_COOKIE, "hidden")
        return response

    def _require_own_form(self, request: Request) -> None:
        client = request.client.host if request.client else ""
        raw = RawRequest(request.method, PATH, b"", request.headers.raw, b"", request.scope["scheme"], client)
        reason = refused(raw, anywhere=self._mock.options.control_from_anywhere)
        if reason is not None:
            raise FormError(403, reason)


def _last_closed_month(moment: Micros) -> str:
    now = utc(moment)
    month = now.replace(year=now.year - (now.month == 1), month=(now.month - 2) % 12 + 1, day=1)
    return f"{month:%B %Y}"
