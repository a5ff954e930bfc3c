"""The tools that explain rules, clauses and scenarios."""

from typing import Any, Final, Literal, TypeAlias

import msgspec

from mock_solusio.mcp_server.access import ToolFailureError
from mock_solusio.mcp_server.results import ClauseResult, Explanation, ScenarioSummary
from solusio_contracts.catalogue.citations import rules_by_clause
from solusio_contracts.checking.selection import SelectionError, select
from solusio_contracts.contract.clauses import Clause, clauses
from solusio_contracts.invoices.scenario import Scenario as InvoiceScenario
from solusio_contracts.invoices.scenario import load_scenarios as invoice_scenarios
from solusio_contracts.rules import all_rules
from solusio_contracts.suggestions import did_you_mean
from solusio_contracts.users.scenario import Scenario as UserScenario
from solusio_contracts.users.scenario import load_scenarios as user_scenarios

ScenarioKind = Literal["invoices", "users"]
AnyScenario: TypeAlias = InvoiceScenario | UserScenario

OVERALL: Final = {
    "valid-requests": "TP-407",
    "rounding-method": "INV-016",
    "invoice-numbers": "INV-013",
    "certificate": "CL-008",
}
"""The clauses of what is judged over all requests, invoices or users of a run, by its name in reports."""


def explain(name: str) -> Explanation:
    """Explain a rule (discount-key), a clause (TP-041) or a scenario, by the name that a finding has.

    Says what is required, who states it, why it matters, and what to change.
    """
    wanted = name.strip().lower()
    wanted = OVERALL.get(wanted, wanted).lower()
    for rule in all_rules():
        if rule.name == wanted:
            return Explanation(
                "rule", rule.name, rule.title, rule.reason, [_clause(one) for one in rule.clauses]
            )
    for clause in clauses().values():
        if clause.id.lower() == wanted:
            return Explanation("clause", clause.id, clause.text, clause.why, [_clause(clause)])
    known_scenarios: tuple[AnyScenario, ...] = (*invoice_scenarios(), *user_scenarios())
    scenarios = {one.id: one for one in known_scenarios}
    if wanted in scenarios:
        found = scenarios[wanted]
        return Explanation(
            "scenario",
            found.id,
            found.title,
            found.assumes,
            [_clause(clauses()[one]) for one in found.clauses],
            content(found),
        )
    known = [*(rule.name for rule in all_rules()), *clauses(), *OVERALL, *scenarios]
    raise ToolFailureError(f"{name!r} is not a rule, clause or scenario.{did_you_mean(wanted, known)}")


def list_scenarios(kind: ScenarioKind, only: list[str] | None = None) -> list[ScenarioSummary]:
    """List the scenarios of invoices or users.

    `only`: ids, areas or clauses; `*` and `?` are wildcards.
    """
    found: tuple[AnyScenario, ...] = invoice_scenarios() if kind == "invoices" else user_scenarios()
    try:
        chosen = select(
            found,
            lambda one: (one.id, one.area, *one.clauses),
            only or (),
            kind="scenario",
            listing="list_scenarios without `only`",
        )
    except SelectionError as error:
        raise ToolFailureError(str(error)) from None
    return [ScenarioSummary(one.id, one.area, one.title, list(one.clauses)) for one in chosen]


def content(scenario: AnyScenario) -> dict[str, Any]:
    """Return a scenario as JSON types."""
    members: dict[str, Any] = msgspec.to_builtins(scenario)
    return members


def invoice_scenario(name: str) -> InvoiceScenario:
    """Return a scenario of invoices.

    Raises:
        ToolFailureError: there is none with this id.
    """
    known = {one.id: one for one in invoice_scenarios()}
    if name not in known:
        raise ToolFailureError(f"{name!r} is not a scenario of invoices.{did_you_mean(name, known)}")
    return known[name]


def _clause(clause: Clause) -> ClauseResult:
    return ClauseResult(
        id=clause.id,
        level=clause.level,
        provenance=clause.provenance,
        source=clause.source or clause.reason,
        text=clause.text,
        why=clause.why,
        fix=clause.fix,
        rules=[rule.name for rule in rules_by_clause().get(clause.id, ())],
    )
