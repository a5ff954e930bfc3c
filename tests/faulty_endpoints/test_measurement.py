"""docs/detection.md shows what `nox -s detection` measured, of the endpoints and clauses that there are."""

from __future__ import annotations

import importlib.util
import json
from pathlib import Path
from typing import Any

import pytest

ROOT = Path(__file__).parents[2]
AGAIN = "measure the endpoint anew: python benchmarks/detection.py --only ID"


@pytest.fixture(scope="module")
def results() -> dict[str, Any]:
    text = (ROOT / "benchmarks/results/detection.json").read_text(encoding="utf-8")
    document: dict[str, Any] = json.loads(text)
    return document


def test_the_page_is_made_of_the_numbers(results: dict[str, Any]) -> None:
    spec = importlib.util.spec_from_file_location("detection_page", ROOT / "benchmarks/detection_page.py")
    assert spec is not None
    assert spec.loader is not None
    page = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(page)
    assert (ROOT / "docs/detection.md").read_text(encoding="utf-8") == page.render(results)


def test_every_endpoint_was_measured_with_every_tool(results: dict[str, Any], catalogue: Any) -> None:
    tools = [tool["name"] for tool in results["tools"]]
    measured = {row["id"]: (list(row["verdicts"]), row["level"]) for row in results["endpoints"]}
    assert measured == {entry.id: (tools, entry.level) for entry in catalogue}, AGAIN
    clauses = {row["id"]: row["clauses"] for row in results["endpoints"]}
    assert clauses == {entry.id: [*entry.clauses, *entry.clauses_any] for entry in catalogue}, AGAIN


@pytest.mark.parametrize("tool", ["rules", "check"])
def test_the_check_judged_every_endpoint_right(results: dict[str, Any], tool: str) -> None:
    wrong = [
        row["id"]
        for row in results["endpoints"]
        if bool(row["verdicts"][tool]["alarm"]) is (row["kind"] == "correct")
        or (row["kind"] == "faulty" and not row["verdicts"][tool].get("right"))
    ]
    assert wrong == []
