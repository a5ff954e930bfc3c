"""What a request to an operation consists of: its path, its parameters and its body.

A server needs this alone, and the whole document takes 3 MiB of memory and ten times as long to load. So it
is compiled, like the documents.
"""

import functools
from collections.abc import Iterator, Mapping
from typing import Any, Final

import msgspec

from solusio_contracts.contract.documents import (
    JSON,
    Compiled,
    DocumentError,
    Node,
    Operation,
    document,
    operations,
    read_compiled,
    request_schema,
    resolve,
)

SIGNATURES: Final = ".signatures"
BODIES: Final = ".bodies"
"""What the names of compiled files have besides that of the document."""


class Signature(msgspec.Struct, frozen=True, eq=False, kw_only=True):
    """An operation of a document, as far as requests to it are concerned."""

    id: str
    method: str
    """In upper case, as in HTTP."""
    path: str
    path_parameters: Mapping[str, Mapping[str, Any]]
    """Schemas by name."""
    query: Mapping[str, Mapping[str, Any]]
    """Schemas of the query parameters by name."""
    required: tuple[str, ...]
    """The query parameters without which a request is invalid."""
    takes_body: bool
    members: tuple[str, ...] | None
    """Names of the members of its JSON body; None if it takes none, or the document does not say."""
    is_public: bool
    """Whether it needs no credentials."""


@functools.cache
def signatures(name: str) -> Mapping[str, Signature]:
    """Return the operations of a document by id, in its order.

    Raises:
        DocumentError: no document has this name.
    """
    return read_compiled(name, Compiled[dict[str, Signature]], SIGNATURES) or read_signatures(name)


@functools.cache
def body_schemas(name: str) -> Mapping[str, msgspec.Raw]:
    """Return the self-contained JSON Schemas (draft 2020-12) of JSON bodies, each as JSON, by operation id.

    Raises:
        DocumentError: no document has this name.
    """
    return read_compiled(name, Compiled[dict[str, msgspec.Raw]], BODIES) or read_body_schemas(name)


def read_signatures(name: str) -> dict[str, Signature]:
    """Return what `signatures` returns, from the document itself."""
    whole = document(name)
    return {found.id: _signature(whole, found) for found in operations(name)}


def read_body_schemas(name: str) -> dict[str, msgspec.Raw]:
    """Return what `body_schemas` returns, from the document itself."""
    return {
        found.id: msgspec.Raw(msgspec.json.encode(request_schema(found.id, JSON), order="sorted"))
        for found in operations(name)
        if _content(document(name), found) is not None
    }


def _signature(whole: Node, found: Operation) -> Signature:
    shared = whole["paths"][found.path].get("parameters", ())
    parameters = [resolve(whole, one) for one in (*shared, *found.node.get("parameters", ()))]
    schemas: dict[str, dict[str, Node]] = {"path": {}, "query": {}}
    for one in parameters:
        schemas.setdefault(one["in"], {})[one["name"]] = resolve(whole, one["schema"])
    return Signature(
        id=found.id,
        method=found.method.upper(),
        path=found.path,
        path_parameters=schemas["path"],
        query=schemas["query"],
        required=tuple(one["name"] for one in parameters if one["in"] == "query" and one.get("required")),
        takes_body="requestBody" in found.node,
        members=_members(whole, found),
        is_public=found.node.get("security", whole.get("security")) == [],
    )


def _content(whole: Node, found: Operation) -> Node | None:
    """Return what the document says about the JSON body of an operation."""
    body = resolve(whole, found.node.get("requestBody", {}))
    content: Node | None = body.get("content", {}).get(JSON)
    return content


def _members(whole: Node, found: Operation) -> tuple[str, ...] | None:
    content = _content(whole, found) or {}
    return tuple(sorted({*_properties(content.get("schema", {}), whole)})) or None


def _properties(schema: Node, whole: Node) -> Iterator[str]:
    try:
        schema = resolve(whole, schema)
    except DocumentError:
        return
    yield from schema.get("properties", ())
    for name in ("allOf", "anyOf", "oneOf"):
        for part in schema.get(name, ()):
            yield from _properties(part, whole)
