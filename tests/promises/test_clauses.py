"""Clauses and rules belong together, one way and the other."""

import re
import tomllib
from importlib import resources
from typing import Any

import pytest

from solusio_contracts.contract.clauses import AREAS, Level, Provenance, clauses
from solusio_contracts.rules import all_rules


@pytest.fixture(scope="module")
def written() -> list[dict[str, Any]]:
    """The clauses as they stand in the file, in its order."""
    text = resources.files("solusio_contracts").joinpath("clauses.toml").read_text(encoding="utf-8")
    return tomllib.loads(text)["clause"]


def test_ids_are_sorted_and_of_a_known_area(written):
    ids = [clause["id"] for clause in written]
    assert len(ids) > 50
    order = {area: place for place, area in enumerate(AREAS)}
    assert ids == sorted(set(ids), key=lambda one: (order[one.partition("-")[0]], one))


def test_levels_and_provenances_are_known(written):
    assert {clause["level"] for clause in written} <= set(Level)
    assert {clause["provenance"] for clause in written} <= set(Provenance)


def test_every_clause_says_what_why_and_how(written):
    for clause in written:
        for name in ("text", "why", "fix"):
            assert clause[name], (clause["id"], name)
            assert clause[name] == clause[name].strip(), (clause["id"], name)


def test_every_clause_of_the_endpoint_is_cited_by_a_rule():
    cited = {clause.id for rule in all_rules() for clause in rule.clauses}
    assert {clause_id for clause_id in clauses() if clause_id.startswith("TP-")} - cited == set()


def test_every_rule_cites_a_clause_and_gives_its_reason():
    assert len(all_rules()) > 50
    for rule in all_rules():
        assert rule.clauses, rule.name
        assert rule.reason.strip(), rule.name
        assert re.fullmatch(r"[a-z0-9]+(-[a-z0-9]+)*", rule.name)
        assert clauses().keys() >= {clause.id for clause in rule.clauses}


def test_names_of_rules_areas_and_clauses_do_not_collide():
    names = {rule.name for rule in all_rules()}
    assert len(names) == len(all_rules())
    assert not names & {rule.area for rule in all_rules()}
