"""The OpenAPI documents of the contract: load one, find an operation, follow a reference.

The documents are the files in `openapi/`, each named without its suffix. All callers share what `document`
returns, so do not change it; `parse_document(document_text(name))` returns a copy.
"""

import functools
import hashlib
from collections.abc import Callable, Iterator, Mapping
from importlib import resources
from importlib.resources.abc import Traversable
from typing import Any, cast

import msgspec
from msgspec.structs import replace

FORM = "application/x-www-form-urlencoded"
JSON = "application/json"
METHODS = ("get", "put", "post", "delete", "options", "head", "patch", "trace")

Node = Mapping[str, Any]

_DRAFT = "https://json-schema.org/draft/2020-12/schema"


class DocumentError(Exception):
    """A document, operation, response or reference does not exist, or an element lacks provenance."""


class Operation(msgspec.Struct, frozen=True):
    """One method of one path, in the document that describes it."""

    id: str
    path: str
    method: str
    """In lower case, as in OpenAPI."""
    document: str
    """The name of the document."""
    pointer: str
    """Its place in the document, as a JSON pointer."""
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
    """Return the YAML text of a document.

    Raises:
        DocumentError: no document has this name.
    """
    if name not in document_names():
        raise DocumentError(f"no document is named {name!r}; expected {', '.join(document_names())}")
    return _folder().joinpath(f"{name}.yaml").read_text("utf-8")


@functools.cache
def document(name: str) -> Node:
    """Return a parsed document.

    Raises:
        DocumentError: no document has this name.
    """
    text = document_text(name)
    return _compiled(name, text) or parse_document(text)


Load = Callable[[str], Node]
"""Returns a document by its name."""


def parse_document(text: str) -> Node:
    """Parse the YAML text of a document."""
    # libyaml is several times faster, but PyYAML lacks it on some platforms.
    import yaml

    loader = getattr(yaml, "CSafeLoader", yaml.SafeLoader)
    return cast(Node, yaml.load(text, Loader=loader))  # noqa: S506 - a safe loader


class _Compiled(msgspec.Struct):
    source: str
    document: dict[str, Any]


def compile_document(text: str) -> bytes:
    """Return a document as JSON, with the digest of its YAML text."""
    return msgspec.json.encode(_Compiled(_digest(text), dict(parse_document(text)))) + b"\n"


def _compiled(name: str, text: str) -> Node | None:
    # A server should start fast. The digest keeps stale JSON from being used.
    try:
        raw = _folder().joinpath("compiled", f"{name}.json").read_bytes()
        compiled = msgspec.json.decode(raw, type=_Compiled)
    except (OSError, msgspec.DecodeError):
        return None
    return compiled.document if compiled.source == _digest(text) else None


def _digest(text: str) -> str:
    return hashlib.sha256(text.encode()).hexdigest()


def contract_digest() -> str:
    """Return a digest of the whole contract, its documents and clauses: 12 hexadecimal digits."""
    clauses = resources.files("solusio_contracts").joinpath("clauses.toml").read_text("utf-8")
    return _digest("\0".join([*map(document_text, document_names()), clauses]))[:12]


# Operations


def operations(*names: str, load: Load = document) -> Iterator[Operation]:
    """Yield the operations of these documents, or of all documents when none is named."""
    for name in names or document_names():
        for path, item in load(name).get("paths", {}).items():
            for method in METHODS:
                if method in item:
                    node = item[method]
                    pointer = f"/paths/{pointer_token(path)}/{method}"
                    yield Operation(node["operationId"], path, method, name, pointer, node)


@functools.cache
def operation(operation_id: str) -> Operation:
    """Return an operation of any document.

    Raises:
        DocumentError: no operation has this id.
    """
    for candidate in operations():
        if candidate.id == operation_id:
            return candidate
    known = ", ".join(candidate.id for candidate in operations())
    raise DocumentError(f"no operation is named {operation_id!r}; expected {known}")


def response_schema(
    operation_id: str, status: int, media_type: str = JSON, *, load: Load = document
) -> dict[str, Any]:
    """Return the self-contained JSON Schema (draft 2020-12) of a response body.

    `load` returns the documents, perhaps with an overlay. When the document does not describe the body, the
    schema accepts anything.

    Raises:
        DocumentError: the operation does not exist, or has no such status or media type.
    """
    found = operation(operation_id)
    whole = load(found.document)
    found = replace(found, node=whole["paths"][found.path][found.method])
    responses = found.node["responses"]
    for key in (str(status), f"{status // 100}XX", "default"):
        if key in responses:
            response = resolve(whole, responses[key])
            if "content" not in response:
                return {"$schema": _DRAFT}
            return _complete(found, whole, response, media_type)
    raise DocumentError(f"{operation_id} has no response with status {status}")


def request_schema(operation_id: str, media_type: str = FORM) -> dict[str, Any]:
    """Return the self-contained JSON Schema (draft 2020-12) of a request body.

    Raises:
        DocumentError: the operation does not exist, or takes no body of this media type.
    """
    found = operation(operation_id)
    whole = document(found.document)
    body = resolve(whole, found.node.get("requestBody", {}))
    return _complete(found, whole, body, media_type)


def _complete(found: Operation, whole: Node, holder: Node, media_type: str) -> dict[str, Any]:
    media = holder.get("content", {}).get(media_type)
    if media is None:
        raise DocumentError(f"{found.id} has no such body of type {media_type}")
    schema = media.get("schema", {})
    return {"$schema": _DRAFT, **schema, "components": _components(whole, schema)}


def _components(whole: Node, schema: Node) -> dict[str, dict[str, Any]]:
    """Return the components that a schema refers to, so that `#/components/schemas/X` still resolves.

    All components would do too, but a validator of each operation would then carry the whole document.
    """
    found: dict[str, dict[str, Any]] = {}
    waiting: list[Any] = [schema]
    while waiting:
        node = waiting.pop()
        if isinstance(node, list):
            waiting += node
        elif isinstance(node, Mapping):
            waiting += node.values()
            match str(node.get("$ref", "")).split("/"):
                case ["#", "components", kind, name, *_] if name not in found.get(kind, {}):
                    component = whole["components"][kind][name]
                    found.setdefault(kind, {})[name] = component
                    waiting.append(component)
    return found


def resolve(whole: Node, node: Node) -> Node:
    """Follow `$ref` from a node of a document to the end.

    Keys beside a `$ref`, such as a description, override those of its target.

    Raises:
        DocumentError: a reference has no target, leaves the document, or is circular.
    """
    seen: set[str] = set()
    while "$ref" in node:
        reference = node["$ref"]
        if reference in seen:
            raise DocumentError(f"$ref {reference} is circular")
        seen.add(reference)
        beside = {key: value for key, value in node.items() if key != "$ref"}
        node = {**_at(whole, reference), **beside}
    return node


def _at(whole: Node, reference: str) -> Node:
    place: Any = whole
    if not reference.startswith("#/"):
        raise DocumentError(f"$ref {reference} leaves the document")
    for part in reference[2:].split("/"):
        try:
            place = place[part.replace("~1", "/").replace("~0", "~")]
        except (KeyError, TypeError):
            raise DocumentError(f"$ref {reference} has no target") from None
    return cast(Node, place)


def pointer_token(part: str) -> str:
    """Return a key as it is written in a JSON pointer (RFC 6901)."""
    return part.replace("~", "~0").replace("/", "~1")
