"""Compares our document with the vendor's: what is missing, contradicted or confirmed.

Pure: two parsed documents go in, findings come out. docs/contract-diff.md says what counts as a
contradiction; the principle is that silence in the vendor's document contradicts nothing.
"""

from collections.abc import Iterator, Mapping
from dataclasses import replace

from solusio_contracts.contract.documents import Node
from solusio_contracts.diff.compare_operations import OperationComparer, PlacedResult
from solusio_contracts.diff.findings import (
    BUNDLE,
    OURS,
    THEIRS,
    DiffVerdict,
    DocumentDiff,
    ElementFinding,
    ElementResult,
    enumerated,
)
from solusio_contracts.diff.operations import ApiOperation, SourceDocument, is_billing, wanted
from solusio_contracts.diff.schemas import SchemaComparer


def compare(ours: Node, theirs: Node) -> DocumentDiff:
    """Compare our document with the vendor's (OpenAPI 3, which may be malformed in details)."""
    return _Comparer(SourceDocument(ours), SourceDocument(theirs)).run()


class _Comparer:
    def __init__(self, ours: SourceDocument, theirs: SourceDocument) -> None:
        self.ours = ours
        self.theirs = theirs
        ours.know_pointers()
        self.schemas = SchemaComparer(ours, theirs, theirs_knows_null=_knows_null(theirs.whole))
        self.operations = OperationComparer(ours, theirs, self.schemas)
        self.found: dict[tuple[object, ...], ElementFinding] = {}
        self.also: dict[tuple[object, ...], list[str]] = {}

    def run(self) -> DocumentDiff:
        matched = 0
        for key, our in self.ours.operations.items():
            their = self.theirs.operations.get(key)
            if their is None:
                self._add(our, PlacedResult("", "", self.operations.existence(our, missing_in=THEIRS)))
                continue
            matched += 1
            self._add(our, PlacedResult("", "", self.operations.existence(our, their)))
            for placed in self.operations.compare(our, their):
                self._add(our, placed)
        lacking = [op for key, op in self.theirs.operations.items() if key not in self.ours.operations]
        for their in lacking:
            result = ElementResult(
                element="operation",
                verdict=DiffVerdict.MISSING,
                missing_in=OURS,
                theirs=their.summary,
                identity=(id(their.node),),
            )
            self._add(their, PlacedResult("", "", result))
        return DocumentDiff(
            theirs_title=self.theirs.title,
            theirs_version=str(self.theirs.whole.get("openapi", "")),
            matched=matched,
            findings=tuple(self._findings()),
            wanted=tuple(wanted(self.theirs, op) for op in lacking if is_billing(op)),
            remarks=tuple(self._remarks()),
            elsewhere=tuple(self.theirs.schemas.elsewhere),
        )

    # One finding for each distinct result of an element of ours, however many operations share it

    def _add(self, operation: ApiOperation, placed: PlacedResult) -> None:
        result = placed.result
        key = (result.element, result.verdict, result.identity, result.aspects)
        if key not in self.found:
            self.found[key] = ElementFinding(
                result=result,
                operation=str(operation),
                where=placed.where,
                name=placed.name,
            )
        elif str(operation) != self.found[key].operation:
            self.also.setdefault(key, []).append(str(operation))

    def _findings(self) -> Iterator[ElementFinding]:
        contradicted = {key[2] for key in self.found if key[1] is DiffVerdict.CONTRADICTED}
        for key, found in self.found.items():
            result = found.result
            if result.verdict is DiffVerdict.CONFIRMED and result.identity in contradicted:
                result = replace(result, notes=(*result.notes, "contradicted elsewhere"))
            yield replace(found, result=result, also_in=tuple(dict.fromkeys(self.also.get(key, ()))))

    def _remarks(self) -> Iterator[str]:
        if not self.schemas.theirs_knows_null:
            yield "The vendor's document marks nothing as nullable, so null was not compared."
        if count := len(self.schemas.without_required):
            schemas = "schema has" if count == 1 else "schemas have"
            yield f"{count} of the vendor's {schemas} no required member, so that was not compared."
        for words, names in (
            ("These references in the vendor's document have no target", [*self.theirs.schemas.unresolved]),
            ("These operations differ from others only in the spelling of the path", self.theirs.same_path),
            ("These parts, which OpenAPI 3.1 does not have, were not compared", self.theirs.beyond_3_1),
        ):
            if names:
                yield f"{words}: {enumerated(names)}."
        if elsewhere := [*self.theirs.schemas.elsewhere]:
            yield f"References to other documents are not followed: {enumerated(elsewhere)}. {BUNDLE}"


def _knows_null(whole: object) -> bool:
    """Whether a document marks anything as nullable."""
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
