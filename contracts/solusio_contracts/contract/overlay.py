"""A local overlay: what one's own SolusIO showed of the contract, instead of what we assumed.

`contract learn` writes it. It changes assumed elements and clauses alone: a statement of the vendor or of
public client software stays as it is, whatever an overlay says.
"""

import copy
import functools
from collections.abc import Iterable, Mapping
from typing import Any, Final, Literal

import msgspec
from msgspec.structs import replace

from solusio_contracts.contract.clauses import Clause, Level, Provenance, clauses
from solusio_contracts.contract.documents import (
    DocumentError,
    Node,
    contract_digest,
    document,
    document_names,
    resolve,
)
from solusio_contracts.contract.elements import elements
from solusio_contracts.contract.evidence import JsonType
from solusio_contracts.decoding import MisfitError, from_json

FORMAT: Final = "mock-solusio contract overlay"
SOURCE: Final = "your SolusIO"
"""The source of what an overlay states."""

Change = Literal["confirmed", "contradicted", "optional", "added"]


class ElementChange(msgspec.Struct, frozen=True, forbid_unknown_fields=True, kw_only=True):
    """What an element of a document becomes: observed, with the types that came where they differ."""

    document: str
    element: str
    """A JSON pointer."""
    change: Change
    """`optional`: it was missing where we assumed that it is always there."""
    types: tuple[JsonType, ...]
    words: tuple[str, ...]
    seen: int
    of: int

    @property
    def source(self) -> str:
        """Who states it now, and how often it was seen."""
        otherwise = " contradicts it" if self.change == "contradicted" and not self.types else ""
        return f"{SOURCE}{otherwise}: {self.seen:,} of {self.of:,}"


class ClauseChange(msgspec.Struct, frozen=True, forbid_unknown_fields=True, kw_only=True):
    """In how many cases a clause held. If not in all of them, it does not hold there."""

    clause: str
    fits: int
    of: int

    @property
    def holds(self) -> bool:
        """Whether every case fits."""
        return self.fits == self.of


class Overlay(msgspec.Struct, frozen=True, forbid_unknown_fields=True, kw_only=True):
    """Changes of elements and clauses. Without any, it is the contract as it is."""

    format: Literal["mock-solusio contract overlay"] = FORMAT
    format_version: Literal["1.0"] = "1.0"
    contract: str
    """The digest of the contract that it changes; see `documents.contract_digest`."""
    elements: tuple[ElementChange, ...] = ()
    clauses: tuple[ClauseChange, ...] = ()

    def document(self, name: str) -> Node:
        """Return a document with the changes.

        Raises:
            DocumentError: no document has this name.
        """
        return _changed(self, name)

    def clause(self, one: Clause) -> Clause:
        """Return a clause with its change; one that does not hold there is only worth a note."""
        change = next((change for change in self.clauses if change.clause == one.id), None)
        if change is None:
            return one
        share = f"{change.fits:,} of {change.of:,} cases fit"
        if change.holds:
            return replace(one, provenance=Provenance.OBSERVED, source=f"{SOURCE}: {share}")
        source = f"{SOURCE} contradicts it: {share}"
        return replace(one, provenance=Provenance.OBSERVED, source=source, level=Level.MAY)

    @property
    def contradicted(self) -> frozenset[str]:
        """The ids of clauses that do not hold there."""
        return frozenset(one.clause for one in self.clauses if not one.holds)


NO_OVERLAY: Final = Overlay(contract="")


def read_overlay(text: str | bytes, source: str = "") -> Overlay:
    """Read an overlay.

    Raises:
        DecodingError: it is not valid JSON.
        MisfitError: it is not an overlay, was made for another version of the contract, or changes what is
            not assumed.
    """
    found = from_json(text, Overlay, source)
    if found.contract != contract_digest():
        again = (
            "made for another version of the contract; run `preflight --evidence` and `contract learn` again"
        )
        raise MisfitError("contract", again, source=source)
    for clause_change in found.clauses:
        known = clauses().get(clause_change.clause)
        if known is None or known.provenance is not Provenance.ASSUMED:
            raise MisfitError(clause_change.clause, "not an assumed clause of the contract", source=source)
    for name in {one.document for one in found.elements} - {*document_names()}:
        raise MisfitError("elements[].document", f"no document is named {name!r}", source=source)
    assumed = assumed_elements()
    for one in found.elements:
        if one.change != "added" and (one.document, one.element) not in assumed:
            raise MisfitError(one.element, "not an assumed element of the contract", source=source)
    try:
        for name in document_names():
            found.document(name)
    except DocumentError as error:
        raise MisfitError("elements[].element", str(error), source=source) from None
    return found


def assumed_elements() -> frozenset[tuple[str, str]]:
    """Return (document, pointer) of each element that is only assumed."""
    return frozenset(
        (name, one.pointer)
        for name in document_names()
        for one in elements(document(name))
        if one.provenance.kind is Provenance.ASSUMED
    )


def to_json(overlay: Overlay) -> str:
    """Return an overlay as it is written to a file."""
    return msgspec.json.format(msgspec.json.encode(overlay), indent=2).decode() + "\n"


# Changing a document


@functools.cache
def _changed(overlay: Overlay, name: str) -> Node:
    whole = document(name)
    changes = [one for one in overlay.elements if one.document == name]
    if not changes:
        return whole
    made = copy.deepcopy({**whole})
    for one in changes:
        _apply(made, one)
    return made


def _apply(whole: dict[str, Any], change: ElementChange) -> None:
    path = [part.replace("~1", "/").replace("~0", "~") for part in change.element.split("/")[1:]]
    provenance = {"kind": str(Provenance.OBSERVED), "source": change.source}
    holder = _at(whole, path[:-1], change)
    if change.change == "added":
        if not isinstance(holder, dict) or path[-2:-1] != ["properties"] or path[-1] in holder:
            raise DocumentError(f"{change.element} cannot be added")
        holder[path[-1]] = {"x-provenance": provenance, "type": sorted(change.types)}
        return
    node = _at(holder, path[-1:], change)
    node["x-provenance"] = provenance
    if change.change == "optional":
        schema = _at(whole, path[:-2], change)
        schema["required"] = [one for one in schema.get("required", ()) if one != path[-1]]
    if change.change == "contradicted" and change.types:
        _set_types(node, resolve(whole, node), change)


def _set_types(node: dict[str, Any], stated: Mapping[str, Any], change: ElementChange) -> None:
    """Let a schema say what came: these types, and where the values were listed, these too."""
    kept = {key: stated[key] for key in ("description", "x-provenance", "x-clauses") if key in stated}
    listed = [*stated.get("enum", ()), *change.words]
    node.clear()
    node.update(kept, type=sorted(change.types))
    # Uncommon words are hidden, and a list without them would be wrong.
    if change.words and "enum" in stated:
        node["enum"] = listed


def _at(whole: Any, path: Iterable[str], change: ElementChange) -> Any:
    place = whole
    for part in path:
        try:
            place = place[int(part)] if isinstance(place, list) else place[part]
        except (KeyError, IndexError, TypeError, ValueError):
            raise DocumentError(f"{change.element} is not in {change.document}") from None
    return place
