"""`mock-solusio invoices check` fails each planted billing mistake, and names its cause or none.

The systems are in tests/faulty_billing; causes.toml there has the causes, worked out from the mistakes.
"""

from __future__ import annotations

import tomllib
from pathlib import Path
from typing import Any

import pytest

from solusio_contracts.reporting.report import Exit

HERE = Path(__file__).parents[1] / "faulty_billing"
EXPECTED: dict[str, Any] = tomllib.loads((HERE / "causes.toml").read_text(encoding="utf-8"))
GROUPS: dict[str, dict[str, str]] = {
    group: EXPECTED[group] for group in ("usage", "money", "usage-lookalikes", "money-lookalikes")
}
CAUSES: dict[str, str] = {
    **{name: cause for group in GROUPS.values() for name, cause in group.items()},
    **dict.fromkeys(EXPECTED["silent"], ""),
}
WARN_ONLY = {"without-usage", "float-noise", "american-format", "numbers-with-gaps"}
"""Mistakes that only warn, or that count only if numbers are declared to be gapless."""


def scenarios_of(name: str) -> set[str]:
    groups = EXPECTED["scenarios"]
    kind = next((group.partition("-")[0] for group, systems in GROUPS.items() if name in systems), None)
    chosen = groups[kind] if kind else [*groups["usage"], *groups["money"]]
    return {*chosen, *EXPECTED["also"].get(name, ())}


@pytest.mark.parametrize("name", CAUSES)
def test_each_mistake_fails_and_its_cause_is_named(name, faulty_billing):
    report = faulty_billing.check(name, scenarios_of(name))
    wanted = [CAUSES[name], *EXPECTED["more"].get(name, ())] if CAUSES[name] else []
    assert report.exit is Exit.NOT_CONFORMANT
    assert sorted(one.id for one in report.causes) == sorted(wanted), report.causes


def test_at_least_120_mistakes_are_planted():
    assert len(CAUSES) >= 120


def test_every_planted_mistake_has_its_cause(systems):
    styles = {one["id"] for one in tomllib.loads((HERE / "catalogue.toml").read_text("utf-8"))["style"]}
    assert set(systems.SYSTEMS) - styles - WARN_ONLY == set(CAUSES)
