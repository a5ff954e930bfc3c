"""Two schemas in step: what they say of one value, and what of its members.

Members are compared once for each pair of schemas, not once for each place where they occur. So cyclic
schemas end, and a large document costs no more than its number of pairs.
"""

from dataclasses import dataclass, field
from difflib import get_close_matches

from solusio_contracts.contract.documents import Node
from solusio_contracts.diff.findings import OURS, THEIRS, Aspect, Judged, Verdict
from solusio_contracts.diff.operations import Source, statement
from solusio_contracts.diff.shape import Member, Shape, listed

PairKey = tuple[str, int, int]
"""`request` or `response`, and the identities of both schemas."""

_NUMBERS = frozenset({"integer", "number"})
_NUMERIC_FORMATS = {"int32", "int64", "float", "double"}
_DEEPEST = 6
"""Arrays within arrays that are followed."""


@dataclass(slots=True)
class Told:
    """What comparing two schemas tells of the value itself, and whose members are to be compared next."""

    aspects: list[Aspect] = field(default_factory=list)
    notes: list[str] = field(default_factory=list)
    inner: list[tuple[str, Node, Node]] = field(default_factory=list)
    """How the members are named from here (`[]` for those of an array's items), our schema, theirs."""


@dataclass(slots=True)
class Pair:
    """The members of two schemas of objects."""

    judged: list[Judged] = field(default_factory=list)
    inner: list[tuple[str, PairKey]] = field(default_factory=list)


class Pairs:
    """The pairs of schemas that two documents have in the same places."""

    def __init__(self, ours: Source, theirs: Source, *, theirs_knows_null: bool) -> None:
        self.ours = ours
        self.theirs = theirs
        self.theirs_knows_null = theirs_knows_null
        self.without_required: set[int] = set()
        """Schemas of theirs that name no member as required, so that nothing follows from it."""
        self._pairs: dict[PairKey, Pair] = {}
        self._nodes: dict[PairKey, tuple[Node, Node]] = {}

    def key(self, direction: str, ours: Node, theirs: Node) -> PairKey:
        """Return the key of two schemas of objects."""
        our, their = self.ours.schemas.canonical(ours), self.theirs.schemas.canonical(theirs)
        key = (direction, id(our), id(their))
        self._nodes[key] = our, their
        return key

    def pair(self, key: PairKey) -> Pair:
        """Return what is found of the members of two schemas."""
        if key not in self._pairs:
            self._pairs[key] = self._members(key)
        return self._pairs[key]

    def tell(self, direction: str, ours: Node, theirs: Node, depth: int = 0) -> Told:
        """Compare what two schemas say of one value."""
        our, their = self.ours.schemas.shape(ours), self.theirs.schemas.shape(theirs)
        told = Told()
        self._types(our, their, told)
        self._null(direction, our, their, told)
        _format(our, their, told)
        _values(our, their, told)
        if their.limits and their.limits != our.limits:
            told.notes.append(f"limits there: {their.limits}")
        if our.items is not None and their.items is not None and depth < _DEEPEST:
            items = self.tell(direction, our.items, their.items, depth + 1)
            told.aspects += [Aspect(f"items: {one.name}", one.ours, one.theirs) for one in items.aspects]
            told.notes += [f"items: {note}" for note in items.notes]
            told.inner += [(f"[]{suffix}", one, two) for suffix, one, two in items.inner]
        if our.is_object and their.is_object:
            if their.members or their.entries is not None:
                told.inner.append(("", ours, theirs))
            elif our.members:
                told.notes.append("its members are not described there")
        return told

    def _types(self, our: Shape, their: Shape, told: Told) -> None:
        mine, other = our.types, their.types
        if not other:
            if mine:
                told.notes.append("no type is given there")
            return
        if not mine:
            told.notes.append(f"type there: {_either(other)}")
            return
        wider = mine | _NUMBERS if mine & _NUMBERS else mine
        if other - wider:
            told.aspects.append(Aspect("type", _either(mine), _either(other)))
        elif mine != other:
            told.notes.append(f"{_either(other)} there, {_either(mine)} here")

    def _null(self, direction: str, our: Shape, their: Shape, told: Told) -> None:
        says_nothing = not their.types and not their.nullable
        if our.nullable == their.nullable or says_nothing or not self.theirs_knows_null:
            return
        if direction == "response" or their.nullable:
            words = {True: "nullable", False: "never null"}
            told.aspects.append(Aspect("nullable", words[our.nullable], words[their.nullable]))
        elif direction == "request":
            told.notes.append("null is accepted here, not there")

    def _members(self, key: PairKey) -> Pair:
        direction = key[0]
        our_node, their_node = self._nodes[key]
        our, their = self.ours.schemas.shape(our_node), self.theirs.schemas.shape(their_node)
        if their.members and not their.states_required:
            self.without_required.add(id(their_node))
        pair = Pair()
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
            pair.judged.append(self._lacking(direction, name, our.members[name], near))
        for name in added:
            pair.judged.append(self._added(direction, name, our_node, their.members[name]))
        if our.entries is not None and their.entries is not None:
            told = self.tell(direction, our.entries, their.entries)
            pair.inner += self._inner(direction, ".*", told)
            pair.judged.append(self._judged(direction, "*", our.entries, told))
        return pair

    def _both(
        self, pair: Pair, direction: str, name: str, our: Member, their: Member, required: list[Aspect]
    ) -> None:
        told = self.tell(direction, our.node, their.node)
        told.aspects[:0] = required
        if their.spelled != our.spelled:
            told.notes.append(f"written `{their.spelled}` there")
        pair.judged.append(
            self._judged(direction, name, our.node, told, self.theirs.schemas.describe(their.node))
        )
        pair.inner += self._inner(direction, f".{name}", told)

    def _inner(self, direction: str, prefix: str, told: Told) -> list[tuple[str, PairKey]]:
        return [(prefix + suffix, self.key(direction, one, two)) for suffix, one, two in told.inner]

    def _judged(self, direction: str, name: str, node: Node, told: Told, theirs: str = "") -> Judged:
        return Judged(
            element="field",
            verdict=Verdict.CONTRADICTED if told.aspects else Verdict.CONFIRMED,
            name=f".{name}",
            aspects=tuple(told.aspects),
            notes=tuple(told.notes),
            ours=self.ours.schemas.describe(node),
            theirs=theirs,
            statement=statement(node),
            pointer=self.ours.pointer(node),
            identity=(direction, id(node)),
        )

    def _lacking(self, direction: str, name: str, member: Member, near: list[str]) -> Judged:
        return Judged(
            element="field",
            verdict=Verdict.MISSING,
            missing_in=THEIRS,
            name=f".{name}",
            notes=tuple(f"`{other}` is there and not here: the same?" for other in near),
            ours=self.ours.schemas.describe(member.node),
            statement=statement(member.node),
            pointer=self.ours.pointer(member.node),
            identity=(direction, id(member.node)),
        )

    def _added(self, direction: str, name: str, parent: Node, member: Member) -> Judged:
        theirs = self.theirs.schemas.describe(member.node)
        return Judged(
            element="field",
            verdict=Verdict.MISSING,
            missing_in=OURS,
            name=f".{name}",
            notes=("required there",) if member.required else (),
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
    def _not_asked(direction: str, member: Member, source: Source) -> bool:
        return direction == "request" and source.schemas.shape(member.node).read_only


def _format(our: Shape, their: Shape, told: Told) -> None:
    if not their.format or their.format in _NUMERIC_FORMATS or their.format == our.format:
        return
    if our.format and our.format not in _NUMERIC_FORMATS:
        told.aspects.append(Aspect("format", our.format, their.format))
    else:
        told.notes.append(f"format there: {their.format}")


def _values(our: Shape, their: Shape, told: Told) -> None:
    if our.values == their.values:
        return
    if our.values is None and their.values is not None:
        told.notes.append(f"one of these there: {listed(their.values)}")
    elif their.values is None and our.values is not None:
        if their.types:
            told.notes.append(f"any value there, here one of {listed(our.values)}")
    elif our.values is not None and their.values is not None:
        told.aspects.append(
            Aspect(
                "values",
                *(
                    _with(mine, other)
                    for mine, other in ((our.values, their.values), (their.values, our.values))
                ),
            )
        )


def _with(mine: frozenset[str], other: frozenset[str]) -> str:
    """Return what only one side has, or that it has all of the other's but some."""
    return f"also {listed(mine - other)}" if mine - other else f"lacks {listed(other - mine)}"


def _either(types: frozenset[str]) -> str:
    return " or ".join(sorted(types))
