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

    def place(rule: Rule) -> tuple[bool, int, bool]:
        return rule.looks_back, AREAS.index(rule.before or rule.area), not rule.before

    return tuple(sorted(registered(), key=place))
