"""Garbage collection in a process that serves until it ends."""

import gc
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Final

SELDOM: Final = 100
"""Collections of the younger generations for each one of the oldest; Python's default is 10."""


@contextmanager
def not_collecting() -> Iterator[None]:
    """Collect no garbage until `collect_seldom`, or the end of the block.

    To import hundreds of modules makes many objects and no garbage; looking for it takes a tenth of a start.
    """
    gc.disable()
    try:
        yield
    finally:
        gc.enable()


def collect_seldom() -> None:
    """Keep what the start made out of all collections, and collect the oldest generation less often.

    Such a collection visits everything that is kept, mostly journal and cached records, and holds up every
    request for tens of milliseconds. There is little to find: hardly anything here refers to itself.
    """
    young, middle, _ = gc.get_threshold()
    gc.set_threshold(young, middle, SELDOM)
    gc.freeze()
    gc.enable()
