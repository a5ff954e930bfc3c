"""The plans that a SolusIO has, as a price list in TOML to edit. Pure."""

import json
from collections.abc import Iterable, Iterator
from decimal import Decimal
from typing import Final

from mock_solusio.preflight.listing import Row
from mock_solusio.preflight.metered import integer_of
from solusio_contracts.checking.rule import shown

_HEAD: Final = """\
# The plans of {url} as a price list for `mock-solusio pricing FILE`.
# Change prices here, look at them with `mock-solusio pricing FILE`, and set them with --apply.

# Step 1: SolusIO does not know what a token costs. This is an example: write your own.
[[currencies]]
code = "USD"
token_unit_cost = 0.001
"""
PRICES: Final = ("tokens_per_hour", "tokens_per_month", "ip_tokens_per_hour", "ip_tokens_per_month")
"""The members of a plan that a price list has."""


def to_toml(url: str, plans: Iterable[Row]) -> tuple[str, list[str]]:
    """Return the price list, and what is wrong with prices that could not be written."""
    problems: list[str] = []
    parts = [_HEAD.format(url=url), *("\n".join(_plan(one, problems)) + "\n" for one in plans)]
    return "\n".join(parts), problems


def _plan(plan: Row, problems: list[str]) -> Iterator[str]:
    name = str(plan.get("name"))
    yield "[[plans]]"
    # A JSON string is a TOML string, except for this character.
    yield f"name = {json.dumps(name, ensure_ascii=False)}".replace("\x7f", "\\u007f")
    for member in PRICES:
        value = integer_of(plan, member)
        if value is None or value < 0:
            if member in plan or not member.startswith("ip_"):
                actual = "missing" if member not in plan else shown(plan[member])
                problems.append(f"plan ‘{name}’: {member} is {actual}, not an integer from 0")
                yield f"# {member} is {actual} in SolusIO"
        else:
            yield f"{member} = {value}"
    backups = plan.get("backup_price")
    if isinstance(backups, int | Decimal) and plan.get("is_backup_available") is True:
        yield f"# Backups cost {backups} percent more; a price list does not have that."
