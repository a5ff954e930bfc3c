"""Templates and static files of the pages, each read and compiled once."""

import functools
import hashlib
from collections.abc import Iterator
from importlib import resources
from typing import Any

import jinja2

MEDIA_TYPES = {"css": "text/css; charset=utf-8", "svg": "image/svg+xml"}


@functools.cache
def environment() -> jinja2.Environment:
    """Return the template environment. It escapes everything: customers choose their own names."""
    created = jinja2.Environment(
        loader=jinja2.PackageLoader("solusio_reference.web", "templates"),
        autoescape=True,
        undefined=jinja2.StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
        auto_reload=False,
    )
    created.globals["asset"] = asset
    return created


def html(template: str, values: dict[str, Any]) -> str:
    """Render a page."""
    return environment().get_template(template).render(values)


def html_chunks(template: str, values: dict[str, Any]) -> Iterator[str]:
    """Render a page in chunks, while its values are still being read."""
    stream = environment().get_template(template).stream(values)
    stream.enable_buffering(500)  # a few table rows per chunk
    return stream


@functools.cache
def asset_bytes(name: str) -> bytes:
    """Return the content of a static file."""
    return resources.files("solusio_reference.web").joinpath("static", name).read_bytes()


@functools.cache
def asset(name: str) -> str:
    """Return the URL path of a static file. It has a hash of the content, so browsers may keep it forever."""
    stem, _, suffix = name.rpartition(".")
    return f"/billing/static/{stem}.{hashlib.sha256(asset_bytes(name)).hexdigest()[:12]}.{suffix}"


@functools.cache
def assets() -> dict[str, str]:
    """Return the names of all static files by URL path."""
    folder = resources.files("solusio_reference.web").joinpath("static")
    return {asset(file.name): file.name for file in folder.iterdir()}
