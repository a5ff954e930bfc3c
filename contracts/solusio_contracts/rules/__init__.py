"""The rules, one module per area of the endpoint, in running order."""

import functools
import importlib

from solusio_contracts.checking.rule import Rule, registered

AREAS = (
    "http",
    "body",
    "fields",
    "values",
    "consistency",
    "input",
    "robustness",
    # Wrong tokens come late: an endpoint that locks out its callers would spoil the rules that follow.
    "authorization",
    "fuzz",
    "security",
)


@functools.cache
def all_rules() -> tuple[Rule, ...]:
    """Return all rules in running order; those that look back at all exchanges come last."""
    for area in AREAS:
        importlib.import_module(f"{__name__}.{area}")
    by_area = sorted(registered(), key=lambda rule: AREAS.index(rule.area))
    return tuple(sorted(by_area, key=lambda rule: rule.looks_back))
