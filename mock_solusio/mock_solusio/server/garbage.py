"""Garbage collection in a process that serves until it ends."""

import gc
from typing import Final

SELDOM: Final = 100
"""Collections of the younger generations for each one of the oldest; Python's default is 10."""


def collect_seldom() -> None:
    """Keep what the start made out of all collections, and collect the oldest generation less often.

    Such a collection visits everything that is kept, mostly journal and cached records, and holds up every
    request for tens of milliseconds. There is little to find: hardly anything here refers to itself.
    """
    young, middle, _ = gc.get_threshold()
    gc.set_threshold(young, middle, SELDOM)
    gc.freeze()
