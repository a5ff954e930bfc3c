"""The OpenAPI documents of the contract: load one, find an operation, follow a reference.

The documents are the files in `openapi/`, each named without its suffix. All callers share what `document`
returns, so do not change it; `parse_document(document_text(name))` returns a copy.
"""

import functools
import hashlib
from collections.abc import Callable, Iterator, Mapping
from pathlib import Path
from typing import Any, Final, Generic, TypeVar, cast

import msgspec
from msgspec.structs import replace

FORM = "application/x-www-form-urlencoded"
JSON = "application/json"
METHODS = ("get", "put", "post", "delete", "options", "head", "patch", "trace")

FOLDER: Final = Path(__file__).parents[1] / "openapi"
COMPILED: Final = FOLDER / "compiled"

Node = Mapping[str, Any]
T = TypeVar("T")

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


@functools.cache
def document_names() -> tuple[str, ...]:
    """Return the names of all documents, sorted."""
    return tuple(sorted(file.stem for file in FOLDER.glob("*.yaml")))


def document_text(name: str) -> str:
    """Return the YAML text of a document.

    Raises:
        DocumentError: no document has this name.
    """
    return _file(name).read_text("utf-8")


def _file(name: str) -> Path:
    if name not in document_names():
        raise DocumentError(f"no document is named {name!r}; expected {', '.join(document_names())}")
    return FOLDER / f"{name}.yaml"


@functools.cache
def document(name: str) -> Node:
    """Return a parsed document.

    Raises:
        DocumentError: no document has this name.
    """
    return read_compiled(name, Compiled[dict[str, Any]]) or parse_document(document_text(name))


Load = Callable[[str], Node]
"""Returns a document by its name."""


def parse_document(text: str) -> Node:
    """Parse the YAML text of a document."""
    # libyaml is several times faster, but PyYAML lacks it on some platforms.
    import yaml

    loader = getattr(yaml, "CSafeLoader", yaml.SafeLoader)
    return cast(Node, yaml.load(text, Loader=loader))  # noqa: S506 - a safe loader


class Compiled(msgspec.Struct, Generic[T], frozen=True):
    """A document, or what follows from it, as JSON that loads fast."""

    source: str
    """A digest of the YAML text."""
    content: T


def compiled(name: str, content: object) -> bytes:
    """Return what follows from a document as JSON, with the digest of its text.

    Raises:
        DocumentError: no document has this name.
    """
    return msgspec.json.encode(Compiled(_source(name), content)) + b"\n"


def read_compiled(name: str, kind: type[Compiled[T]], part: str = "") -> T | None:
    """Return what was compiled from the present text of a document; None if it was compiled from another.

    Raises:
        DocumentError: no document has this name.
    """
    source = _source(name)
    try:
        found = msgspec.json.decode(COMPILED.joinpath(f"{name}{part}.json").read_bytes(), type=kind)
    except (OSError, msgspec.DecodeError):
        return None
    return found.content if found.source == source else None


def _source(name: str) -> str:
    # In pieces: a server reads the file at its start, and would keep what the whole text took.
    with _file(name).open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


def contract_digest() -> str:
    """Return a digest of the whole contract, its documents and clauses: 12 hexadecimal digits."""
    clauses = FOLDER.with_name("clauses.toml").read_text("utf-8")
    texts = "\0".join([*map(document_text, document_names()), clauses])
    return hashlib.sha256(texts.encode()).hexdigest()[:12]


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
