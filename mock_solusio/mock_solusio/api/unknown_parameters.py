"""Query parameters that an operation does not have are ignored (assumed); the journal names them."""

import re
from collections.abc import Iterable

from mock_solusio.api.routes import Route
from solusio_contracts.suggestions import closest

_BRACKETS = re.compile(r"^filter|[\[\].]")


def notes(route: Route, names: Iterable[str]) -> list[str]:
    """Return a note for each name that is not a parameter of the operation, with those it may mean."""
    return [
        f"{route.id} has no query parameter {name}, so it changes nothing. {_hint(route, name)}"
        for name in dict.fromkeys(names)
        if name not in route.query
    ]


def _hint(route: Route, name: str) -> str:
    if not route.query:
        return "The operation has none."
    bare = {_BRACKETS.sub("", known): known for known in route.query}
    if found := closest(_BRACKETS.sub("", name), bare):
        return f"Did you mean: {', '.join(bare[one] for one in found)}?"
    return f"It has {', '.join(route.query)}."
