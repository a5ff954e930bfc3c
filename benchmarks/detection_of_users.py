"""Renders the part of `docs/detection.md` about users and login from `tests/faulty_users/catalogue.toml`.

Nothing is measured again for it: the tests require what the table says.
"""

from __future__ import annotations

import tomllib
from collections.abc import Mapping
from pathlib import Path
from typing import Any

CATALOGUE = Path(__file__).parents[1] / "tests" / "faulty_users" / "catalogue.toml"

SECTION = """\
## Users and login

`tests/faulty_users` has billing systems in PHP and Python that manage SolusIO's users: {mistakes} with
exactly one planted mistake each, thought of from what real modules do, and {styles} that are correct in
different styles. The tests require [`mock-solusio users check`](users.md) to find each mistake under these
clauses, to name its cause, and to pass every correct one without a warning.

| billing system | what it does | what that costs | clauses |
| --- | --- | --- | --- |
{rows}

Correct:

| billing system | what is special |
| --- | --- |
{correct}
"""


def section() -> str:
    """Return the part as Markdown."""
    catalogue = tomllib.loads(CATALOGUE.read_text(encoding="utf-8"))
    return SECTION.format(
        mistakes=len(catalogue["mistake"]),
        styles=len(catalogue["style"]),
        rows="\n".join(_row(one) for one in catalogue["mistake"]),
        correct="\n".join(f"| `{one['id']}` | {one['is']} |" for one in catalogue["style"]),
    )


def _row(mistake: Mapping[str, Any]) -> str:
    clauses = dict.fromkeys(clause for found in mistake["caught"].values() for clause in found)
    return f"| `{mistake['id']}` | {mistake['fault']} | {mistake['risk']} | {', '.join(clauses)} |"
