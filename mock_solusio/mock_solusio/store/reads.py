"""What was read of the state while something was derived from it, and whether it is still the same."""

from collections.abc import Callable
from typing import Any

Read = tuple[Callable[[Any], Any], Any, Any]
"""How to read it again, the argument of that, and what was found."""

Reads = list[Read]


def same(reads: Reads) -> bool:
    """Return whether everything would be found again as it was."""
    for look, what, found in reads:
        now = look(what)
        if now is not found and now != found:
            return False
    return True
