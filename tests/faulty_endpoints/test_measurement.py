"""What `nox -s detection` measured covers today's endpoints and clauses."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

ROOT = Path(__file__).parents[2]
AGAIN = "measure the endpoint again: python benchmarks/detection.py --only ID"


@pytest.fixture(scope="module")
def results() -> dict[str, Any]:
    text = (ROOT / "benchmarks/results/detection.json").read_text(encoding="utf-8")
    document: dict[str, Any] = json.loads(text)
    return document


def test_what_was_measured_is_what_there_is(results, catalogue):
    entries = {entry.id: entry for entry in catalogue}
    tools = {tool["name"] for tool in results["tools"]}
    for row in results["endpoints"]:
        entry = entries[row["id"]]
        assert (row["level"], set(row["clauses"])) == (entry.level, {*entry.clauses, *entry.clauses_any}), (
            AGAIN
        )
        assert set(row["verdicts"]) <= tools


def test_the_check_judged_every_endpoint_right(results, catalogue):
    judged = {row["id"]: row["verdicts"]["rules"] for row in results["endpoints"]}
    assert set(judged) == {entry.id for entry in catalogue}, AGAIN
    for entry in catalogue:
        found = judged[entry.id]
        assert bool(found["alarm"]) is (entry.kind == "faulty"), entry.id
        assert entry.kind == "correct" or found.get("right"), entry.id
