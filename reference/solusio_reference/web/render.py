"""Templates and static files of the pages: read, compiled and named once."""

import functools
import hashlib
from collections.abc import Iterator
from importlib import resources
from typing import Any

import jinja2

MEDIA_TYPES = {"css": "text/css; charset=utf-8", "svg": "image/svg+xml"}


@functools.cache
def environment() -> jinja2.Environment:
    """Return the templates. Everything that is shown is escaped: a customer chooses his own name."""
    made = jinja2.Environment(
        loader=jinja2.PackageLoader("solusio_reference.web", "templates"),
        autoescape=True,
        undefined=jinja2.StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
        auto_reload=False,
    )
    made.globals["asset"] = asset
    return made


def html(template: str, values: dict[str, Any]) -> str:
    """Return a page."""
    return environment().get_template(template).render(values)


def html_in_pieces(template: str, values: dict[str, Any]) -> Iterator[str]:
    """Return a page piece by piece, while what is shown on it is still being read."""
    stream = environment().get_template(template).stream(values)
    stream.enable_buffering(500)  # each piece is a few table rows
    return stream


@functools.cache
def asset_bytes(name: str) -> bytes:
    """Return a static file."""
    return resources.files("solusio_reference.web").joinpath("static", name).read_bytes()


@functools.cache
def asset(name: str) -> str:
    """Return the path of a static file. It names its content, so that browsers may keep it for good."""
    stem, _, suffix = name.rpartition(".")
    return f"/billing/static/{stem}.{hashlib.sha256(asset_bytes(name)).hexdigest()[:12]}.{suffix}"


@functools.cache
def assets() -> dict[str, str]:
    """Return the static files by the path under which they are served."""
    folder = resources.files("solusio_reference.web").joinpath("static")
    return {asset(file.name): file.name for file in folder.iterdir()}
