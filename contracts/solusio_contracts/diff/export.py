"""A comparison as JSON, as contract_diff.schema.json describes it."""

import json
from collections.abc import Collection
from importlib import metadata
from typing import Any

import msgspec

from solusio_contracts.diff.findings import OURS, THEIRS, DiffVerdict, DocumentDiff, ElementFinding

SCHEMA_VERSION = "1.0"
"""A new minor version adds members, a new major one changes or removes some."""


def exit_code(comparison: DocumentDiff) -> int:
    """Return 1 if anything is contradicted, even if it is not shown; otherwise 0."""
    return 1 if comparison.having(DiffVerdict.CONTRADICTED) else 0


def to_json(comparison: DocumentDiff, document: str, source: str, only: Collection[DiffVerdict]) -> str:
    """Return the comparison of the named document of ours with the vendor's from `source`."""
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
        "only": [verdict.value for verdict in DiffVerdict if verdict in only],
        "summary": summary(comparison),
        "remarks": list(comparison.remarks),
        "wanted": [msgspec.to_builtins(wanted) for wanted in comparison.wanted],
        "findings": [_finding(found) for found in shown],
    }
    return json.dumps(bundle, ensure_ascii=False, indent=2) + "\n"


def summary(comparison: DocumentDiff) -> dict[str, Any]:
    """Return how many operations and findings there are of each kind."""
    counts: dict[str, Any] = {"operations_in_both": comparison.matched}
    for verdict in DiffVerdict:
        counts[verdict.value] = {
            "total": len(comparison.having(verdict)),
            "assumed": len(comparison.having(verdict, assumed=True)),
        }
    for side in (OURS, THEIRS):
        counts[DiffVerdict.MISSING.value][f"in_{side}"] = len(
            comparison.having(DiffVerdict.MISSING, missing_in=side)
        )
    return counts


def _finding(found: ElementFinding) -> dict[str, Any]:
    result = found.result
    stated = result.statement
    return {
        "verdict": result.verdict.value,
        "missing_in": result.missing_in or None,
        "element": result.element,
        "operation": found.operation,
        "where": found.where,
        "name": found.name,
        "ours": result.ours,
        "vendor": result.theirs,
        "differences": [
            {"in": aspect.name, "ours": aspect.ours, "vendor": aspect.theirs} for aspect in result.aspects
        ],
        "notes": list(result.notes),
        "provenance": stated and {key: value for key, value in msgspec.to_builtins(stated).items() if value},
        "pointer": result.pointer or None,
        "also_in": list(found.also_in),
    }
