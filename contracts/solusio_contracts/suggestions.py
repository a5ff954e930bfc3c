"""Suggestions for mistyped names. Pure."""

from collections.abc import Iterable
from difflib import SequenceMatcher

SHOWN = 3
"""Names suggested at most."""
ALIKE = 0.6
"""Similarity from which a name is suggested: the ratio of `difflib`, from 0 to 1."""
AS_GOOD = 0.05
"""How much less than the nearest name another may be alike."""


def closest(name: str, known: Iterable[str]) -> list[str]:
    """Return the known names most like a mistyped one, whatever their case, the nearest first."""
    matcher = SequenceMatcher(b=name.lower())
    ratios: dict[str, float] = {}
    for one in known:
        matcher.set_seq1(one.lower())
        if matcher.real_quick_ratio() >= ALIKE and matcher.quick_ratio() >= ALIKE:
            ratios[one] = matcher.ratio()
    least = max(ALIKE, max(ratios.values(), default=0.0) - AS_GOOD)
    alike = [one for one, ratio in ratios.items() if ratio >= least]
    return sorted(alike, key=lambda one: -ratios[one])[:SHOWN]


def did_you_mean(name: str, known: Iterable[str]) -> str:
    """Return ` Did you mean: a, b?`, to follow a sentence; nothing if no known name is near."""
    found = closest(name, known)
    return f" Did you mean: {', '.join(found)}?" if found else ""
