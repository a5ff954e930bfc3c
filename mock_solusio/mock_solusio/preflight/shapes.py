"""Compares JSON values of a real SolusIO with the contract, member by member.

Each member that was seen confirms or contradicts an element of the OpenAPI document, or is one that the
document lacks. No value is kept, only types and, where the document lists them, plain words.
"""

import functools
import re
from collections import Counter
from collections.abc import Collection, Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any, Final

from mock_solusio.moment import parse_moment
from mock_solusio.preflight.client import Answer
from mock_solusio.record.policy import is_structure
from solusio_contracts.contract.clauses import Provenance
from solusio_contracts.contract.documents import Node, operation, pointer_token, resolve
from solusio_contracts.contract.elements import Element, elements
from solusio_contracts.contract.evidence import Verdict
from solusio_contracts.contract.overlay import NO_OVERLAY, Overlay

DOCUMENT: Final = "solusio-api"
HIDDEN: Final = "(a member whose name may be customer data)"
_WORD: Final = re.compile(r"[A-Za-z][A-Za-z _-]{0,30}")


@dataclass(frozen=True, slots=True, kw_only=True)
class MemberEvidence:
    """What was seen of one member in all responses of one operation."""

    operation: str
    """The operationId."""
    member: str
    """Such as `data[].plan.name`."""
    element: str
    """The JSON pointer of the element in the OpenAPI document; of an unknown member, where it would be."""
    provenance: Provenance | None
    verdict: Verdict
    expected: str
    """The types in the document, such as `integer or null`."""
    found: str
    """What came instead, or the types that came."""
    seen: int
    """In how many objects it was."""
    of: int
    """In how many objects it could have been."""
    types: Mapping[str, int] = field(default_factory=dict)
    """How often each JSON type came."""
    words: tuple[str, ...] = ()
    """Plain words that came where the document lists others."""

    @property
    def agrees(self) -> bool:
        """Whether nothing that was seen differs from the document."""
        return self.verdict in (Verdict.CONFIRMED, Verdict.UNSEEN)

    def __str__(self) -> str:
        """Return the difference in words."""
        if self.verdict is Verdict.MISSING:
            share = "always" if not self.seen else f"in {self.of - self.seen:,} of {self.of:,} objects"
            return f"`{self.member}` is missing {share}; expected {self.expected}"
        if self.verdict is Verdict.UNKNOWN:
            return f"`{self.member}` ({self.found}) is not in the contract"
        return f"`{self.member}` is {self.found}; expected {self.expected}"


def compare(answers: Iterable[Answer], overlay: Overlay = NO_OVERLAY) -> list[MemberEvidence]:
    """Return the evidence of responses with status 200, by operation, in the order of the document.

    Raises:
        DocumentError: an operation does not exist.
    """
    found: dict[str, _Members] = {}
    for answer in answers:
        members = found.get(answer.operation)
        if members is None:
            members = found[answer.operation] = _Members(answer.operation, overlay)
        members.add(answer.value)
    return [one for members in found.values() for one in members.evidence()]


@functools.cache
def _elements(overlay: Overlay) -> Mapping[str, Element]:
    return {one.pointer: one for one in elements(overlay.document(DOCUMENT))}


@dataclass(slots=True)
class _Member:
    """One member of the document or of the responses, and what came for it."""

    pointer: str
    expected: frozenset[str]
    listed: frozenset[str]
    """The values that the document allows; empty if it lists none."""
    moment: bool
    required: bool
    of: int = 0
    seen: int = 0
    types: Counter[str] = field(default_factory=Counter)
    others: set[str] = field(default_factory=set)
    """Values that the document does not list, in words."""
    words: set[str] = field(default_factory=set)
    """Those of them that are plain words."""

    def see(self, value: Any) -> None:
        self.seen += 1
        self.types[_type(value)] += 1
        if isinstance(value, str) and self.listed and value not in self.listed and len(self.others) < 5:
            if _WORD.fullmatch(value):
                self.words.add(value)
                self.others.add(f'"{value}"')
            else:
                self.others.add("a value that it does not list")
        elif isinstance(value, str) and self.moment and not _is_moment(value):
            self.others.add("a string that is not an RFC 3339 time")

    def verdict(self) -> tuple[Verdict, str]:
        types = " or ".join(sorted(self.types))
        wrong = sorted(one for one in self.types if not _admits(self.expected, one))
        if wrong or self.others:
            return Verdict.CONTRADICTED, " or ".join([*wrong, *sorted(self.others)])
        if self.required and self.seen < self.of:
            return Verdict.MISSING, types
        if not self.seen:
            return Verdict.UNSEEN, ""
        return Verdict.CONFIRMED, types


_Schemas = tuple[tuple[Any, str], ...]
"""Alternatives for one value, each with its JSON pointer."""


@dataclass(frozen=True, slots=True)
class _Place:
    """What the document says about the values at one place."""

    items: _Schemas
    """The schemas of each entry of a list; empty if they say nothing."""
    members: Mapping[str, tuple[_Schemas, bool]]
    """The schemas of each member, and whether it is required."""
    closed: bool
    """Whether a member with another name is unknown."""
    pointer: str
    """Where an unknown member would be described, without its name."""


class _Members:
    """The members of one operation's responses."""

    def __init__(self, name: str, overlay: Overlay) -> None:
        self._name = name
        self._document = overlay.document(DOCUMENT)
        self._elements = _elements(overlay)
        found = operation(name)
        stated = self._document["paths"][found.path][found.method]["responses"]["200"]
        response = resolve(self._document, stated)
        place = str(stated["$ref"])[1:] if "$ref" in stated else f"{found.pointer}/responses/200"
        base = f"{place}/content/{pointer_token('application/json')}/schema"
        self._schema: Node = response.get("content", {}).get("application/json", {}).get("schema", {})
        self._pointer = base
        self._places: dict[tuple[str, ...], _Place] = {}
        self._known: dict[str, _Member] = {}
        self._unknown: dict[tuple[str, str], Counter[str]] = {}
        """The types of unknown members, by path and by where they would be described."""

    def add(self, value: Any) -> None:
        """Take one response into account."""
        self._walk(self._place(((self._schema, self._pointer),)), value, "")

    def evidence(self) -> Iterator[MemberEvidence]:
        """Yield what is known of each member now."""
        for path, one in self._known.items():
            verdict, found = one.verdict()
            element = self._elements.get(one.pointer)
            yield MemberEvidence(
                operation=self._name,
                member=path,
                element=one.pointer,
                provenance=element.provenance.kind if element is not None else None,
                verdict=verdict,
                expected=self._expected(one),
                found=found,
                seen=one.seen,
                of=one.of,
                types=dict(sorted(one.types.items())),
                words=tuple(sorted(one.words)),
            )
        for (path, pointer), types in self._unknown.items():
            yield MemberEvidence(
                operation=self._name,
                member=path,
                element=pointer,
                provenance=None,
                verdict=Verdict.UNKNOWN,
                expected="",
                found=" or ".join(sorted(types)),
                seen=types.total(),
                of=types.total(),
                types=dict(sorted(types.items())),
            )

    def _expected(self, one: _Member) -> str:
        if one.listed:
            words = ", ".join(sorted(one.listed)[:6])
            return f"one of {words}" + (", null" if "null" in one.expected else "")
        kinds = " or ".join(sorted(one.expected, key=lambda kind: (kind == "null", kind))) or "anything"
        return f"{kinds} with an RFC 3339 time" if one.moment else kinds

    # Schemas: a list of alternatives, each with its pointer

    def _walk(self, place: _Place, value: Any, path: str) -> None:
        if isinstance(value, list):
            if place.items:
                each = self._place(place.items)
                for entry in value:
                    self._walk(each, entry, f"{path}[]")
            return
        if not isinstance(value, dict):
            return
        for name, (branches, required) in place.members.items():
            below = f"{path}.{name}" if path else name
            member = self._member(below, branches, required=required)
            member.of += 1
            if name in value:
                member.see(value[name])
                if isinstance(value[name], dict | list):
                    self._walk(self._place(branches), value[name], below)
        for name in value if place.closed else ():
            if name not in place.members:
                shown = name if is_structure(name) else HIDDEN
                below = f"{path}.{shown}" if path else shown
                at = f"{place.pointer}/properties/{pointer_token(shown)}"
                self._unknown.setdefault((below, at), Counter())[_type(value[name])] += 1

    def _place(self, schemas: _Schemas) -> _Place:
        """Return what schemas say about a value; worked out once, since lists have many rows."""
        key = tuple(at for _, at in schemas)
        if key not in self._places:
            flat = list(self._flat(schemas))
            items = tuple((one["items"], f"{at}/items") for one, at in flat if "items" in one)
            members = self._properties(flat, self._required(one for one, _ in schemas))
            is_open = any(one.get("additionalProperties") for one, _ in flat)
            at = next((at for one, at in flat if "properties" in one), "")
            self._places[key] = _Place(items, members, bool(members) and not is_open, at)
        return self._places[key]

    def _member(self, path: str, branches: _Schemas, *, required: bool) -> _Member:
        if path not in self._known:
            flat = [node for node, _ in self._flat(branches)]
            kinds = frozenset(kind for node in flat for kind in _kinds(node))
            listed = frozenset(one for node in flat for one in node.get("enum", ()) if isinstance(one, str))
            open_text = any("string" in _kinds(node) and "enum" not in node for node in flat)
            self._known[path] = _Member(
                pointer=branches[0][1],
                expected=kinds,
                listed=frozenset() if open_text else listed,
                moment=any(node.get("format") == "date-time" for node in flat),
                required=required,
            )
        return self._known[path]

    def _properties(
        self, flat: list[tuple[Node, str]], required: Collection[str]
    ) -> dict[str, tuple[_Schemas, bool]]:
        found: dict[str, list[tuple[Any, str]]] = {}
        for node, at in flat:
            for name, schema in node.get("properties", {}).items():
                found.setdefault(name, []).append((schema, f"{at}/properties/{pointer_token(name)}"))
        return {name: (tuple(branches), name in required) for name, branches in found.items()}

    def _required(self, schemas: Iterable[Any]) -> set[str]:
        """Return the members that every object has to which one of the schemas applies."""
        found: set[str] = set()
        for node in schemas:
            target = resolve(self._document, node) if "$ref" in node else node
            found |= set(target.get("required", ()))
            found |= self._required(target.get("allOf", ()))
            for key in ("anyOf", "oneOf"):
                each = [self._required([one]) for one in target.get(key, ()) if one.get("type") != "null"]
                found |= set.intersection(*each) if each else set()
        return found

    def _flat(self, schemas: Iterable[tuple[Any, str]]) -> Iterator[tuple[Node, str]]:
        """Yield schemas without `$ref`, `allOf`, `anyOf` and `oneOf`, all of which are followed."""
        for node, at in schemas:
            if not isinstance(node, Mapping):
                continue  # `true` and `false` say nothing of a member
            if "$ref" in node:
                target = resolve(self._document, node)
                where = str(node["$ref"]).removeprefix("#")
                yield from self._flat([({**target}, where)])
                continue
            yield node, at
            for key in ("allOf", "anyOf", "oneOf"):
                branches = [(one, f"{at}/{key}/{place}") for place, one in enumerate(node.get(key, ()))]
                yield from self._flat(branches)


def _kinds(node: Node) -> tuple[str, ...]:
    kinds = node.get("type", ())
    return (kinds,) if isinstance(kinds, str) else tuple(kinds)


def _type(value: Any) -> str:
    if value is None:
        return "null"
    if isinstance(value, bool):
        return "boolean"
    if isinstance(value, str):
        return "string"
    if isinstance(value, int):
        return "integer"
    return "array" if isinstance(value, list) else "object" if isinstance(value, dict) else "number"


def _admits(expected: frozenset[str], found: str) -> bool:
    return not expected or found in expected or (found == "integer" and "number" in expected)


def _is_moment(text: str) -> bool:
    try:
        parse_moment(text)
    except ValueError:
        return False
    return True
