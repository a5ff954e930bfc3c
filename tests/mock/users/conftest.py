"""Runs scenarios with a billing system in this process."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

import pytest

from mock_solusio.users.run import CustomerSystem, Settings, numbered, run
from solusio_contracts.adapter.steps import Adapter
from solusio_contracts.reporting.report import Report
from solusio_contracts.users.scenario import load_scenarios, parse_scenario
from support.customer_system import CustomerSystem as Planted

HEAD = """
id = "made-up"
area = "create"
reason = "For a test."
clauses = ["UM-040"]
[customers.ann]
[customers.bob]
"""


@pytest.fixture
def check() -> Callable[..., Report]:
    """Run scenarios, by ids or as a timeline in TOML, with the steps of a billing system."""

    def go(
        *scenarios: str,
        mistakes: tuple[str, ...] = (),
        steps: Mapping[str, Adapter] | None = None,
        **settings: Any,
    ) -> Report:
        known = {one.id: one for one in load_scenarios()}
        chosen = [
            known[one] if one in known else parse_scenario(HEAD + one, "made-up.toml") for one in scenarios
        ]
        given = Planted(frozenset(mistakes)).steps if steps is None else steps
        system = CustomerSystem(steps=given, described="in this process")
        return run(system, numbered(chosen, 700_001), Settings(access_token="t" * 30, **settings))

    return go
