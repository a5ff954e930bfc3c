"""Where a clause is cited: in operations of the documents, and in the rules that check it."""

from collections import defaultdict
from collections.abc import Iterable, Mapping
from dataclasses import dataclass

from solusio_contracts.checking.rule import Rule
from solusio_contracts.contract.outline import Outline
from solusio_contracts.rules import all_rules


@dataclass(frozen=True, slots=True)
class Place:
    """Where a document cites a clause."""

    document: str
    operation: str
    label: str
    anchor: str


def rules_by_clause() -> Mapping[str, tuple[Rule, ...]]:
    """Return the rules of each clause that has any."""
    found: dict[str, list[Rule]] = defaultdict(list)
    for rule in all_rules():
        for clause in rule.clauses:
            found[clause.id].append(rule)
    return {clause_id: tuple(rules) for clause_id, rules in found.items()}


def places_by_clause(shown: Iterable[Outline]) -> Mapping[str, tuple[Place, ...]]:
    """Return the places in these operations of each clause that they cite."""
    found: dict[str, list[Place]] = defaultdict(list)
    for outline in shown:
        operation = outline.operation
        for clause_id, anchor, label in outline.places():
            found[clause_id].append(Place(operation.document, operation.id, label, anchor))
    return {clause_id: tuple(places) for clause_id, places in found.items()}
