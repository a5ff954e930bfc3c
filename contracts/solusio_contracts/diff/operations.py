"""Reads the operations of a document in a form that can be compared with another document's. Pure.

Two documents of one API often differ in details that do not matter: the base path may be in `servers` or in
every path, path parameters have other names, a path may end in a slash, a media type may have a charset.
"""

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import urlsplit

import msgspec

from solusio_contracts.contract.documents import FORM, JSON, METHODS, Node
from solusio_contracts.contract.elements import Statement, elements
from solusio_contracts.diff.findings import WantedOperation, WantedPart
from solusio_contracts.diff.shape import Schemas

_TEMPLATE = re.compile(r"\{([^{}]*)\}")
_PREFIX = re.compile(r"^/*api(/v\d+)?(?=/|$)|^/*v\d+(?=/|$)", re.IGNORECASE)
_API = re.compile(r"/api(/v\d+)?(?=/|$)", re.IGNORECASE)
_MEDIA = (JSON, "*/*", FORM, "multipart/form-data")
_NOT_PARAMETERS = {"accept", "content-type", "authorization"}
"""Headers that OpenAPI describes elsewhere, so that parameters of these names have no meaning."""

MOST = 400
"""Parameters and members listed for one operation."""
_DEEPEST = 6
"""Levels of members that are listed."""

Key = tuple[str, str]
"""The method and path of an operation, with `{}` for each parameter."""


@dataclass(frozen=True, slots=True)
class Parameter:
    """A parameter of an operation."""

    where: str
    """`query`, `header`, `cookie` or `path`."""
    name: str
    spelled: str
    required: bool
    schema: Node
    node: Node


@dataclass(frozen=True, slots=True)
class Body:
    """The body of a request or response, in its most important media type."""

    media: str
    """In lower case, without parameters; may be empty."""
    schema: Node
    node: Node
    required: bool = False


@dataclass(frozen=True, slots=True)
class Response:
    """A response, with or without a body."""

    node: Node
    body: Body | None


@dataclass(frozen=True, slots=True)
class ApiOperation:
    """An operation as a document describes it."""

    key: Key
    method: str
    path: str
    """As written in the document."""
    id: str
    summary: str
    node: Node
    path_parameters: tuple[Parameter, ...]
    """In the order of the path."""
    parameters: Mapping[Key, Parameter]
    """The others, by place and name."""
    request: Body | None
    responses: Mapping[str, Response]

    def __str__(self) -> str:
        """Return `GET /users/{user_id}`."""
        return f"{self.method.upper()} {self.path}"


@dataclass(slots=True)
class SourceDocument:
    """A document ready to be compared: its operations, its schemas, and where its elements are."""

    whole: Node
    schemas: Schemas = field(init=False)
    operations: dict[Key, ApiOperation] = field(init=False)
    same_path: list[str] = field(default_factory=list)
    """Operations that do not differ from an earlier one in what matters, and so are ignored."""
    beyond_3_1: list[str] = field(default_factory=list)
    """What the document says in ways of OpenAPI 3.2, which are not read."""
    _pointers: dict[int, str] = field(init=False)

    def __post_init__(self) -> None:
        self.schemas = Schemas(self.whole)
        self.operations = {}
        for found in self._operations():
            if found.key in self.operations:
                self.same_path.append(str(found))
            else:
                self.operations[found.key] = found
        self._pointers = {}

    @property
    def title(self) -> str:
        """The title of the document."""
        info = self.whole.get("info")
        return str(info.get("title") or "") if isinstance(info, Mapping) else ""

    def know_pointers(self) -> None:
        """Prepare `pointer`; only for our own documents, which are well-formed."""
        self._pointers = {id(element.node): element.pointer for element in elements(self.whole)}

    def pointer(self, node: Node) -> str:
        """Return the JSON pointer to a node, or an empty text if it is unknown."""
        return self._pointers.get(id(node), "")

    def _operations(self) -> Iterator[ApiOperation]:
        paths = self.whole.get("paths")
        for path, raw in paths.items() if isinstance(paths, Mapping) else ():
            item = self.schemas.resolved(raw)
            base = _base(item.get("servers") or self.whole.get("servers"))
            self.beyond_3_1 += [f"{method} {path}" for method in _methods_of_3_2(item)]
            for method in METHODS:
                if isinstance(node := item.get(method), Mapping):
                    yield self._described(method, str(path), base, item, node)

    def _described(self, method: str, path: str, base: str, item: Node, node: Node) -> ApiOperation:
        full = f"{base}/{_PREFIX.sub('', path, count=1)}"
        normal = "/" + "/".join(part for part in full.split("/") if part)
        found = list(self._parameters(item, node))
        in_path = {parameter.name: parameter for parameter in found if parameter.where == "path"}
        names = [name.rstrip("?") for name in _TEMPLATE.findall(normal)]
        return ApiOperation(
            key=(method, _TEMPLATE.sub("{}", normal)),
            method=method,
            path=path,
            id=str(node.get("operationId") or ""),
            summary=str(node.get("summary") or ""),
            node=node,
            path_parameters=tuple(
                in_path.get(name, Parameter("path", name, name, True, {}, {})) for name in names
            ),
            parameters={
                (parameter.where, parameter.name): parameter
                for parameter in found
                if parameter.where != "path"
            },
            request=self._body(node.get("requestBody")),
            responses=self._responses(node.get("responses")),
        )

    def _parameters(self, item: Node, node: Node) -> Iterator[Parameter]:
        """Yield the parameters; those of the operation itself come last and take precedence."""
        for holder in (item, node):
            listed = holder.get("parameters")
            for raw in listed if isinstance(listed, list) else ():
                stated = self.schemas.resolved(raw)
                where, spelled = str(stated.get("in") or ""), str(stated.get("name") or "")
                if where == "header" and spelled.lower() in _NOT_PARAMETERS:
                    continue
                if where == "querystring":
                    self.beyond_3_1.append(f"the querystring {spelled}")
                if where in ("query", "path", "header", "cookie") and spelled:
                    yield from self._parameter(where, spelled, stated)

    def _parameter(self, where: str, spelled: str, stated: Node) -> Iterator[Parameter]:
        schema = stated.get("schema")
        if not isinstance(schema, Mapping):
            content = stated.get("content")
            media: Any = next(iter(content.values()), {}) if isinstance(content, Mapping) else {}
            schema = media.get("schema") if isinstance(media, Mapping) else {}
        name, schema = self.schemas.unbracketed(spelled, schema)
        required = stated.get("required") is True or where == "path"
        members = self.schemas.shape(schema).members
        if where == "query" and members:
            # An object in the query is sent as filter[search]=..., and most documents describe it so.
            for inner, member in members.items():
                whole = f"{name}[{inner}]"
                yield Parameter(where, whole, whole, required and member.required, member.node, stated)
            return
        yield Parameter(where, name.lower() if where == "header" else name, spelled, required, schema, stated)

    def _body(self, raw: Any) -> Body | None:
        node = self.schemas.resolved(raw)
        content = node.get("content")
        if not isinstance(content, Mapping) or not content:
            return None
        ranked = sorted(content.items(), key=lambda entry: _rank(_media(str(entry[0]))))
        media, held = ranked[0]
        # In OpenAPI 3.2, a media type may be a reference, and describe the items of a stream.
        held = self.schemas.resolved(held)
        if "itemSchema" in held:
            self.beyond_3_1.append(f"the items of {media}")
        schema = held.get("schema")
        schema = schema if isinstance(schema, Mapping) else {}
        return Body(_media(str(media)), schema, node, node.get("required") is True)

    def _responses(self, raw: Any) -> dict[str, Response]:
        found = raw.items() if isinstance(raw, Mapping) else ()
        return {
            str(status).upper() if str(status) != "default" else "default": Response(
                self.schemas.resolved(response), self._body(response)
            )
            for status, response in found
            if not str(status).startswith("x-")
        }


def statement(node: Node) -> Statement | None:
    """Return the provenance of an element, or None if it has no valid one."""
    try:
        return msgspec.convert(node["x-provenance"], Statement)
    except (KeyError, msgspec.ValidationError):
        return None


def is_json(media: str) -> bool:
    """Whether a media type is JSON, or any type."""
    return media in (JSON, "*/*", "application/*", "text/json") or media.endswith("+json")


def paired(
    our: Mapping[str, Response], their: Mapping[str, Response]
) -> tuple[list[tuple[str, str]], list[str], list[str]]:
    """Return the pairs of statuses to compare, those only in ours, and those only in theirs."""
    pairs = [(status, status) for status in our if status in their]
    mine = [status for status in our if status not in their]
    other = [status for status in their if status not in our]
    # Where one document has 200 and the other 201, both mean the one success of the operation.
    pairs += zip(
        [status for status in mine if status.startswith("2")],
        [status for status in other if status.startswith("2")],
        strict=False,
    )
    if not any(status.startswith("2") for status in their) and "default" in their:
        pairs += [(status, "default") for status in mine if status.startswith("2")]
    paired = {status for status, _ in pairs}
    for status in mine:
        if status in paired:
            continue
        if cover := next((one for one in (f"{status[0]}XX", "default") if one in their), ""):
            pairs.append((status, cover))
    # A range of ours is compared with the first status of theirs that it covers; it covers the others too.
    covered: dict[str, str] = {}
    for status in other:
        if cover := next((one for one in (f"{status[0]}XX", "default") if one in mine), ""):
            covered.setdefault(cover, status)
    pairs += covered.items()
    ours_met = {status for status, _ in pairs}
    theirs_met = {status for _, status in pairs}
    return (
        pairs,
        [status for status in mine if status not in ours_met],
        [
            status
            for status in other
            if status not in theirs_met and not {f"{status[0]}XX", "default"} & our.keys()
        ],
    )


def _base(servers: Any) -> str:
    """Return what the first server's URL adds after `/api/v1`; where the API is mounted does not matter."""
    first = servers[0] if isinstance(servers, list) and servers else None
    url = first.get("url") if isinstance(first, Mapping) else None
    if not isinstance(url, str):
        return ""
    try:
        path = urlsplit(_TEMPLATE.sub("host", url)).path
    except ValueError:
        return ""
    found = list(_API.finditer(path))
    return path[found[-1].end() :] if found else ""


def _methods_of_3_2(item: Node) -> Iterator[str]:
    if isinstance(item.get("query"), Mapping):
        yield "QUERY"
    additional = item.get("additionalOperations")
    yield from map(str, additional if isinstance(additional, Mapping) else ())


def _media(text: str) -> str:
    return text.partition(";")[0].strip().lower()


def _rank(media: str) -> int:
    if is_json(media):
        return 0
    return _MEDIA.index(media) if media in _MEDIA else len(_MEDIA)


# Operations of the vendor's that ours lacks


def wanted(source: SourceDocument, operation: ApiOperation) -> WantedOperation:
    """Return the parameters of an operation that ours lacks, and the members of its request and success."""
    parts = [
        _part(source, one.where, one.name, one.schema, one.required, one.node)
        for one in (*operation.path_parameters, *operation.parameters.values())
    ]
    if operation.request:
        parts += _parts(source, "request", "", operation.request.schema, frozenset())
    for status, response in operation.responses.items():
        if response.body and (status.startswith("2") or status == "default"):
            parts += _parts(source, f"response {status}", "", response.body.schema, frozenset())
    return WantedOperation(str(operation), operation.summary, tuple(parts[:MOST]))


def is_billing(operation: ApiOperation) -> bool:
    """Whether an operation is about billed usage, which no public client uses."""
    parts = [part for part in operation.key[1].split("/") if part]
    return parts[:1] == ["usage"] or any("billing" in part for part in parts)


def _parts(
    source: SourceDocument, where: str, prefix: str, schema: Node, above: frozenset[int]
) -> list[WantedPart]:
    """Return the members of a schema; a schema inside itself is not followed again."""
    parts: list[WantedPart] = []
    schemas = source.schemas
    own = id(schemas.canonical(schema))
    if own in above or len(above) >= _DEEPEST:
        return parts
    shape = schemas.shape(schema)
    above |= {own}
    if shape.items is not None:
        parts += _parts(source, where, f"{prefix}[]", shape.items, above)
    for name, member in shape.members.items():
        if len(parts) >= MOST:
            break
        place = f"{prefix}.{name}".removeprefix(".")
        parts.append(_part(source, where, place, member.node, member.required, member.node))
        parts += _parts(source, where, place, member.node, above)
    return parts


def _part(
    source: SourceDocument, where: str, name: str, schema: Node, required: bool, node: Node
) -> WantedPart:
    said = node.get("description") or source.schemas.resolved(schema).get("description") or ""
    return WantedPart(where, name, source.schemas.describe(schema), required, " ".join(str(said).split()))
