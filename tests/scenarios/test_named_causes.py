"""`mock-solusio invoices check` fails each planted billing mistake, and names its cause or none.

The systems are in tests/faulty_billing; causes.toml there has the causes, worked out from the mistakes.
"""

from __future__ import annotations

import importlib.util
import sys
import tomllib
from collections.abc import Iterator
from pathlib import Path
from types import ModuleType
from typing import Any

import pytest

from solusio_contracts.reporting.report import Exit

HERE = Path(__file__).parents[1] / "faulty_billing"
EXPECTED: dict[str, Any] = tomllib.loads((HERE / "causes.toml").read_text(encoding="utf-8"))
CAUSES: dict[str, str] = EXPECTED["usage"] | EXPECTED["money"] | dict.fromkeys(EXPECTED["silent"], "")
WARN_ONLY = {"without-usage", "float-noise", "american-format", "numbers-with-gaps"}
"""Mistakes that only warn, or that count only if numbers are declared to be gapless."""


@pytest.fixture(scope="session")
def systems() -> Iterator[ModuleType]:
    """Give the module that runs them."""
    with pytest.MonkeyPatch.context() as patch:
        patch.syspath_prepend(str(HERE))
        spec = importlib.util.spec_from_file_location("faulty_billing_systems", HERE / "systems.py")
        assert spec is not None
        assert spec.loader is not None
        module = importlib.util.module_from_spec(spec)
        sys.modules[spec.name] = module
        spec.loader.exec_module(module)
        yield module


@pytest.fixture(scope="session")
def played(systems: ModuleType) -> Iterator[Any]:
    """Give the scenarios, which are played when a system is first held to them."""
    scenarios = systems.PlayedScenarios()
    yield scenarios
    scenarios.close()


def scenarios_of(name: str) -> set[str]:
    groups = EXPECTED["scenarios"]
    kind = next((kind for kind in groups if name in EXPECTED[kind]), None)
    chosen = groups[kind] if kind else [*groups["usage"], *groups["money"]]
    return {*chosen, *EXPECTED["also"].get(name, ())}


@pytest.mark.parametrize("name", CAUSES)
def test_each_mistake_fails_and_its_cause_is_named(name, played):
    report = played.check(name, scenarios_of(name))
    wanted = [CAUSES[name], *EXPECTED["more"].get(name, ())] if CAUSES[name] else []
    assert report.exit is Exit.NOT_CONFORMANT
    assert sorted(one.id for one in report.causes) == sorted(wanted), report.causes


def test_at_least_120_mistakes_are_planted():
    assert len(CAUSES) >= 120


def test_every_planted_mistake_has_its_cause(systems):
    styles = {one["id"] for one in tomllib.loads((HERE / "catalogue.toml").read_text("utf-8"))["style"]}
    assert set(systems.SYSTEMS) - styles - WARN_ONLY == set(CAUSES)
