"""Finds the operation for a method and path, in a tree of path segments built from the OpenAPI document.

The document is the table of routes, so document and server cannot drift. A search costs one dict lookup per
segment, however many operations there are.
"""

import difflib
import functools
import re
from collections.abc import Iterable, Sequence
from typing import Any, Final, NamedTuple

import msgspec

from solusio_contracts.contract.signatures import Signature, signatures

DOCUMENT = "solusio-api"
PREFIX = "/api/v1"

_ID = re.compile(r"[0-9]{1,18}")


class Match(NamedTuple):
    """What a method and a path name."""

    route: Signature | None
    values: dict[str, Any]
    """Path parameters; not complete without a route."""
    methods: Sequence[str]
    """The methods that the path has."""

    @property
    def operation(self) -> str:
        """The operationId, empty without a route."""
        return self.route.id if self.route else ""


NO_MATCH: Final = Match(None, {}, ())


class _Node(msgspec.Struct, eq=False):
    fixed: dict[str, "_Node"] = {}
    free: "_Node | None" = None
    name: str = ""
    integer: bool = True
    methods: dict[str, Signature] = {}


class Routes:
    """All routes of the document."""

    def __init__(self, operations: Iterable[Signature]) -> None:
        self._root = _Node()
        self.all = tuple(operations)
        for found in self.all:
            self._add(found)

    def find(self, method: str, path: str) -> Match:
        """Return what a method and a path name.

        The path is below `PREFIX`, such as `/users/7`; a trailing slash is tolerated.
        """
        node = self._root
        values: dict[str, Any] = {}
        for part in path.strip("/").split("/"):
            child = node.fixed.get(part)
            if child is None:
                child = node.free
                if child is None or not part:
                    return NO_MATCH
                if child.integer:
                    if not _ID.fullmatch(part):
                        return NO_MATCH
                    values[child.name] = int(part)
                else:
                    values[child.name] = part
            node = child
        return Match(node.methods.get(method), values, list(node.methods))

    def nearest(self, method: str, path: str) -> list[str]:
        """Return up to three operations with similar paths, such as `GET /users/{user_id}`."""
        shape = "/".join("{}" if _ID.fullmatch(part) else part for part in path.strip("/").split("/"))
        shapes: dict[str, list[str]] = {}
        for route in self.all:
            plain = re.sub(r"\{\w+\}", "{}", route.path.strip("/"))
            shapes.setdefault(plain, []).append(f"{route.method} {route.path}")
        close = difflib.get_close_matches(shape[:200], shapes, n=3, cutoff=0.6)
        found = [one for near in close for one in shapes[near]]
        return sorted(found, key=lambda one: not one.startswith(f"{method} "))[:3]

    def _add(self, found: Signature) -> None:
        node = self._root
        for part in found.path.strip("/").split("/"):
            if not part.startswith("{"):
                node = node.fixed.setdefault(part, _Node())
                continue
            name = part[1:-1]
            if node.free is None:
                is_integer = found.path_parameters[name].get("type") == "integer"
                node.free = _Node(name=name, integer=is_integer)
            elif node.free.name != name:
                raise ValueError(f"{found.path}: other paths call {name} {node.free.name}")
            node = node.free
        node.methods[found.method] = found


@functools.cache
def routes() -> Routes:
    """Return the routes of the document, built once."""
    return Routes(signatures(DOCUMENT).values())
