"""A small document in the style of ours, an invented vendor's, and helpers to look up findings."""

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
import yaml

from solusio_contracts.diff.compare import compare
from solusio_contracts.diff.findings import DocumentDiff, ElementFinding

HERE = Path(__file__).parent


@pytest.fixture
def ours() -> dict[str, Any]:
    return yaml.safe_load((HERE / "ours.yaml").read_text("utf-8"))


@pytest.fixture
def vendor_file() -> Path:
    return HERE / "vendor.json"


@pytest.fixture
def vendor(vendor_file: Path) -> dict[str, Any]:
    return json.loads(vendor_file.read_text("utf-8"))


@pytest.fixture
def comparison(ours: dict[str, Any], vendor: dict[str, Any]) -> DocumentDiff:
    return compare(ours, vendor)


@pytest.fixture
def places() -> Callable[..., set[tuple[str, str, str]]]:
    """Return (operation, where, name) of the findings of a kind."""

    def find(comparison: DocumentDiff, verdict: str, missing_in: str = "") -> set[tuple[str, str, str]]:
        return {
            (one.operation, one.where, one.name)
            for one in comparison.findings
            if one.verdict.value == verdict and one.result.missing_in == missing_in
        }

    return find


@pytest.fixture
def finding() -> Callable[..., ElementFinding]:
    """Return the only finding at a place."""

    def find(comparison: DocumentDiff, operation: str, where: str, name: str = "") -> ElementFinding:
        (one,) = (
            one
            for one in comparison.findings
            if (one.operation, one.where, one.name) == (operation, where, name)
        )
        return one

    return find


@pytest.fixture
def one_body() -> Callable[..., dict[str, Any]]:
    """Return a document with one operation whose response (or request) has this schema."""

    def make(
        schema: Any,
        direction: str = "response",
        media: str = "application/json",
        components: dict[str, Any] | None = None,
        version: str = "3.1.0",
    ) -> dict[str, Any]:
        content = {"description": "x", "content": {media: {"schema": schema}}}
        operation: dict[str, Any] = {"operationId": "do", "responses": {"200": {"description": "x"}}}
        if direction == "response":
            operation["responses"]["200"] = content
        else:
            operation["requestBody"] = content
        return {
            "openapi": version,
            "info": {"title": "One", "version": "1"},
            "paths": {"/do": {"post": operation}},
            "components": {"schemas": components or {}},
        }

    return make
