"""The elements of a document, and the provenance that each must state."""

from collections.abc import Iterator, Mapping
from typing import Any

import msgspec

from solusio_contracts.contract.clauses import Clause, Provenance, clause
from solusio_contracts.contract.documents import METHODS, DocumentError, Node, pointer_token
from solusio_contracts.decoding import MisfitError, convert


class Statement(msgspec.Struct, frozen=True, forbid_unknown_fields=True, kw_only=True):
    """The `x-provenance` of an element: who states it.

    `source` names the vendor's step or the observed project. `reason` says why we assume it, or next to a
    source, what we added.
    """

    kind: Provenance
    source: str = ""
    reason: str = ""


class Element(msgspec.Struct, frozen=True):
    """A part of a document that makes a statement of its own."""

    kind: str
    """A key of `GRAMMAR`, such as `operation` or `property`."""
    pointer: str
    """Its place in the document, as a JSON pointer (RFC 6901)."""
    node: Node

    @property
    def provenance(self) -> Statement:
        """Who states it.

        Raises:
            DocumentError: `x-provenance` is missing, malformed, or lacks its source or reason.
        """
        raw = self.node.get("x-provenance")
        if raw is None:
            raise DocumentError(f"{self.kind} {self.pointer} has no x-provenance")
        try:
            statement = convert(raw, Statement, f"x-provenance of {self.kind} {self.pointer}")
        except MisfitError as error:
            raise DocumentError(str(error)) from error
        needed = "reason" if statement.kind is Provenance.ASSUMED else "source"
        if not getattr(statement, needed).strip():
            raise DocumentError(
                f"x-provenance of {self.kind} {self.pointer}: {statement.kind}, but has no {needed}"
            )
        return statement

    @property
    def clauses(self) -> tuple[Clause, ...]:
        """The clauses it cites in `x-clauses`.

        Raises:
            ClauseError: a clause does not exist.
        """
        return tuple(clause(clause_id) for clause_id in self.node.get("x-clauses", ()))


_SCHEMA = (
    ("properties", "values", "property"),
    ("patternProperties", "values", "property"),
    *((key, "one", "schema") for key in ("additionalProperties", "propertyNames", "items")),
    *((key, "one", "schema") for key in ("contains", "not", "if", "then", "else")),
    *((key, "one", "schema") for key in ("unevaluatedItems", "unevaluatedProperties")),
    *((key, "items", "schema") for key in ("prefixItems", "oneOf", "anyOf", "allOf")),
    *((key, "values", "schema") for key in ("dependentSchemas", "$defs")),
)
_CONTENT = (("schema", "one", "schema"), ("content", "values", "media type"))

GRAMMAR: Mapping[str, tuple[tuple[str, str, str], ...]] = {
    "document": (
        ("paths", "values", "path item"),
        ("webhooks", "values", "path item"),
        ("components", "one", "components"),
    ),
    "components": (
        ("schemas", "values", "schema"),
        ("parameters", "values", "parameter"),
        ("requestBodies", "values", "request body"),
        ("responses", "values", "response"),
        ("headers", "values", "header"),
        ("pathItems", "values", "path item"),
    ),
    "path item": (
        ("parameters", "items", "parameter"),
        *((method, "one", "operation") for method in METHODS),
    ),
    "operation": (
        ("parameters", "items", "parameter"),
        ("requestBody", "one", "request body"),
        ("responses", "values", "response"),
    ),
    "parameter": _CONTENT,
    "header": _CONTENT,
    "request body": (("content", "values", "media type"),),
    "response": (("headers", "values", "header"), ("content", "values", "media type")),
    "media type": (("schema", "one", "schema"),),
    "property": _SCHEMA,
    "schema": _SCHEMA,
}
"""What each kind of node contains, as (key, form, kind).

The form is `one` node, a list of `items` or a mapping to `values`."""

NEED_PROVENANCE = frozenset({"operation", "parameter", "request body", "response", "header", "property"})
"""The kinds that must state their provenance; other kinds may."""


def elements(whole: Node) -> Iterator[Element]:
    """Yield each part of a document that must have provenance, or has it anyway.

    A parameter, body, response or header that is only a `$ref` counts where it is defined.
    """
    yield from _walk("document", "", whole)


def _walk(kind: str, pointer: str, node: Any) -> Iterator[Element]:
    if not isinstance(node, Mapping):
        # `true` and `false` are schemas too. As a property they lack the provenance they need.
        if kind in NEED_PROVENANCE:
            yield Element(kind, pointer, {})
        return
    only_reference = set(node) == {"$ref"} and kind != "property"
    if (kind in NEED_PROVENANCE and not only_reference) or "x-provenance" in node:
        yield Element(kind, pointer, node)
    for key, form, child_kind in GRAMMAR[kind]:
        if key not in node:
            continue
        below = f"{pointer}/{key}"
        if form == "one":
            yield from _walk(child_kind, below, node[key])
        elif form == "items":
            for index, child in enumerate(node[key]):
                yield from _walk(child_kind, f"{below}/{index}", child)
        else:
            for name, child in node[key].items():
                yield from _walk(child_kind, f"{below}/{pointer_token(name)}", child)
