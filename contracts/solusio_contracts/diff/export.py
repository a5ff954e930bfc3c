"""A comparison as JSON, in the format that contract_diff.schema.json describes."""

import json
from collections.abc import Collection
from importlib import metadata
from typing import Any

import msgspec

from solusio_contracts.diff.findings import OURS, THEIRS, Comparison, Finding, Verdict

SCHEMA_VERSION = "1.0"
"""A new minor version adds members, a new major one changes or removes some."""


def exit_code(comparison: Comparison) -> int:
    """Return 1 when anything is contradicted, else 0; which findings are shown does not matter."""
    return 1 if comparison.having(Verdict.CONTRADICTED) else 0


def to_json(comparison: Comparison, document: str, source: str, only: Collection[Verdict]) -> str:
    """Return the comparison of our document of this name with the vendor's from this source."""
    shown = [found for found in comparison.findings if found.verdict in only]
    bundle = {
        "schema_version": SCHEMA_VERSION,
        "tool": "mock-solusio",
        "tool_version": metadata.version("mock-solusio"),
        "document": document,
        "vendor": {
            "source": source,
            "title": comparison.theirs_title,
            "openapi": comparison.theirs_version,
        },
        "exit_code": exit_code(comparison),
        "only": [verdict.value for verdict in Verdict if verdict in only],
        "summary": summary(comparison),
        "remarks": list(comparison.remarks),
        "wanted": [msgspec.to_builtins(wanted) for wanted in comparison.wanted],
        "findings": [_finding(found) for found in shown],
    }
    return json.dumps(bundle, ensure_ascii=False, indent=2) + "\n"


def summary(comparison: Comparison) -> dict[str, Any]:
    """Return how many operations and findings there are of each kind."""
    counts: dict[str, Any] = {"operations_in_both": comparison.matched}
    for verdict in Verdict:
        counts[verdict.value] = {
            "total": len(comparison.having(verdict)),
            "assumed": len(comparison.having(verdict, assumed=True)),
        }
    for side in (OURS, THEIRS):
        counts[Verdict.MISSING.value][f"in_{side}"] = len(comparison.having(Verdict.MISSING, missing_in=side))
    return counts


def _finding(found: Finding) -> dict[str, Any]:
    judged = found.judged
    stated = judged.statement
    return {
        "verdict": judged.verdict.value,
        "missing_in": judged.missing_in or None,
        "element": judged.element,
        "operation": found.operation,
        "where": found.where,
        "name": found.name,
        "ours": judged.ours,
        "vendor": judged.theirs,
        "differences": [
            {"in": aspect.name, "ours": aspect.ours, "vendor": aspect.theirs} for aspect in judged.aspects
        ],
        "notes": list(judged.notes),
        "provenance": stated and {key: value for key, value in msgspec.to_builtins(stated).items() if value},
        "pointer": judged.pointer or None,
        "also_in": list(found.also_in),
    }
