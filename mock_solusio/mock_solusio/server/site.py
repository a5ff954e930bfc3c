"""Templates and static files of a package with pages, read once; Jinja is imported with the first page."""

import functools
import hashlib
from importlib import resources
from typing import TYPE_CHECKING, Final

from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import Response

if TYPE_CHECKING:
    import jinja2

MEDIA_TYPES: Final = {
    "css": "text/css; charset=utf-8",
    "js": "text/javascript; charset=utf-8",
    "svg": "image/svg+xml",
}

_KEPT: Final = {"cache-control": "public, max-age=31536000, immutable", "x-content-type-options": "nosniff"}
"""Headers of a static file: its path changes with its content."""


class Site:
    """The folders `templates` and `static` of a package; its static files are served below a prefix."""

    def __init__(self, package: str, prefix: str) -> None:
        self._package = package
        self._prefix = prefix
        self._contents: dict[str, bytes] = {}

    def asset_bytes(self, name: str) -> bytes:
        """Return a static file."""
        if name not in self._contents:
            self._contents[name] = resources.files(self._package).joinpath("static", name).read_bytes()
        return self._contents[name]

    def asset(self, name: str) -> str:
        """Return the path of a static file; it contains a hash of the content, so browsers may cache it."""
        stem, _, suffix = name.rpartition(".")
        digest = hashlib.sha256(self.asset_bytes(name)).hexdigest()[:12]
        return f"{self._prefix}/{stem}.{digest}.{suffix}"

    @functools.cached_property
    def assets(self) -> dict[str, str]:
        """The names of the static files by the paths that serve them."""
        folder = resources.files(self._package).joinpath("static")
        return {self.asset(file.name): file.name for file in folder.iterdir()}

    async def static(self, request: Request) -> Response:
        """Serve a static file."""
        name = self.assets.get(request.scope["path"])
        if name is None:
            raise HTTPException(404)
        media_type = MEDIA_TYPES[name.rpartition(".")[2]]
        return Response(self.asset_bytes(name), headers=_KEPT, media_type=media_type)

    @functools.cached_property
    def environment(self) -> "jinja2.Environment":
        """The Jinja environment, which escapes everything it shows."""
        import jinja2

        made = jinja2.Environment(
            loader=jinja2.PackageLoader(self._package),
            autoescape=True,
            undefined=jinja2.StrictUndefined,
            trim_blocks=True,
            lstrip_blocks=True,
            auto_reload=False,
        )
        made.globals["asset"] = functools.cache(self.asset)
        return made
