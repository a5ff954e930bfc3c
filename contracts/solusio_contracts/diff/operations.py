"""The operations of a document in a form in which those of two documents can be matched.

Two documents of one API rarely agree in what does not matter: the base path may stand in `servers` or in
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
from solusio_contracts.diff.shape import Schemas

_TEMPLATE = re.compile(r"\{([^{}]*)\}")
_PREFIX = re.compile(r"^/*api(/v\d+)?(?=/|$)|^/*v\d+(?=/|$)", re.IGNORECASE)
_API = re.compile(r"/api(/v\d+)?(?=/|$)", re.IGNORECASE)
_MEDIA = (JSON, "*/*", FORM, "multipart/form-data")
_NOT_PARAMETERS = {"accept", "content-type", "authorization"}
"""Headers that OpenAPI describes elsewhere; as parameters they mean nothing."""

Key = tuple[str, str]
"""Method and path of an operation, with `{}` for each parameter."""


@dataclass(frozen=True, slots=True)
class Parameter:
    """A parameter that is not in the path, or one that is, by its place."""

    where: str
    """`query`, `header`, `cookie` or `path`."""
    name: str
    spelled: str
    required: bool
    schema: Node
    node: Node


@dataclass(frozen=True, slots=True)
class Body:
    """The body of a request or response, in the media type that matters most."""

    media: str
    """Without parameters, in small letters; empty for a body of no type."""
    schema: Node
    node: Node
    required: bool = False


@dataclass(frozen=True, slots=True)
class Response:
    """A response, with or without a body."""

    node: Node
    body: Body | None


@dataclass(frozen=True, slots=True)
class Described:
    """An operation as one document describes it."""

    key: Key
    method: str
    path: str
    """As the document writes it."""
    id: str
    summary: str
    node: Node
    path_parameters: tuple[Parameter, ...]
    """In the order of the path."""
    parameters: Mapping[Key, Parameter]
    """The others, by where they are and their name."""
    request: Body | None
    responses: Mapping[str, Response]

    def __str__(self) -> str:
        """Return `GET /users/{user_id}`."""
        return f"{self.method.upper()} {self.path}"


@dataclass(slots=True)
class Source:
    """A document, ready to be compared: its operations, its schemas, who states what."""

    whole: Node
    schemas: Schemas = field(init=False)
    operations: dict[Key, Described] = field(init=False)
    same_path: list[str] = field(default_factory=list)
    """Operations that differ from an earlier one in nothing that matters, and so are passed over."""
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
        """What the document calls itself."""
        info = self.whole.get("info")
        return str(info.get("title") or "") if isinstance(info, Mapping) else ""

    def know_pointers(self) -> None:
        """Prepare `pointer`; only our own documents, which are well-formed, are walked."""
        self._pointers = {id(element.node): element.pointer for element in elements(self.whole)}

    def pointer(self, node: Node) -> str:
        """Return where a node stands (a JSON pointer), empty if that is not known."""
        return self._pointers.get(id(node), "")

    def _operations(self) -> Iterator[Described]:
        paths = self.whole.get("paths")
        for path, raw in paths.items() if isinstance(paths, Mapping) else ():
            item = self.schemas.resolved(raw)
            base = _base(item.get("servers") or self.whole.get("servers"))
            for method in METHODS:
                if isinstance(node := item.get(method), Mapping):
                    yield self._described(method, str(path), base, item, node)

    def _described(self, method: str, path: str, base: str, item: Node, node: Node) -> Described:
        full = f"{base}/{_PREFIX.sub('', path, count=1)}"
        normal = "/" + "/".join(part for part in full.split("/") if part)
        found = list(self._parameters(item, node))
        in_path = {parameter.name: parameter for parameter in found if parameter.where == "path"}
        names = [name.rstrip("?") for name in _TEMPLATE.findall(normal)]
        return Described(
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
        """Yield the parameters; an operation's own come last and so take precedence."""
        for holder in (item, node):
            listed = holder.get("parameters")
            for raw in listed if isinstance(listed, list) else ():
                stated = self.schemas.resolved(raw)
                where, spelled = str(stated.get("in") or ""), str(stated.get("name") or "")
                if where == "header" and spelled.lower() in _NOT_PARAMETERS:
                    continue
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
            # An object in the query travels as filter[search]=..., which is how most documents write it.
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
        schema = held.get("schema") if isinstance(held, Mapping) else None
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
    """Return the provenance of an element, None when it has none that is valid."""
    try:
        return msgspec.convert(node["x-provenance"], Statement)
    except (KeyError, msgspec.ValidationError):
        return None


def is_json(media: str) -> bool:
    """Whether a media type is JSON, or leaves open what it is."""
    return media in (JSON, "*/*", "application/*", "text/json") or media.endswith("+json")


def paired(
    our: Mapping[str, Response], their: Mapping[str, Response]
) -> tuple[list[tuple[str, str]], list[str], list[str]]:
    """Return which statuses stand for each other, those only ours has, those only theirs has."""
    pairs = [(status, status) for status in our if status in their]
    mine = [status for status in our if status not in their]
    other = [status for status in their if status not in our]
    # An operation that succeeds with 200 here and 201 there has one success, whose status is in dispute.
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
    # A range of ours meets the first status of theirs that it covers; the others are covered as well.
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
    """Return what the first server's URL adds behind `/api/v1`; where the API is mounted does not matter."""
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


def _media(text: str) -> str:
    return text.partition(";")[0].strip().lower()


def _rank(media: str) -> int:
    if is_json(media):
        return 0
    return _MEDIA.index(media) if media in _MEDIA else len(_MEDIA)
