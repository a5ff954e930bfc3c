"""Reduces a schema of any dialect to one plain shape, so that schemas can be compared. Pure.

OpenAPI 3.0 and 3.1 write the same thing differently (`nullable: true`, `type: [string, "null"]`), and
documents generated from annotations use `$ref`, `allOf` and alternatives at any level. No document is
trusted: malformed parts are ignored, and references without a target are recorded.
"""

import json
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any, cast
from urllib.parse import unquote

from solusio_contracts.contract.documents import Node
from solusio_contracts.contract.outline import limits

_EMPTY: Node = {}
_KINDS = {"string", "number", "integer", "boolean", "array", "object"}
_STRUCTURE = ("$ref", "allOf", "oneOf", "anyOf", "properties", "required", "additionalProperties")
_LISTED = 4
"""Values or names that a description lists; it only counts the others."""


@dataclass(frozen=True, slots=True)
class Member:
    """A property of an object."""

    node: Node
    required: bool
    spelled: str
    """The name as written in the document; it may end in `[]`."""


@dataclass(frozen=True, slots=True)
class Shape:
    """What a schema says about a value."""

    types: frozenset[str] = frozenset()
    """JSON types except `null`; empty means any."""
    nullable: bool = False
    values: frozenset[str] | None = None
    """The allowed values, as JSON texts; None means any."""
    format: str = ""
    limits: str = ""
    """Length, range and pattern, as `contract show` writes them."""
    members: Mapping[str, Member] = field(default_factory=dict)
    states_required: bool = False
    """Whether any member is required."""
    items: Node | None = None
    entries: Node | None = None
    """The schema of members with arbitrary names (`additionalProperties`)."""
    read_only: bool = False

    @property
    def is_object(self) -> bool:
        """Whether it describes an object, with or without its members."""
        return "object" in self.types or bool(self.members) or self.entries is not None


class Schemas:
    """The schemas of one document.

    Schemas are identified by the `id` of their nodes, so nodes created here must be kept.
    """

    def __init__(self, whole: Node) -> None:
        self.whole = whole
        self.unresolved: dict[str, None] = {}
        """References without a target, in the order in which they were found."""
        self.elsewhere: dict[str, None] = {}
        """References to other documents, which are not followed, in that order."""
        self._shapes: dict[int, Shape] = {}
        self._open: set[int] = set()
        self._kept: list[Node] = []

    def resolved(self, node: Any) -> Node:
        """Follow `$ref`; a reference without a target gives an empty node."""
        seen: set[str] = set()
        while isinstance(node, Mapping) and isinstance(node.get("$ref"), str):
            reference = node["$ref"]
            node = None if reference in seen else self._at(reference)
            seen.add(reference)
            if node is None:
                found = self.unresolved if reference.startswith("#") else self.elsewhere
                found[reference] = None
        return node if isinstance(node, Mapping) else _EMPTY

    def _at(self, reference: str) -> Any:
        place: Any = self.whole
        if not reference.startswith("#/"):
            return None
        for part in reference[2:].split("/"):
            key = unquote(part).replace("~1", "/").replace("~0", "~")
            if isinstance(place, Mapping) and key in place:
                place = place[key]
            elif isinstance(place, list) and key.isdecimal() and int(key) < len(place):
                place = place[int(key)]
            else:
                return None
        return place

    def canonical(self, node: Node) -> Node:
        """Return the node that defines a schema, wherever it is referred to, also by `oneOf: [X, null]`."""
        seen: set[int] = set()
        while id(node) not in seen:
            seen.add(id(node))
            if isinstance(node.get("$ref"), str):
                node = self.resolved(node) if _is_mere(node, "$ref") else node
                continue
            for key in ("allOf", "oneOf", "anyOf"):
                branches = [one for one in _sequence(node.get(key)) if not _is_null(self.resolved(one))]
                if len(branches) == 1 and isinstance(branches[0], Mapping) and _is_mere(node, key):
                    node = branches[0]
                    break
        return node

    def keep(self, node: Node) -> Node:
        """Keep a node created for a comparison, so that no other node gets its `id`."""
        self._kept.append(node)
        return node

    def shape(self, node: Any) -> Shape:
        """Return the shape of a schema; a schema that contains itself through `allOf` adds nothing."""
        if not isinstance(node, Mapping):
            return Shape()
        key = id(node)
        if key in self._shapes:
            return self._shapes[key]
        if key in self._open:
            return Shape()
        self._open.add(key)
        try:
            found = self._build(node)
        finally:
            self._open.discard(key)
        self._shapes[key] = found
        return found

    def _build(self, node: Node) -> Shape:
        found = self._own(node)
        if "$ref" in node:
            found = self._both(self.shape(self.resolved(node)), found)
        for part in _sequence(node.get("allOf")):
            found = self._both(found, self.shape(part))
        for key in ("oneOf", "anyOf"):
            branches = [branch for branch in _sequence(node.get(key)) if isinstance(branch, Mapping)]
            real = [branch for branch in branches if not _is_null(self.resolved(branch))]
            if real:
                found = self._both(found, self._either([self.shape(branch) for branch in real]))
            if len(real) < len(branches):
                found = replace(found, nullable=True)
        return found

    def _own(self, node: Node) -> Shape:
        raw = node.get("type")
        named = [raw] if isinstance(raw, str) else _sequence(raw)
        types = {name for name in named if isinstance(name, str) and name in _KINDS}
        nullable = node.get("nullable") is True or "null" in named or None in named
        values = [node["const"]] if "const" in node else node.get("enum")
        texts: frozenset[str] | None = None
        if isinstance(values, list) and values:
            nullable = nullable or (None in values and not types)
            texts = frozenset(_json(value) for value in values if value is not None)
            types = types or {_type_of(value) for value in values if value is not None}
        required = {name for name in _sequence(node.get("required")) if isinstance(name, str)}
        members: dict[str, Member] = {}
        for spelled, child in _mapping(node.get("properties")).items():
            name, schema = self.unbracketed(str(spelled), child)
            needed = bool({name, str(spelled)} & required)
            members.setdefault(name, Member(schema, needed, str(spelled)))
        items = node.get("items") if isinstance(node.get("items"), Mapping) else None
        extra = node.get("additionalProperties")
        entries = extra if isinstance(extra, Mapping) and extra else None
        if not types and (members or entries is not None):
            types = {"object"}
        if not types and items is not None:
            types = {"array"}
        return Shape(
            types=frozenset(types),
            nullable=nullable,
            values=texts or None,
            format=str(node.get("format") or ""),
            limits=_limits(node),
            members=members,
            states_required=bool(required),
            items=items,
            entries=entries,
            read_only=node.get("readOnly") is True,
        )

    def unbracketed(self, name: str, node: Any) -> tuple[str, Node]:
        """Return `roles` and an array for the form field `roles[]`."""
        schema = node if isinstance(node, Mapping) else _EMPTY
        if not name.endswith("[]") or name == "[]":
            return name, schema
        if "array" not in self.shape(schema).types:
            schema = self.keep({"type": "array", "items": schema})
        return name.removesuffix("[]"), schema

    def _both(self, one: Shape, two: Shape) -> Shape:
        """Return the shape of a value that matches both; what only one of them says applies."""
        values = two.values if one.values is None else one.values
        if one.values is not None and two.values is not None:
            values = (one.values & two.values) or one.values
        return Shape(
            types=(one.types & two.types) or one.types or two.types,
            # `nullable` next to a reference is meant, although OpenAPI 3.0 ignores it there.
            nullable=one.nullable or two.nullable,
            values=values,
            format=two.format or one.format,
            limits=", ".join(dict.fromkeys(text for text in (one.limits, two.limits) if text)),
            members=self._joined("allOf", [one, two]),
            states_required=one.states_required or two.states_required,
            items=self._one_of("allOf", [one.items, two.items]),
            entries=self._one_of("allOf", [one.entries, two.entries]),
            read_only=one.read_only or two.read_only,
        )

    def _either(self, shapes: list[Shape]) -> Shape:
        """Return the shape of a value that matches any of these."""
        if len(shapes) == 1:
            return shapes[0]
        values: frozenset[str] | None = None
        if all(shape.values is not None for shape in shapes):
            values = frozenset().union(*(shape.values or () for shape in shapes))
        open_ = not all(shape.types for shape in shapes)
        return Shape(
            types=frozenset() if open_ else frozenset().union(*(shape.types for shape in shapes)),
            nullable=any(shape.nullable for shape in shapes),
            values=values,
            format=shapes[0].format if len({shape.format for shape in shapes}) == 1 else "",
            limits=shapes[0].limits if len({shape.limits for shape in shapes}) == 1 else "",
            members=self._joined("anyOf", shapes),
            states_required=any(shape.states_required for shape in shapes),
            items=self._one_of("anyOf", [shape.items for shape in shapes]),
            entries=self._one_of("anyOf", [shape.entries for shape in shapes]),
        )

    def _joined(self, how: str, shapes: list[Shape]) -> dict[str, Member]:
        joined: dict[str, Member] = {}
        for name in dict.fromkeys(name for shape in shapes for name in shape.members):
            found = [shape.members[name] for shape in shapes if name in shape.members]
            needed = [member.required for member in found]
            required = any(needed) if how == "allOf" else all(needed) and len(found) == len(shapes)
            node = self._one_of(how, [member.node for member in found])
            joined[name] = Member(node or _EMPTY, required, found[0].spelled)
        return joined

    def _one_of(self, how: str, nodes: Iterable[Node | None]) -> Node | None:
        found = list({id(node): node for node in nodes if node is not None}.values())
        if len(found) < 2:
            return found[0] if found else None
        stated = [node["x-provenance"] for node in found if "x-provenance" in node][:1]
        return self.keep({how: found, **({"x-provenance": stated[0]} if stated else {})})

    def describe(self, node: Any) -> str:
        """Return a schema in a few words: `string (date-time), nullable`."""
        return ", ".join(self._words(node, 0))

    def _words(self, node: Any, depth: int) -> list[str]:
        shape = self.shape(node)
        text = " or ".join(sorted(shape.types)) or "anything"
        if shape.types == {"array"} and shape.items is not None and depth < _LISTED:
            text = f"array of {self._words(shape.items, depth + 1)[0]}"
        elif shape.members:
            text += f" {{{_some(list(shape.members))}}}"
        if shape.format:
            text += f" ({shape.format})"
        words = [text]
        if shape.nullable:
            words.append("nullable")
        if shape.values:
            words.append(f"one of {listed(shape.values)}")
        if shape.limits:
            words.append(shape.limits)
        return words


def listed(values: Iterable[str]) -> str:
    """Return JSON texts as a list for people."""
    return ", ".join(sorted(text.strip('"') for text in values))


def _some(names: list[str]) -> str:
    more = len(names) - _LISTED
    return ", ".join(names[:_LISTED]) + (f" and {more} more" if more > 0 else "")


def _is_mere(node: Node, key: str) -> bool:
    """Whether no other key of a schema describes the members of an object."""
    return not any(other in node for other in _STRUCTURE if other != key)


def _is_null(node: Node) -> bool:
    if "const" in node:
        return node["const"] is None
    return node.get("type") in ("null", ["null"]) or node.get("enum") == [None]


def _limits(node: Node) -> str:
    """Return the limits, with the exclusive bounds of OpenAPI 3.0 written as in 3.1."""
    stated = {key: _plain_number(value) for key, value in node.items() if key != "format"}
    for exclusive, bound in (("exclusiveMinimum", "minimum"), ("exclusiveMaximum", "maximum")):
        if isinstance(flag := node.get(exclusive), bool):
            del stated[exclusive]
            if flag and bound in stated:
                stated[exclusive] = stated.pop(bound)
    return limits(stated)


def _plain_number(value: Any) -> Any:
    return int(value) if isinstance(value, float) and value.is_integer() else value


def _json(value: Any) -> str:
    return json.dumps(_plain_number(value), ensure_ascii=False, default=str, sort_keys=True)


def _type_of(value: Any) -> str:
    if isinstance(value, bool):
        return "boolean"
    if isinstance(value, int):
        return "integer"
    if isinstance(value, float):
        return "number"
    if isinstance(value, list):
        return "array"
    return "object" if isinstance(value, Mapping) else "string"


def _mapping(value: Any) -> Mapping[str, Any]:
    # PHP writes an empty map as [].
    return value if isinstance(value, Mapping) else {}


def _sequence(value: Any) -> Sequence[Any]:
    return cast(Sequence[Any], value) if isinstance(value, list) else ()
