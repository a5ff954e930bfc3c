"""Selects rules or scenarios by name, area or clause, as `--only` and `--skip` do. Pure."""

import fnmatch
from collections.abc import Callable, Iterable, Sequence
from typing import TypeVar

from solusio_contracts.suggestions import did_you_mean

T = TypeVar("T")


class SelectionError(ValueError):
    """A selector matches nothing, or the selectors leave nothing."""


def select(
    items: Sequence[T],
    selectors: Callable[[T], Iterable[str]],
    only: Sequence[str] = (),
    skip: Sequence[str] = (),
    *,
    kind: str,
    listing: str,
) -> list[T]:
    """Return the items that match `only` (all when empty) and do not match `skip`.

    `selectors` returns what an item can be selected by; in `only` and `skip`, `*` and `?` are wildcards.
    Messages call an item a `kind`, and name the command `listing` that lists them all.

    Raises:
        SelectionError: a selector matches nothing, so less would be checked than was asked; or no item
            is left.
    """

    def matches(item: T, pattern: str) -> bool:
        return any(fnmatch.fnmatchcase(one.lower(), pattern.lower()) for one in selectors(item))

    for pattern in (*only, *skip):
        if not any(matches(item, pattern) for item in items):
            known = {one for item in items for one in selectors(item)}
            hint = did_you_mean(pattern, known)
            raise SelectionError(
                f"{pattern!r} is not a {kind}, area or clause.{hint} `{listing}` lists them."
            )
    chosen = [item for item in items if not only or any(matches(item, pattern) for pattern in only)]
    chosen = [item for item in chosen if not any(matches(item, pattern) for pattern in skip)]
    if not chosen:
        raise SelectionError(f"--only and --skip together leave no {kind}")
    return chosen
