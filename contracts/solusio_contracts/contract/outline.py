"""An operation as people read it: a row for each member, such as `taxes.rates[].rate`, and examples."""

import json
import urllib.parse
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from solusio_contracts.contract.documents import (
    FORM,
    Load,
    Node,
    Operation,
    document,
    operations,
    resolve,
)
from solusio_contracts.contract.elements import Element, Statement


@dataclass(frozen=True, slots=True)
class Row:
    """A parameter, a header, a member of a body, or an alternative form of a member."""

    path: str
    type: str
    presence: str
    """`required`, `optional`, or `alternative` for one of several forms."""
    limits: str
    """Further limits of a value, such as `> 0`; may be empty."""
    description: str
    statement: Statement
    clauses: tuple[str, ...]
    """Ids of the clauses it cites."""
    anchor: str


@dataclass(frozen=True, slots=True)
class Example:
    """An example of a body."""

    title: str
    description: str
    text: str


@dataclass(frozen=True, slots=True)
class Section:
    """The parameters, the request body or one response of an operation."""

    title: str
    note: str
    """The media type, or that there is none."""
    description: str
    statement: Statement | None
    """None for the parameters; each of those has its own."""
    clauses: tuple[str, ...]
    anchor: str
    rows: tuple[Row, ...]
    examples: tuple[Example, ...]


@dataclass(frozen=True, slots=True)
class Outline:
    """One operation."""

    operation: Operation
    summary: str
    description: str
    statement: Statement
    clauses: tuple[str, ...]
    anchor: str
    sections: tuple[Section, ...]

    def places(self) -> Iterator[tuple[str, str, str]]:
        """Yield (clause id, anchor, label) for each citation in the operation."""
        for clause_id in self.clauses:
            yield clause_id, self.anchor, self.operation.id
        for section in self.sections:
            for clause_id in section.clauses:
                yield clause_id, section.anchor, section.title.lower()
            for row in section.rows:
                for clause_id in row.clauses:
                    yield clause_id, row.anchor, row.path


def outlines(*names: str, load: Load = document) -> tuple[Outline, ...]:
    """Return the operations of these documents, or of all documents when none is named.

    `load` returns the documents, perhaps with an overlay.

    Raises:
        DocumentError: a document does not exist, or an element has no valid provenance.
        ClauseError: a cited clause does not exist.
    """
    return tuple(outline(operation, load) for operation in operations(*names, load=load))


def outline(operation: Operation, load: Load = document) -> Outline:
    """Return one operation; raises what `outlines` raises."""
    return _Outliner(operation, load).outline()


class _Outliner:
    def __init__(self, operation: Operation, load: Load) -> None:
        self.operation = operation
        self.whole = load(operation.document)

    def outline(self) -> Outline:
        node = self.operation.node
        sections = []
        shared = self.whole["paths"][self.operation.path].get("parameters", [])
        if parameters := [*shared, *node.get("parameters", [])]:
            sections.append(self.parameters(parameters))
        if body := node.get("requestBody"):
            sections.append(self.body("Request", self.resolved(body), "request"))
        for status, response in node["responses"].items():
            name = f"Response {status}"
            sections.append(self.body(name, self.resolved(response), f"response-{status}"))
        return Outline(
            self.operation,
            node.get("summary", ""),
            node.get("description", ""),
            *self.source("operation", node),
            self.anchor(),
            tuple(sections),
        )

    def parameters(self, parameters: list[Node]) -> Section:
        anchor = self.anchor("parameters")
        rows = tuple(
            self.row("parameter", f"{node['name']} ({node['in']})", node, anchor)
            for node in map(self.resolved, parameters)
        )
        return Section("Parameters", "", "", None, (), anchor, rows, ())

    def body(self, title: str, node: Node, name: str) -> Section:
        anchor = self.anchor(name)
        rows = [
            self.row("header", f"{header} (header)", self.resolved(value), anchor)
            for header, value in node.get("headers", {}).items()
        ]
        examples: list[Example] = []
        content = node.get("content", {})
        for media_type, media in content.items():
            rows += self.members(media.get("schema", {}), "", anchor, ())
            examples += self.examples(media, media_type)
        return Section(
            title,
            ", ".join(content) or "any body, or none",
            node.get("description", ""),
            *self.source("body", node),
            anchor,
            tuple(rows),
            tuple(examples),
        )

    def members(self, schema: Any, prefix: str, anchor: str, within: tuple[str, ...]) -> Iterator[Row]:
        """Yield a row for each member of a schema; `within` holds the references that led here."""
        if not isinstance(schema, dict):  # true, false or absent: it has no members
            return
        if reference := schema.get("$ref"):
            if reference in within:
                return
            within = (*within, reference)
        schema = self.resolved(schema)
        for name, node in schema.get("properties", {}).items():
            path = f"{prefix}.{name}" if prefix else name
            presence = "required" if name in schema.get("required", ()) else "optional"
            yield self.row("property", path, node, anchor, presence)
            yield from self.members(node, path, anchor, within)
        yield from self.members(schema.get("items"), f"{prefix}[]", anchor, within)
        for key in ("allOf", "oneOf", "anyOf"):
            for alternative in schema.get(key, ()):
                if "x-provenance" in alternative:
                    yield self.row("schema", prefix, alternative, anchor, "alternative")
                yield from self.members(alternative, prefix, anchor, within)

    def row(self, kind: str, path: str, node: Node, anchor: str, presence: str = "") -> Row:
        schema = self.resolved(node if presence else node.get("schema", {}))
        statement, clauses = self.source(f"{kind} {path}", node)
        type_ = self.type_of(schema)
        name = f"{path}-{type_}" if presence == "alternative" else path
        return Row(
            path,
            type_,
            presence or ("required" if node.get("required") else "optional"),
            limits(schema),
            node.get("description", schema.get("description", "")),
            statement,
            clauses,
            f"{anchor}-{slug(name)}",
        )

    def type_of(self, schema: Node) -> str:
        """Return the type in words, such as `object, empty list or empty object`."""
        schema = self.resolved(schema)
        if alternatives := schema.get("oneOf") or schema.get("anyOf"):
            return either([self.type_of(alternative) for alternative in alternatives])
        if "const" in schema:
            return json.dumps(schema["const"], ensure_ascii=False)
        if "enum" in schema:
            return either([json.dumps(value, ensure_ascii=False) for value in schema["enum"]])
        if title := schema.get("title"):
            return str(title)
        types = schema.get("type", "anything")
        if types == "array":
            item = self.type_of(schema.get("items", {}))
            return "list" if item == "anything" else f"list of {item}s"
        return either(types) if isinstance(types, list) else str(types)

    def examples(self, media: Node, media_type: str) -> Iterator[Example]:
        shown: dict[str, Node] = dict(media.get("examples", {}))
        if "example" in media:
            shown["example"] = {"value": media["example"]}
        for name, example in shown.items():
            found = self.resolved(example)
            value = found.get("value")
            if media_type == FORM and isinstance(value, dict):
                text = urllib.parse.urlencode(value)
            else:
                text = json.dumps(value, ensure_ascii=False, indent=2)
            yield Example(found.get("summary", name), found.get("description", ""), text)

    def source(self, what: str, node: Node) -> tuple[Statement, tuple[str, ...]]:
        element = Element(what, self.operation.pointer, node)
        return element.provenance, tuple(clause.id for clause in element.clauses)

    def resolved(self, node: Node) -> Node:
        return resolve(self.whole, node)

    def anchor(self, *parts: str) -> str:
        return "-".join((self.operation.id, *parts))


def limits(schema: Node) -> str:
    """Return the limits of a schema in words, such as `> 0, at most 64 characters`."""
    found = []
    low, high = schema.get("minimum"), schema.get("maximum")
    if low is not None and high is not None:
        found.append(f"{low} to {high}")
    elif low is not None:
        found.append(f"≥ {low}")
    elif high is not None:
        found.append(f"≤ {high}")
    for key, sign in (("exclusiveMinimum", ">"), ("exclusiveMaximum", "<")):
        if key in schema:
            found.append(f"{sign} {schema[key]}")
    for key, word in (("format", "format"), ("pattern", "matches")):
        if key in schema:
            found.append(f"{word} {schema[key]}")
    for key, words in (
        ("minLength", "at least {} characters"),
        ("maxLength", "at most {} characters"),
        ("minItems", "at least {} items"),
        ("maxItems", "at most {} items"),
    ):
        if schema.get(key):
            found.append(words.format(schema[key]))
    return ", ".join(found)


def either(words: list[str]) -> str:
    """Return `a, b or c`."""
    if len(words) < 2:
        return "".join(words)
    return f"{', '.join(words[:-1])} or {words[-1]}"


def slug(path: str) -> str:
    """Return a path as part of an anchor: letters, digits, `_` and single dashes."""
    plain = "".join(letter if letter.isalnum() or letter == "_" else "-" for letter in path)
    return "-".join(part for part in plain.split("-") if part)
