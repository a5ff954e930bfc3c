"""Our own documents, compared with themselves: unchanged, and converted to OpenAPI 3.0."""

import copy
from typing import Any

import pytest

from solusio_contracts.contract.documents import document, document_names, operations
from solusio_contracts.contract.elements import elements
from solusio_contracts.diff.compare import compare
from solusio_contracts.diff.findings import DiffVerdict


def in_3_0(node: Any) -> Any:
    """Return part of a document as OpenAPI 3.0, without our extensions."""
    if isinstance(node, list):
        return [in_3_0(part) for part in node]
    if not isinstance(node, dict):
        return node
    node = {key: in_3_0(value) for key, value in node.items() if not key.startswith("x-")}
    kind = node.get("type")
    if isinstance(kind, list):
        kinds = [name for name in kind if name != "null"]
        del node["type"]
        node |= {"nullable": True} if "null" in kind else {}
        node |= {"type": kinds[0]} if len(kinds) == 1 else {"anyOf": [{"type": name} for name in kinds]}
    if "const" in node:
        node["enum"] = [node.pop("const")]
    for exclusive, bound in (("exclusiveMinimum", "minimum"), ("exclusiveMaximum", "maximum")):
        if isinstance(node.get(exclusive), int | float) and not isinstance(node.get(exclusive), bool):
            node[bound], node[exclusive] = node[exclusive], True
    return node


def elsewhere(document_: dict[str, Any]) -> dict[str, Any]:
    """Return a document with other path parameter names, the base path in the paths, and slashes."""
    document_["servers"] = [{"url": "https://panel.example.com/"}]
    document_["paths"] = {
        f"/api/v1{path.rstrip('/')}/".replace("_id}", "}"): item for path, item in document_["paths"].items()
    }
    return document_


@pytest.mark.parametrize("name", document_names())
class TestSelf:
    @pytest.mark.parametrize("change", [copy.deepcopy, in_3_0], ids=["as it is", "OpenAPI 3.0"])
    def test_everything_is_confirmed(self, name, change):
        ours = document(name)
        comparison = compare(ours, change(copy.deepcopy(ours)))
        assert [one for one in comparison.findings if one.verdict is not DiffVerdict.CONFIRMED] == []
        assert comparison.matched == len(list(operations(name)))

    def test_no_member_is_passed_over(self, name):
        ours = document(name)
        found = {one.result.pointer for one in compare(ours, copy.deepcopy(ours)).findings}
        kinds = ("operation", "parameter", "property")
        stated = {element.pointer for element in elements(ours) if element.kind in kinds}
        assert stated
        assert stated - found - unused(ours) == set()

    def test_a_document_that_is_laid_out_otherwise(self, name):
        ours = document(name)
        comparison = compare(ours, elsewhere(in_3_0(copy.deepcopy(ours))))
        assert comparison.having(DiffVerdict.CONTRADICTED) == []
        assert comparison.having(DiffVerdict.MISSING) == []
        assert comparison.matched == len(list(operations(name)))


def unused(whole: Any) -> set[str]:
    """Return the elements of components that nothing refers to."""
    text = str(whole)
    return {
        element.pointer
        for element in elements(whole)
        if element.pointer.startswith("/components/")
        and f"#{'/'.join(element.pointer.split('/')[:4])}'" not in text
    }
