"""Templates and static files of the package, read once; Jinja is imported with the first page."""

import functools
import hashlib
from importlib import resources
from typing import TYPE_CHECKING

from mock_solusio.ui.models import Frame, Page

if TYPE_CHECKING:
    import jinja2

MEDIA_TYPES = {"css": "text/css; charset=utf-8", "svg": "image/svg+xml"}


@functools.cache
def asset_bytes(name: str) -> bytes:
    """Return a static file."""
    return resources.files("mock_solusio.ui").joinpath("static", name).read_bytes()


@functools.cache
def asset(name: str) -> str:
    """Return the path of a static file; it contains a hash of the content, so browsers may cache it."""
    stem, _, suffix = name.rpartition(".")
    return f"/static/{stem}.{hashlib.sha256(asset_bytes(name)).hexdigest()[:12]}.{suffix}"


@functools.cache
def assets() -> dict[str, str]:
    """Return the names of the static files by the paths that serve them."""
    folder = resources.files("mock_solusio.ui").joinpath("static")
    return {asset(file.name): file.name for file in folder.iterdir()}


@functools.cache
def environment() -> "jinja2.Environment":
    """Return the Jinja environment, which escapes everything it shows."""
    import jinja2

    made = jinja2.Environment(
        loader=jinja2.PackageLoader("mock_solusio", "ui/templates"),
        autoescape=True,
        undefined=jinja2.StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
        auto_reload=False,
    )
    made.globals["asset"] = asset
    return made


def render(page: Page, frame: Frame) -> str:
    """Return a page as HTML."""
    return environment().get_template(page.template).render(page=page, frame=frame)
