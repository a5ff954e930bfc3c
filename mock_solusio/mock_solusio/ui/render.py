"""The pages of the user area as HTML."""

from typing import Final

from mock_solusio.server.site import Site
from mock_solusio.ui.models import Frame, Page

SITE: Final = Site("mock_solusio.ui", "/static")


def render(page: Page, frame: Frame) -> str:
    """Return a page as HTML."""
    return SITE.environment.get_template(page.template).render(page=page, frame=frame)
