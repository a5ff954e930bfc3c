"""Runs the billing systems in this process, all against the same played scenarios.

To play a scenario costs more than to bill it, so each is played once and its world is kept.
"""

from __future__ import annotations

import json
import re
from collections.abc import Collection, Mapping
from fractions import Fraction
from http.client import HTTPException
from typing import Any

import ledger_mistakes
import lookalikes
import mistakes
import money_mistakes
import pytest
import usage_mistakes
from billing import Billing, OpenMonthError

from mock_solusio.invoices import sandbox, usage_facts
from mock_solusio.invoices.run import BillingSystem, numbered, run
from mock_solusio.moment import Micros
from solusio_contracts.adapter.steps import BillingError
from solusio_contracts.invoices.job import BillingJob
from solusio_contracts.invoices.scenario import Scenario, load_scenarios
from solusio_contracts.reporting.report import Report

MODULES = (mistakes, usage_mistakes, money_mistakes, ledger_mistakes, lookalikes)
FIRST_ID = 700_001


def name_of(variant: type[Billing]) -> str:
    return re.sub(r"(?<!^)(?=[A-Z])", "-", variant.__name__).lower()


BASES = {
    mistakes.FromItsParts,
    usage_mistakes.Changed,
    usage_mistakes.PagesOf,
    usage_mistakes.Merged,
    money_mistakes.OtherPrice,
}
SYSTEMS = {
    name_of(one): one
    for module in MODULES
    for one in vars(module).values()
    if isinstance(one, type)
    and issubclass(one, Billing)
    and one.__module__ == module.__name__
    and one not in BASES
}


class Step:
    """A step of a billing system in this process; what it raises is a failure."""

    def __init__(self, billing: Billing, name: str) -> None:
        self.billing = billing
        self.name = name

    def run(self, job: BillingJob) -> bytes:
        try:
            if self.name == "prepare":
                self.billing.prepare(json.loads(job.customers, parse_float=Fraction), job.period)
            elif self.name == "bill":
                self.billing.bill(job.body("bill"))
            else:
                return json.dumps(self.billing.invoices(job.period)).encode()
        except OpenMonthError as error:
            raise BillingError(f"{error} is not over", refused=True) from None
        except (OSError, HTTPException, ArithmeticError, LookupError, ValueError) as error:
            raise BillingError(repr(error)) from error
        return b""

    def shown(self, job: BillingJob) -> str:
        return f"{self.name} {job.period}"


class PlayedScenarios:
    """Scenarios that are played once: a billing system only reads, so the next one finds the same world."""

    def __init__(self) -> None:
        self._worlds: dict[Any, Any] = {}
        self._lines: dict[Any, Any] = {}
        self._play, self._read = sandbox.play, usage_facts.lines
        self._known = {one.scenario.id: one for one in numbered(load_scenarios(), FIRST_ID)}

    def close(self) -> None:
        for mock in self._worlds.values():
            mock.close()

    def check(self, variant: str, scenarios: Collection[str], **options: Any) -> Report:
        """Hold a billing system to some scenarios."""
        billing = SYSTEMS[variant]()
        system = BillingSystem(
            prepare=Step(billing, "prepare"),  # type: ignore[arg-type]
            bill=Step(billing, "bill"),  # type: ignore[arg-type]
            invoices=Step(billing, "invoices"),  # type: ignore[arg-type]
            described=variant,
        )
        chosen = [one for name, one in self._known.items() if name in scenarios]
        with pytest.MonkeyPatch.context() as patch:
            patch.setattr(sandbox, "play", self._played)
            patch.setattr(usage_facts, "lines", self._metered)
            patch.setattr(sandbox.InvoiceSandbox, "clear", sandbox.InvoiceSandbox.hide)
            return run(system, chosen, access_token="access-token-of-the-test", **options)

    def _played(self, scenario: Scenario, ids: Mapping[str, int], until: Micros, access_token: str) -> Any:
        key = (scenario.id, until)
        if key not in self._worlds:
            self._worlds[key] = self._play(scenario, ids, until, access_token)
        return self._worlds[key]

    def _metered(self, mock: Any, scenario: Scenario, since: Micros, until: Micros) -> Any:
        key = (id(mock), since, until)
        if key not in self._lines:
            self._lines[key] = self._read(mock, scenario, since, until)
        return self._lines[key]
