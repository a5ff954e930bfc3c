"""Words that several judgements share."""

from collections.abc import Iterable
from itertools import islice
from typing import Final
from urllib.parse import urlsplit, urlunsplit

MOST: Final = 5
"""How many things a finding names."""


def listed(things: Iterable[str]) -> str:
    """Return the first things as a list, and how many follow."""
    every = list(things)
    shown = list(islice(every, MOST if len(every) > MOST + 1 else None))
    rest = len(every) - len(shown)
    return ", ".join(shown) + (f" and {rest:,} more" if rest else "")


def shown_url(url: str) -> str:
    """Return a URL without what may be a secret: user name, password, query."""
    parts = urlsplit(url)
    query = "..." if parts.query else ""
    return urlunsplit(parts._replace(netloc=parts.netloc.rpartition("@")[2], query=query, fragment=""))
