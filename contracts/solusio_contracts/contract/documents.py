"""The OpenAPI documents of the contract: loaded once, found by operationId, walked element by element.

They live in `openapi/`; a document's name is its file name without the suffix. What is returned is shared
between all callers: read it, do not change it. `document_text` gives each caller a document of his own.
"""

import functools
import hashlib
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from importlib import resources
from importlib.resources.abc import Traversable
from typing import Any, cast

import msgspec

from solusio_contracts.contract.clauses import Clause, Provenance, clause
from solusio_contracts.decoding import MisfitError, convert

FORM = "application/x-www-form-urlencoded"
JSON = "application/json"
METHODS = ("get", "put", "post", "delete", "options", "head", "patch", "trace")

Node = Mapping[str, Any]

_DRAFT = "https://json-schema.org/draft/2020-12/schema"


class DocumentError(Exception):
    """A document, operation, response or reference does not exist, or an element lacks provenance."""


class Statement(msgspec.Struct, frozen=True, forbid_unknown_fields=True, kw_only=True):
    """The `x-provenance` of an element: who states it.

    `source` names the vendor's step or the observed project. `reason` says why we assume it; beside a source
    it says what we added to it.
    """

    kind: Provenance
    source: str = ""
    reason: str = ""


@dataclass(frozen=True, slots=True)
class Element:
    """A part of a document that makes a statement of its own, and so needs provenance."""

    kind: str
    """Such as `operation` or `property`, a key of `GRAMMAR`."""
    pointer: str
    """Where it stands in its document: a JSON pointer (RFC 6901)."""
    node: Node

    @property
    def provenance(self) -> Statement:
        """Who states it.

        Raises:
            DocumentError: `x-provenance` is missing, malformed, or without its source or reason.
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
                f"x-provenance of {self.kind} {self.pointer}: {statement.kind} without a {needed}"
            )
        return statement

    @property
    def clauses(self) -> tuple[Clause, ...]:
        """The clauses it cites in `x-clauses`.

        Raises:
            ClauseError: a clause does not exist.
        """
        return tuple(clause(clause_id) for clause_id in self.node.get("x-clauses", ()))


@dataclass(frozen=True, slots=True)
class Operation:
    """One method of one path, in the document that describes it."""

    id: str
    path: str
    method: str
    """In small letters, as OpenAPI writes it."""
    document: str
    """Name of the document."""
    pointer: str
    """Where it stands in the document: a JSON pointer."""
    node: Node


# Loading


def _folder() -> Traversable:
    return resources.files("solusio_contracts").joinpath("openapi")


@functools.cache
def document_names() -> tuple[str, ...]:
    """Return the names of all documents, sorted."""
    files = (file.name for file in _folder().iterdir())
    return tuple(sorted(name.removesuffix(".yaml") for name in files if name.endswith(".yaml")))


def document_text(name: str) -> str:
    """Return a document as it is written, in YAML.

    Raises:
        DocumentError: there is none of this name.
    """
    if name not in document_names():
        raise DocumentError(f"no document {name!r}; there is {', '.join(document_names())}")
    return _folder().joinpath(f"{name}.yaml").read_text("utf-8")


@functools.cache
def document(name: str) -> Node:
    """Return a document, parsed.

    Raises:
        DocumentError: there is none of this name.
    """
    text = document_text(name)
    return _compiled(name, text) or parse_document(text)


def parse_document(text: str) -> Node:
    """Return a document that is written in YAML, parsed."""
    # libyaml is several times faster; PyYAML comes without it on a few platforms.
    import yaml

    loader = getattr(yaml, "CSafeLoader", yaml.SafeLoader)
    return cast(Node, yaml.load(text, Loader=loader))  # noqa: S506 - a safe loader


class _Compiled(msgspec.Struct):
    source: str
    document: dict[str, Any]


def compile_document(text: str) -> bytes:
    """Return a document as JSON, with the digest of the text that it was read from."""
    return msgspec.json.encode(_Compiled(_digest(text), dict(parse_document(text)))) + b"\n"


def _compiled(name: str, text: str) -> Node | None:
    # JSON is read a hundred times faster than YAML, and a server should start fast. What does not belong to
    # exactly this text is not used.
    try:
        raw = _folder().joinpath("compiled", f"{name}.json").read_bytes()
        compiled = msgspec.json.decode(raw, type=_Compiled)
    except (OSError, msgspec.DecodeError):
        return None
    return compiled.document if compiled.source == _digest(text) else None


def _digest(text: str) -> str:
    return hashlib.sha256(text.encode()).hexdigest()


# Operations


def operations(*names: str) -> Iterator[Operation]:
    """Yield the operations of these documents, of all when none is named."""
    for name in names or document_names():
        for path, item in document(name).get("paths", {}).items():
            for method in METHODS:
                if method in item:
                    node = item[method]
                    pointer = f"/paths/{_escaped(path)}/{method}"
                    yield Operation(node["operationId"], path, method, name, pointer, node)


@functools.cache
def operation(operation_id: str) -> Operation:
    """Return an operation of any document.

    Raises:
        DocumentError: there is none with this id.
    """
    for candidate in operations():
        if candidate.id == operation_id:
            return candidate
    known = ", ".join(candidate.id for candidate in operations())
    raise DocumentError(f"no operation {operation_id!r} in any document; there is {known}")


def response_schema(operation_id: str, status: int, media_type: str = JSON) -> dict[str, Any]:
    """Return the JSON Schema (draft 2020-12, complete in itself) of a response body.

    A response whose body the document leaves open has the empty schema, which anything satisfies.

    Raises:
        DocumentError: no such operation, or the document knows no such status or media type.
    """
    found = operation(operation_id)
    responses = found.node["responses"]
    for key in (str(status), f"{status // 100}XX", "default"):
        if key in responses:
            response = resolve(document(found.document), responses[key])
            if "content" not in response:
                return {"$schema": _DRAFT}
            return _complete(found, response, media_type)
    raise DocumentError(f"{operation_id} has no response with status {status}")


def request_schema(operation_id: str, media_type: str = FORM) -> dict[str, Any]:
    """Return the JSON Schema (draft 2020-12, complete in itself) of a request body.

    Raises:
        DocumentError: no such operation, or it takes no body of this media type.
    """
    found = operation(operation_id)
    body = resolve(document(found.document), found.node.get("requestBody", {}))
    return _complete(found, body, media_type)


def _complete(found: Operation, holder: Node, media_type: str) -> dict[str, Any]:
    media = holder.get("content", {}).get(media_type)
    if media is None:
        raise DocumentError(f"{found.id} has no such body of type {media_type}")
    # References such as #/components/schemas/X hold in the schema as they do in the document: the
    # components come along.
    components = document(found.document).get("components", {})
    return {"$schema": _DRAFT, **media.get("schema", {}), "components": components}


def resolve(whole: Node, node: Node) -> Node:
    """Follow `$ref` from a node of a document, until it leads no further.

    What stands beside a `$ref` (a description, provenance) takes precedence over what it leads to.

    Raises:
        DocumentError: the reference leads nowhere, out of the document, or in a circle.
    """
    seen: set[str] = set()
    while "$ref" in node:
        reference = node["$ref"]
        if reference in seen:
            raise DocumentError(f"$ref {reference} leads in a circle")
        seen.add(reference)
        beside = {key: value for key, value in node.items() if key != "$ref"}
        node = {**_at(whole, reference), **beside}
    return node


def _at(whole: Node, reference: str) -> Node:
    place: Any = whole
    if not reference.startswith("#/"):
        raise DocumentError(f"$ref {reference} leads out of the document")
    for part in reference[2:].split("/"):
        try:
            place = place[part.replace("~1", "/").replace("~0", "~")]
        except (KeyError, TypeError):
            raise DocumentError(f"$ref {reference} leads nowhere") from None
    return cast(Node, place)


# Elements

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
"""What each kind of node holds: key, form (one node, a list of items, a mapping to values), kind."""

NEED_PROVENANCE = frozenset({"operation", "parameter", "request body", "response", "header", "property"})
"""The kinds that must say where they come from; a node of another kind may."""


def elements(whole: Node) -> Iterator[Element]:
    """Yield each element of a document: what must have provenance, and what has it of its own accord.

    A parameter, body, response or header that is a mere `$ref` is an element where it is defined.
    """
    yield from _walk("document", "", whole)


def elements_with_provenance(name: str) -> Iterator[tuple[Element, Statement]]:
    """Yield each element of a document of this name with its provenance.

    Raises:
        DocumentError: no such document, or an element without valid provenance.
    """
    for element in elements(document(name)):
        yield element, element.provenance


def _walk(kind: str, pointer: str, node: Any) -> Iterator[Element]:
    if not isinstance(node, Mapping):
        # `true` and `false` are schemas, too. As a property they lack the provenance they need.
        if kind in NEED_PROVENANCE:
            yield Element(kind, pointer, {})
        return
    mere_reference = set(node) == {"$ref"} and kind != "property"
    if (kind in NEED_PROVENANCE and not mere_reference) or "x-provenance" in node:
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
                yield from _walk(child_kind, f"{below}/{_escaped(name)}", child)


def _escaped(part: str) -> str:
    return part.replace("~", "~0").replace("/", "~1")
