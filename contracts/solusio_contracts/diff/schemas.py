"""Two schemas in step: what they say about a value, and about its members. Pure.

The members of a pair of schemas are compared once, not in each place where the pair occurs. So cyclic schemas
end, and the effort grows only with the number of pairs.
"""

from dataclasses import dataclass, field
from difflib import get_close_matches

from solusio_contracts.contract.documents import Node
from solusio_contracts.diff.findings import OURS, THEIRS, Aspect, DiffVerdict, ElementResult
from solusio_contracts.diff.operations import SourceDocument, statement
from solusio_contracts.diff.shape import Member, Shape, listed

PairKey = tuple[str, int, int]
"""`request` or `response`, and the identities of both schemas."""

_NUMBERS = frozenset({"integer", "number"})
_NUMERIC_FORMATS = {"int32", "int64", "float", "double"}
_DEEPEST = 6
"""Levels of nested arrays that are followed."""


@dataclass(slots=True)
class ValueComparison:
    """How two schemas differ about a value, and which schemas to compare next."""

    aspects: list[Aspect] = field(default_factory=list)
    notes: list[str] = field(default_factory=list)
    inner: list[tuple[str, Node, Node]] = field(default_factory=list)
    """Objects to compare: their name from here (`[]` for items of an array), our schema, theirs."""


@dataclass(slots=True)
class MemberComparison:
    """How two schemas of objects differ about their members."""

    results: list[ElementResult] = field(default_factory=list)
    inner: list[tuple[str, PairKey]] = field(default_factory=list)


class SchemaComparer:
    """Compares schemas that two documents have in the same places."""

    def __init__(self, ours: SourceDocument, theirs: SourceDocument, *, theirs_knows_null: bool) -> None:
        self.ours = ours
        self.theirs = theirs
        self.theirs_knows_null = theirs_knows_null
        self.without_required: set[int] = set()
        """Schemas of theirs without any required member, where a missing `required` means nothing."""
        self._pairs: dict[PairKey, MemberComparison] = {}
        self._nodes: dict[PairKey, tuple[Node, Node]] = {}

    def key(self, direction: str, ours: Node, theirs: Node) -> PairKey:
        """Return the key of two schemas of objects."""
        our, their = self.ours.schemas.canonical(ours), self.theirs.schemas.canonical(theirs)
        key = (direction, id(our), id(their))
        self._nodes[key] = our, their
        return key

    def pair(self, key: PairKey) -> MemberComparison:
        """Return the results for the members of two schemas."""
        if key not in self._pairs:
            self._pairs[key] = self._members(key)
        return self._pairs[key]

    def compare_values(self, direction: str, ours: Node, theirs: Node, depth: int = 0) -> ValueComparison:
        """Compare what two schemas say about a value."""
        our, their = self.ours.schemas.shape(ours), self.theirs.schemas.shape(theirs)
        compared = ValueComparison()
        self._types(our, their, compared)
        self._null(direction, our, their, compared)
        _format(our, their, compared)
        _values(our, their, compared)
        if their.limits and their.limits != our.limits:
            compared.notes.append(f"vendor's limits: {their.limits}")
        if our.items is not None and their.items is not None and depth < _DEEPEST:
            items = self.compare_values(direction, our.items, their.items, depth + 1)
            compared.aspects += [Aspect(f"items: {one.name}", one.ours, one.theirs) for one in items.aspects]
            compared.notes += [f"items: {note}" for note in items.notes]
            compared.inner += [(f"[]{suffix}", one, two) for suffix, one, two in items.inner]
        if our.is_object and their.is_object:
            if their.members or their.entries is not None:
                compared.inner.append(("", ours, theirs))
            elif our.members:
                compared.notes.append("the vendor does not describe its members")
        return compared

    def _types(self, our: Shape, their: Shape, compared: ValueComparison) -> None:
        mine, other = our.types, their.types
        if not other:
            if mine:
                compared.notes.append("the vendor gives no type")
            return
        if not mine:
            compared.notes.append(f"vendor's type: {_either(other)}")
            return
        wider = mine | _NUMBERS if mine & _NUMBERS else mine
        if other - wider:
            compared.aspects.append(Aspect("type", _either(mine), _either(other)))
        elif mine != other:
            compared.notes.append(f"vendor's type: {_either(other)}; ours: {_either(mine)}")

    def _null(self, direction: str, our: Shape, their: Shape, compared: ValueComparison) -> None:
        says_nothing = not their.types and not their.nullable
        if our.nullable == their.nullable or says_nothing or not self.theirs_knows_null:
            return
        if direction == "response" or their.nullable:
            words = {True: "nullable", False: "never null"}
            compared.aspects.append(Aspect("nullable", words[our.nullable], words[their.nullable]))
        elif direction == "request":
            compared.notes.append("ours accepts null, the vendor's does not")

    def _members(self, key: PairKey) -> MemberComparison:
        direction = key[0]
        our_node, their_node = self._nodes[key]
        our, their = self.ours.schemas.shape(our_node), self.theirs.schemas.shape(their_node)
        if their.members and not their.states_required:
            self.without_required.add(id(their_node))
        pair = MemberComparison()
        lacking: list[str] = []
        for name, member in our.members.items():
            if name in their.members:
                required = self._required(member, their.members[name], their)
                self._both(pair, direction, name, member, their.members[name], required)
            elif their.entries is None and not self._not_asked(direction, member, self.ours):
                lacking.append(name)
        added = [
            name
            for name, member in their.members.items()
            if name not in our.members
            and our.entries is None
            and not self._not_asked(direction, member, self.theirs)
        ]
        for name in lacking:
            near = get_close_matches(name, added, n=1, cutoff=0.8)
            pair.results.append(self._lacking(direction, name, our.members[name], near))
        for name in added:
            pair.results.append(self._added(direction, name, our_node, their.members[name]))
        if our.entries is not None and their.entries is not None:
            compared = self.compare_values(direction, our.entries, their.entries)
            pair.inner += self._inner(direction, ".*", compared)
            pair.results.append(self._compared(direction, "*", our.entries, compared))
        return pair

    def _both(
        self,
        pair: MemberComparison,
        direction: str,
        name: str,
        our: Member,
        their: Member,
        required: list[Aspect],
    ) -> None:
        compared = self.compare_values(direction, our.node, their.node)
        compared.aspects[:0] = required
        if their.spelled != our.spelled:
            compared.notes.append(f"the vendor writes `{their.spelled}`")
        pair.results.append(
            self._compared(direction, name, our.node, compared, self.theirs.schemas.describe(their.node))
        )
        pair.inner += self._inner(direction, f".{name}", compared)

    def _inner(self, direction: str, prefix: str, compared: ValueComparison) -> list[tuple[str, PairKey]]:
        return [(prefix + suffix, self.key(direction, one, two)) for suffix, one, two in compared.inner]

    def _compared(
        self, direction: str, name: str, node: Node, compared: ValueComparison, theirs: str = ""
    ) -> ElementResult:
        return ElementResult(
            element="field",
            verdict=DiffVerdict.CONTRADICTED if compared.aspects else DiffVerdict.CONFIRMED,
            name=f".{name}",
            aspects=tuple(compared.aspects),
            notes=tuple(compared.notes),
            ours=self.ours.schemas.describe(node),
            theirs=theirs,
            statement=statement(node),
            pointer=self.ours.pointer(node),
            identity=(direction, id(node)),
        )

    def _lacking(self, direction: str, name: str, member: Member, near: list[str]) -> ElementResult:
        return ElementResult(
            element="field",
            verdict=DiffVerdict.MISSING,
            missing_in=THEIRS,
            name=f".{name}",
            notes=tuple(f"the vendor has `{other}`, which ours lacks: the same?" for other in near),
            ours=self.ours.schemas.describe(member.node),
            statement=statement(member.node),
            pointer=self.ours.pointer(member.node),
            identity=(direction, id(member.node)),
        )

    def _added(self, direction: str, name: str, parent: Node, member: Member) -> ElementResult:
        theirs = self.theirs.schemas.describe(member.node)
        return ElementResult(
            element="field",
            verdict=DiffVerdict.MISSING,
            missing_in=OURS,
            name=f".{name}",
            notes=("required by the vendor",) if member.required else (),
            theirs=theirs,
            identity=(direction, id(parent), name, theirs),
        )

    @staticmethod
    def _required(our: Member, their: Member, parent: Shape) -> list[Aspect]:
        if our.required == their.required or not parent.states_required:
            return []
        words = {True: "required", False: "optional"}
        return [Aspect("required", words[our.required], words[their.required])]

    @staticmethod
    def _not_asked(direction: str, member: Member, source: SourceDocument) -> bool:
        return direction == "request" and source.schemas.shape(member.node).read_only


def _format(our: Shape, their: Shape, compared: ValueComparison) -> None:
    if not their.format or their.format in _NUMERIC_FORMATS or their.format == our.format:
        return
    if our.format and our.format not in _NUMERIC_FORMATS:
        compared.aspects.append(Aspect("format", our.format, their.format))
    else:
        compared.notes.append(f"vendor's format: {their.format}")


def _values(our: Shape, their: Shape, compared: ValueComparison) -> None:
    if our.values == their.values:
        return
    if our.values is None and their.values is not None:
        compared.notes.append(f"the vendor allows one of {listed(their.values)}")
    elif their.values is None and our.values is not None:
        if their.types:
            compared.notes.append(f"the vendor allows any value, ours one of {listed(our.values)}")
    elif our.values is not None and their.values is not None:
        compared.aspects.append(
            Aspect(
                "values",
                *(
                    _with(mine, other)
                    for mine, other in ((our.values, their.values), (their.values, our.values))
                ),
            )
        )


def _with(mine: frozenset[str], other: frozenset[str]) -> str:
    """Return the values that only one side has or, if there are none, those it lacks."""
    return f"also {listed(mine - other)}" if mine - other else f"lacks {listed(other - mine)}"


def _either(types: frozenset[str]) -> str:
    return " or ".join(sorted(types))
