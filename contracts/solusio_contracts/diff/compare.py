"""Our document against the vendor's: what is missing, contradicted or confirmed.

Pure: two parsed documents go in, findings come out. What counts as a contradiction is written down in
docs/contract-diff.md; the rule behind it is that silence of the vendor's document contradicts nothing.
"""

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, replace
from difflib import get_close_matches
from typing import TypedDict

from solusio_contracts.contract.documents import Node
from solusio_contracts.contract.elements import Statement
from solusio_contracts.diff.findings import OURS, THEIRS, Aspect, Comparison, Finding, Judged, Verdict
from solusio_contracts.diff.operations import (
    Body,
    Described,
    Parameter,
    Response,
    Source,
    is_json,
    paired,
    statement,
)
from solusio_contracts.diff.schemas import PairKey, Pairs, Told
from solusio_contracts.diff.wanted import is_billing, wanted

_LISTED = 5


def compare(ours: Node, theirs: Node) -> Comparison:
    """Compare our document with the vendor's (OpenAPI 3.0 or 3.1, however malformed in its details)."""
    return _Comparing(Source(ours), Source(theirs)).run()


@dataclass(frozen=True, slots=True)
class _Root:
    """Two schemas of objects that an operation has in the same place."""

    where: str
    name: str
    key: PairKey


@dataclass(frozen=True, slots=True)
class _Placed:
    where: str
    name: str
    judged: Judged


class _Comparing:
    def __init__(self, ours: Source, theirs: Source) -> None:
        self.ours = ours
        self.theirs = theirs
        ours.know_pointers()
        self.pairs = Pairs(ours, theirs, theirs_knows_null=_knows_null(theirs.whole))
        self.found: dict[tuple[object, ...], Finding] = {}
        self.also: dict[tuple[object, ...], list[str]] = {}

    def run(self) -> Comparison:
        matched = 0
        for key, our in self.ours.operations.items():
            their = self.theirs.operations.get(key)
            if their is None:
                self._add(our, _Placed("", "", self._operation(our, missing_in=THEIRS)))
                continue
            matched += 1
            self._add(our, _Placed("", "", self._operation(our, their)))
            for placed in self._matched(our, their):
                self._add(our, placed)
        lacking = [op for key, op in self.theirs.operations.items() if key not in self.ours.operations]
        for their in lacking:
            judged = Judged(
                element="operation",
                verdict=Verdict.MISSING,
                missing_in=OURS,
                theirs=their.summary,
                identity=(id(their.node),),
            )
            self._add(their, _Placed("", "", judged))
        return Comparison(
            theirs_title=self.theirs.title,
            theirs_version=str(self.theirs.whole.get("openapi", "")),
            matched=matched,
            findings=tuple(self._findings()),
            wanted=tuple(wanted(self.theirs, op) for op in lacking if is_billing(op)),
            remarks=tuple(self._remarks()),
        )

    # One finding for each element of ours and result, however many operations share it

    def _add(self, operation: Described, placed: _Placed) -> None:
        judged = placed.judged
        key = (judged.element, judged.verdict, judged.identity, judged.aspects)
        if key not in self.found:
            self.found[key] = Finding(
                judged=judged,
                operation=str(operation),
                where=placed.where,
                name=placed.name,
            )
        elif str(operation) != self.found[key].operation:
            self.also.setdefault(key, []).append(str(operation))

    def _findings(self) -> Iterator[Finding]:
        contradicted = {key[2] for key in self.found if key[1] is Verdict.CONTRADICTED}
        for key, found in self.found.items():
            judged = found.judged
            if judged.verdict is Verdict.CONFIRMED and judged.identity in contradicted:
                judged = replace(judged, notes=(*judged.notes, "contradicted elsewhere"))
            yield replace(found, judged=judged, also_in=tuple(dict.fromkeys(self.also.get(key, ()))))

    # One operation

    def _operation(self, our: Described, their: Described | None = None, missing_in: str = "") -> Judged:
        notes = ("deprecated there",) if their and their.node.get("deprecated") is True else ()
        return Judged(
            element="operation",
            verdict=Verdict.MISSING if missing_in else Verdict.CONFIRMED,
            missing_in=missing_in,
            notes=notes,
            ours=our.summary,
            theirs=their.summary if their else "",
            statement=statement(our.node),
            pointer=self.ours.pointer(our.node),
            identity=(id(our.node),),
        )

    def _matched(self, our: Described, their: Described) -> Iterator[_Placed]:
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

    def _below(self, root: _Root) -> Iterator[_Placed]:
        """Yield what was found of the members, each pair of schemas once, in the order of the document."""
        seen: set[PairKey] = set()
        open_ = [(root.name, root.key)]
        while open_:
            prefix, key = open_.pop()
            if key in seen:
                continue
            seen.add(key)
            pair = self.pairs.pair(key)
            for judged in pair.judged:
                yield _Placed(root.where, (prefix + judged.name).removeprefix("."), judged)
            open_ += [(prefix + suffix, inner) for suffix, inner in reversed(pair.inner)]

    # Parameters

    def _parameter(self, our: Parameter, their: Parameter, roots: list[_Root]) -> _Placed:
        told = self.pairs.tell("parameter", our.schema, their.schema)
        roots += self._roots(our.where, our.name, "request", told)
        if our.where != "path" and our.required != their.required:
            words = {True: "required", False: "optional"}
            told.aspects.insert(0, Aspect("required", words[our.required], words[their.required]))
        if our.spelled != their.spelled:
            told.notes.append(f"written `{their.spelled}` there")
        judged = Judged(
            element="parameter",
            verdict=Verdict.CONTRADICTED if told.aspects else Verdict.CONFIRMED,
            aspects=tuple(told.aspects),
            notes=tuple(told.notes),
            ours=self.ours.schemas.describe(our.schema),
            theirs=self.theirs.schemas.describe(their.schema),
            **self._source(our.node, our.name),
        )
        return _Placed(our.where, our.name, judged)

    def _parameters(
        self, our: Described, their: Described, roots: list[_Root], moved: set[tuple[str, str]]
    ) -> Iterator[_Placed]:
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
                judged = Judged(
                    element="field",
                    verdict=Verdict.CONTRADICTED,
                    aspects=(Aspect("location", "request", key[0]),),
                    **self._source(node, other.name),
                )
                yield _Placed("request", other.name, judged)
                continue
            theirs = self.theirs.schemas.describe(other.schema)
            judged = Judged(
                element="parameter",
                verdict=Verdict.MISSING,
                missing_in=OURS,
                notes=("required there",) if other.required else (),
                theirs=theirs,
                identity=(id(other.node), other.name),
            )
            yield _Placed(key[0], other.name, judged)

    def _misplaced(self, our: Parameter, place: str, added: list[str]) -> _Placed:
        """Return what is found of a parameter that is not where it is in ours, or nowhere."""
        near = [] if place else get_close_matches(our.name, added, n=1, cutoff=0.8)
        judged = Judged(
            element="parameter",
            verdict=Verdict.CONTRADICTED if place else Verdict.MISSING,
            missing_in="" if place else THEIRS,
            aspects=(Aspect("location", our.where, place),) if place else (),
            notes=tuple(f"`{other}` is there and not here: the same?" for other in near),
            ours=self.ours.schemas.describe(our.schema),
            **self._source(our.node, our.name),
        )
        return _Placed(our.where, our.name, judged)

    # Bodies

    def _request(self, our: Described, their: Described, roots: list[_Root]) -> Iterator[_Placed]:
        mine, other = our.request, their.request
        if mine is None and other is None:
            return
        if mine is None or other is None:
            judged = Judged(
                element="request body",
                verdict=Verdict.MISSING,
                missing_in=OURS if mine is None else THEIRS,
                ours=self.ours.schemas.describe(mine.schema) if mine else "",
                theirs=self.theirs.schemas.describe(other.schema) if other else "",
                **self._source(mine.node if mine else our.node, "body"),
            )
        else:
            judged = self._body("request body", "request", mine, other, roots)
        yield _Placed("request", "", judged)

    def _body(
        self,
        element: str,
        where: str,
        our: Body,
        their: Body,
        roots: list[_Root],
        aspects: Iterable[Aspect] = (),
    ) -> Judged:
        direction = where.partition(" ")[0]
        prefix, mine, other, envelope = self._unwrapped(direction, our.schema, their.schema)
        told = self.pairs.tell(direction, mine, other)
        roots += self._roots(where, prefix, direction, told)
        found = [*aspects, *envelope]
        if our.media != their.media and not (is_json(our.media) and is_json(their.media)):
            found.append(Aspect("media type", our.media, their.media))
        found += told.aspects
        return Judged(
            element=element,
            verdict=Verdict.CONTRADICTED if found else Verdict.CONFIRMED,
            aspects=tuple(found),
            notes=tuple(told.notes),
            ours=self.ours.schemas.describe(our.schema),
            theirs=self.theirs.schemas.describe(their.schema),
            **self._source(our.node, where),
        )

    def _unwrapped(self, direction: str, our: Node, their: Node) -> tuple[str, Node, Node, list[Aspect]]:
        """Return the schemas to compare where only one of the documents has the envelope `{data: ...}`."""
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

    def _roots(self, where: str, name: str, direction: str, told: Told) -> list[_Root]:
        return [
            _Root(where, name + suffix, self.pairs.key(direction, one, two))
            for suffix, one, two in told.inner
        ]

    # Responses

    def _responses(
        self, our: Mapping[str, Response], their: Mapping[str, Response], roots: list[_Root]
    ) -> Iterator[_Placed]:
        pairs, ours_alone, theirs_alone = paired(our, their)
        for mine, other in pairs:
            # A status of its own beside one that stands for many (4XX, default) is no other status.
            differs = mine != other and mine.isdecimal() and other.isdecimal()
            aspects = [Aspect("status", mine, other)] if differs else []
            yield self._response(mine, our[mine], their[other], aspects, roots)
        for status in ours_alone:
            judged = Judged(
                element="response",
                verdict=Verdict.MISSING,
                missing_in=THEIRS,
                ours=str(our[status].node.get("description") or "").strip(),
                **self._source(our[status].node, status),
            )
            yield _Placed(f"response {status}", "", judged)
        for status in theirs_alone:
            judged = Judged(
                element="response",
                verdict=Verdict.MISSING,
                missing_in=OURS,
                theirs=str(their[status].node.get("description") or "").strip(),
                identity=(id(their[status].node), status),
            )
            yield _Placed(f"response {status}", "", judged)

    def _response(
        self, status: str, our: Response, their: Response, aspects: list[Aspect], roots: list[_Root]
    ) -> _Placed:
        where = f"response {status}"
        if our.body and their.body:
            return _Placed(where, "", self._body("response", where, our.body, their.body, roots, aspects))
        notes = []
        if our.body and status.startswith("2"):
            notes.append("its body is not described there")
        elif their.body:
            notes.append(f"has a body there: {self.theirs.schemas.describe(their.body.schema)}")
        judged = Judged(
            element="response",
            verdict=Verdict.CONTRADICTED if aspects else Verdict.CONFIRMED,
            aspects=tuple(aspects),
            notes=tuple(notes),
            **self._source(our.node, where),
        )
        return _Placed(where, "", judged)

    def _source(self, node: Node, name: str) -> "_Stated":
        return _Stated(statement=statement(node), pointer=self.ours.pointer(node), identity=(id(node), name))

    # The whole

    def _remarks(self) -> Iterator[str]:
        if not self.pairs.theirs_knows_null:
            yield "The vendor's document says of nothing that it may be null, so null was not compared."
        if count := len(self.pairs.without_required):
            schemas = (
                "1 schema of the vendor's names" if count == 1 else f"{count} schemas of the vendor's name"
            )
            yield f"{schemas} no member as required, so that was not compared there."
        for words, names in (
            ("These references in the vendor's document lead nowhere", [*self.theirs.schemas.unresolved]),
            ("These operations differ from others only in the spelling of the path", self.theirs.same_path),
        ):
            if names:
                more = f" and {len(names) - _LISTED} more" if len(names) > _LISTED else ""
                yield f"{words}: {', '.join(names[:_LISTED])}{more}."


class _Stated(TypedDict):
    """What a finding says of its element in ours."""

    statement: Statement | None
    pointer: str
    identity: tuple[object, ...]


def _knows_null(whole: object) -> bool:
    """Whether a document says of anything that it may be null."""
    open_, seen = [whole], set()
    while open_:
        node = open_.pop()
        if id(node) in seen:
            continue
        seen.add(id(node))
        if isinstance(node, Mapping):
            kind = node.get("type")
            if node.get("nullable") is True or kind == "null" or (isinstance(kind, list) and "null" in kind):
                return True
            open_ += node.values()
        elif isinstance(node, list):
            open_ += node
    return False
