"""Two operations in step: their parameters, their request bodies and their responses. Pure."""

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from difflib import get_close_matches
from typing import TypedDict

from solusio_contracts.contract.documents import Node
from solusio_contracts.contract.elements import Statement
from solusio_contracts.diff.findings import OURS, THEIRS, Aspect, DiffVerdict, ElementResult
from solusio_contracts.diff.operations import (
    ApiOperation,
    Body,
    Parameter,
    Response,
    SourceDocument,
    is_json,
    paired,
    statement,
)
from solusio_contracts.diff.schemas import PairKey, SchemaComparer, ValueComparison


@dataclass(frozen=True, slots=True)
class _Root:
    """Two schemas of objects in the same place of an operation."""

    where: str
    name: str
    key: PairKey


@dataclass(frozen=True, slots=True)
class PlacedResult:
    """The result for an element, and its place in the operation."""

    where: str
    """Such as `query` or `response 200`."""
    name: str
    result: ElementResult


class OperationComparer:
    """Compares an operation of ours with the vendor's."""

    def __init__(self, ours: SourceDocument, theirs: SourceDocument, schemas: SchemaComparer) -> None:
        self.ours = ours
        self.theirs = theirs
        self.schemas = schemas

    def existence(
        self, our: ApiOperation, their: ApiOperation | None = None, missing_in: str = ""
    ) -> ElementResult:
        """Return the result for the operation as such."""
        notes = ("deprecated by the vendor",) if their and their.node.get("deprecated") is True else ()
        return ElementResult(
            element="operation",
            verdict=DiffVerdict.MISSING if missing_in else DiffVerdict.CONFIRMED,
            missing_in=missing_in,
            notes=notes,
            ours=our.summary,
            theirs=their.summary if their else "",
            statement=statement(our.node),
            pointer=self.ours.pointer(our.node),
            identity=(id(our.node),),
        )

    def compare(self, our: ApiOperation, their: ApiOperation) -> Iterator[PlacedResult]:
        """Yield the results for the parameters, bodies and members of an operation that both have."""
        moved: set[tuple[str, str]] = set()
        roots: list[_Root] = []
        for mine, other in zip(our.path_parameters, their.path_parameters, strict=True):
            yield self._parameter(mine, other, roots)
        yield from self._parameters(our, their, roots, moved)
        yield from self._request(our, their, roots)
        yield from self._responses(our.responses, their.responses, roots)
        for root in roots:
            for placed in self._below(root):
                if (placed.where, placed.name) not in moved:
                    yield placed

    def _below(self, root: _Root) -> Iterator[PlacedResult]:
        """Yield the results for members, in the order of our document, each pair of schemas once."""
        seen: set[PairKey] = set()
        open_ = [(root.name, root.key)]
        while open_:
            prefix, key = open_.pop()
            if key in seen:
                continue
            seen.add(key)
            pair = self.schemas.pair(key)
            for result in pair.results:
                yield PlacedResult(root.where, (prefix + result.name).removeprefix("."), result)
            open_ += [(prefix + suffix, inner) for suffix, inner in reversed(pair.inner)]

    # Parameters

    def _parameter(self, our: Parameter, their: Parameter, roots: list[_Root]) -> PlacedResult:
        compared = self.schemas.compare_values("parameter", our.schema, their.schema)
        roots += self._roots(our.where, our.name, "request", compared)
        if our.where != "path" and our.required != their.required:
            words = {True: "required", False: "optional"}
            compared.aspects.insert(0, Aspect("required", words[our.required], words[their.required]))
        if our.spelled != their.spelled:
            compared.notes.append(f"the vendor writes `{their.spelled}`")
        result = ElementResult(
            element="parameter",
            verdict=DiffVerdict.CONTRADICTED if compared.aspects else DiffVerdict.CONFIRMED,
            aspects=tuple(compared.aspects),
            notes=tuple(compared.notes),
            ours=self.ours.schemas.describe(our.schema),
            theirs=self.theirs.schemas.describe(their.schema),
            **self._source(our.node, our.name),
        )
        return PlacedResult(our.where, our.name, result)

    def _parameters(
        self,
        our: ApiOperation,
        their: ApiOperation,
        roots: list[_Root],
        moved: set[tuple[str, str]],
    ) -> Iterator[PlacedResult]:
        added = {key: other for key, other in their.parameters.items() if key not in our.parameters}
        in_body = self.theirs.schemas.shape(their.request.schema).members if their.request else {}
        our_body = self.ours.schemas.shape(our.request.schema).members if our.request else {}
        for key, mine in our.parameters.items():
            if key in their.parameters:
                yield self._parameter(mine, their.parameters[key], roots)
                continue
            elsewhere = next((other for other in added if other[1] == mine.name), None)
            place = elsewhere[0] if elsewhere else ""
            if elsewhere:
                del added[elsewhere]
            elif mine.name in in_body and mine.name not in our_body:
                place = "request"
                moved.add((place, mine.name))
            yield self._misplaced(mine, place, [name for _, name in added])
        for key, other in added.items():
            if other.name in our_body and other.name not in in_body:
                node = our_body[other.name].node
                moved.add(("request", other.name))
                result = ElementResult(
                    element="field",
                    verdict=DiffVerdict.CONTRADICTED,
                    aspects=(Aspect("location", "request", key[0]),),
                    **self._source(node, other.name),
                )
                yield PlacedResult("request", other.name, result)
                continue
            theirs = self.theirs.schemas.describe(other.schema)
            result = ElementResult(
                element="parameter",
                verdict=DiffVerdict.MISSING,
                missing_in=OURS,
                notes=("required by the vendor",) if other.required else (),
                theirs=theirs,
                identity=(id(other.node), other.name),
            )
            yield PlacedResult(key[0], other.name, result)

    def _misplaced(self, our: Parameter, place: str, added: list[str]) -> PlacedResult:
        """Return the result for a parameter of ours that the vendor has elsewhere or not at all."""
        near = [] if place else get_close_matches(our.name, added, n=1, cutoff=0.8)
        result = ElementResult(
            element="parameter",
            verdict=DiffVerdict.CONTRADICTED if place else DiffVerdict.MISSING,
            missing_in="" if place else THEIRS,
            aspects=(Aspect("location", our.where, place),) if place else (),
            notes=tuple(f"the vendor has `{other}`, which ours lacks: the same?" for other in near),
            ours=self.ours.schemas.describe(our.schema),
            **self._source(our.node, our.name),
        )
        return PlacedResult(our.where, our.name, result)

    # Bodies

    def _request(self, our: ApiOperation, their: ApiOperation, roots: list[_Root]) -> Iterator[PlacedResult]:
        mine, other = our.request, their.request
        if mine is None and other is None:
            return
        if mine is None or other is None:
            result = ElementResult(
                element="request body",
                verdict=DiffVerdict.MISSING,
                missing_in=OURS if mine is None else THEIRS,
                ours=self.ours.schemas.describe(mine.schema) if mine else "",
                theirs=self.theirs.schemas.describe(other.schema) if other else "",
                **self._source(mine.node if mine else our.node, "body"),
            )
        else:
            result = self._body("request body", "request", mine, other, roots)
        yield PlacedResult("request", "", result)

    def _body(
        self,
        element: str,
        where: str,
        our: Body,
        their: Body,
        roots: list[_Root],
        aspects: Iterable[Aspect] = (),
    ) -> ElementResult:
        direction = where.partition(" ")[0]
        prefix, mine, other, envelope = self._unwrapped(direction, our.schema, their.schema)
        compared = self.schemas.compare_values(direction, mine, other)
        roots += self._roots(where, prefix, direction, compared)
        found = [*aspects, *envelope]
        if our.media != their.media and not (is_json(our.media) and is_json(their.media)):
            found.append(Aspect("media type", our.media, their.media))
        found += compared.aspects
        return ElementResult(
            element=element,
            verdict=DiffVerdict.CONTRADICTED if found else DiffVerdict.CONFIRMED,
            aspects=tuple(found),
            notes=tuple(compared.notes),
            ours=self.ours.schemas.describe(our.schema),
            theirs=self.theirs.schemas.describe(their.schema),
            **self._source(our.node, where),
        )

    def _unwrapped(self, direction: str, our: Node, their: Node) -> tuple[str, Node, Node, list[Aspect]]:
        """Return the schemas to compare when only one document has the envelope `{data: ...}`."""
        our_shape, their_shape = self.ours.schemas.shape(our), self.theirs.schemas.shape(their)
        if direction == "response" and ("data" in our_shape.members) != ("data" in their_shape.members):
            if held := our_shape.members.get("data"):
                inside = self.ours.schemas.shape(held.node)
                if inside.members.keys() & their_shape.members.keys() or inside.types & their_shape.types & {
                    "array"
                }:
                    return "data", held.node, their, [Aspect("envelope", "{data: ...}", "none")]
            elif held := their_shape.members.get("data"):
                inside = self.theirs.schemas.shape(held.node)
                if inside.members.keys() & our_shape.members.keys() or inside.types & our_shape.types & {
                    "array"
                }:
                    return "", our, held.node, [Aspect("envelope", "none", "{data: ...}")]
        return "", our, their, []

    def _roots(self, where: str, name: str, direction: str, compared: ValueComparison) -> list[_Root]:
        return [
            _Root(where, name + suffix, self.schemas.key(direction, one, two))
            for suffix, one, two in compared.inner
        ]

    # Responses

    def _responses(
        self, our: Mapping[str, Response], their: Mapping[str, Response], roots: list[_Root]
    ) -> Iterator[PlacedResult]:
        pairs, ours_alone, theirs_alone = paired(our, their)
        for mine, other in pairs:
            # A status does not differ from one that stands for many, such as 4XX or default.
            differs = mine != other and mine.isdecimal() and other.isdecimal()
            aspects = [Aspect("status", mine, other)] if differs else []
            yield self._response(mine, our[mine], their[other], aspects, roots)
        for status in ours_alone:
            result = ElementResult(
                element="response",
                verdict=DiffVerdict.MISSING,
                missing_in=THEIRS,
                ours=str(our[status].node.get("description") or "").strip(),
                **self._source(our[status].node, status),
            )
            yield PlacedResult(f"response {status}", "", result)
        for status in theirs_alone:
            result = ElementResult(
                element="response",
                verdict=DiffVerdict.MISSING,
                missing_in=OURS,
                theirs=str(their[status].node.get("description") or "").strip(),
                identity=(id(their[status].node), status),
            )
            yield PlacedResult(f"response {status}", "", result)

    def _response(
        self, status: str, our: Response, their: Response, aspects: list[Aspect], roots: list[_Root]
    ) -> PlacedResult:
        where = f"response {status}"
        if our.body and their.body:
            return PlacedResult(
                where, "", self._body("response", where, our.body, their.body, roots, aspects)
            )
        notes = []
        if our.body and status.startswith("2"):
            notes.append("the vendor does not describe its body")
        elif their.body:
            notes.append(f"the vendor describes a body: {self.theirs.schemas.describe(their.body.schema)}")
        result = ElementResult(
            element="response",
            verdict=DiffVerdict.CONTRADICTED if aspects else DiffVerdict.CONFIRMED,
            aspects=tuple(aspects),
            notes=tuple(notes),
            **self._source(our.node, where),
        )
        return PlacedResult(where, "", result)

    def _source(self, node: Node, name: str) -> "_Stated":
        return _Stated(statement=statement(node), pointer=self.ours.pointer(node), identity=(id(node), name))


class _Stated(TypedDict):
    """Where an element of ours comes from."""

    statement: Statement | None
    pointer: str
    identity: tuple[object, ...]
