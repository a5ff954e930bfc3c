"""Learns from evidence: what was assumed becomes observed, or what was seen instead. Pure."""

from collections import defaultdict
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass

from solusio_contracts.contract.clauses import Provenance, clauses
from solusio_contracts.contract.documents import contract_digest
from solusio_contracts.contract.evidence import ElementEvidence, Evidence, JsonType, Verdict
from solusio_contracts.contract.overlay import (
    Change,
    ClauseChange,
    ElementChange,
    Overlay,
    assumed_elements,
)

_CHANGES: Mapping[Verdict, Change] = {
    Verdict.CONTRADICTED: "contradicted",
    Verdict.MISSING: "optional",
    Verdict.UNKNOWN: "added",
    Verdict.CONFIRMED: "confirmed",
}
"""In the order in which one outweighs the next within a file."""


@dataclass(frozen=True, slots=True)
class Learnt:
    """An overlay, and what there is to say about it."""

    overlay: Overlay
    elements: int
    """How many elements are assumed without the overlay."""
    clauses: int
    """How many clauses are assumed without it."""
    contradictions: tuple[str, ...]
    """What was assumed and is otherwise."""
    kept: tuple[str, ...]
    """What somebody states and is otherwise there: it stays as it is."""
    conflicts: tuple[str, ...]
    """About what the files disagree: it stays assumed."""


def learn(files: Mapping[str, Evidence]) -> Learnt:
    """Learn from evidence by the names of its files."""
    found = _Learning(files)
    return Learnt(
        Overlay(contract=contract_digest(), elements=tuple(found.elements()), clauses=tuple(found.clauses())),
        len(assumed_elements()),
        sum(one.provenance is Provenance.ASSUMED for one in clauses().values()),
        tuple(found.contradictions),
        tuple(found.kept),
        tuple(found.conflicts),
    )


def summary(learnt: Learnt) -> Iterator[str]:
    """Yield lines for people: what was settled, and what remains."""
    changes = [one for one in learnt.overlay.elements if one.change != "added"]
    for noun, settled, of in (
        ("elements", len(changes), learnt.elements),
        ("clauses", len(learnt.overlay.clauses), learnt.clauses),
    ):
        yield f"Settled {settled:,} of {of:,} assumed {noun}; {of - settled:,} remain assumed."
    if added := len(learnt.overlay.elements) - len(changes):
        yield f"Added {added:,} members that the contract does not have."
    for title, lines in (
        ("Otherwise than assumed:", learnt.contradictions),
        ("Otherwise than stated; the contract stays as it is:", learnt.kept),
        ("The files disagree; these stay assumed:", learnt.conflicts),
    ):
        if lines:
            yield title
            yield from (f"  {line}" for line in lines)


class _Learning:
    """Adds up what the files say of each element and clause."""

    def __init__(self, files: Mapping[str, Evidence]) -> None:
        self._files = files
        self._assumed = assumed_elements()
        self.contradictions: list[str] = []
        self.kept: list[str] = []
        self.conflicts: list[str] = []

    def elements(self) -> Iterator[ElementChange]:
        """Yield the changes of elements, by document and pointer."""
        said: dict[tuple[str, str], dict[str, list[ElementEvidence]]] = defaultdict(lambda: defaultdict(list))
        for name, evidence in self._files.items():
            for one in evidence.elements:
                hidden = one.verdict is Verdict.UNKNOWN and "(" in one.element
                if one.verdict is not Verdict.UNSEEN and not hidden:
                    said[one.document, one.element][name].append(one)
        for (document, element), by_file in sorted(said.items()):
            verdicts = {name: _summed(document, element, one) for name, one in by_file.items()}
            each = list(verdicts.values())
            assumed = (document, element) in self._assumed
            place = _place([one for found in by_file.values() for one in found])
            if not assumed and each[0].change != "added":
                self.kept += [f"{place}: {_words(one)}" for one in each if one.change != "confirmed"][:1]
            elif len({(one.change, _without_null(one)) for one in each}) > 1:
                told = "; ".join(f"{name}: {_words(one)}" for name, one in verdicts.items())
                self.conflicts.append(f"{place} ({told})")
            else:
                change = _joined(each)
                if change.change in ("contradicted", "optional"):
                    self.contradictions.append(f"{place}: {_words(change)}")
                yield change

    def clauses(self) -> Iterator[ClauseChange]:
        """Yield the changes of clauses, by id."""
        said: dict[str, dict[str, ClauseChange]] = defaultdict(dict)
        for name, evidence in self._files.items():
            for one in evidence.clauses:
                said[one.clause][name] = ClauseChange(clause=one.clause, fits=one.fits, of=one.of)
        for number, by_file in sorted(said.items()):
            each = list(by_file.values())
            total = ClauseChange(
                clause=number, fits=sum(one.fits for one in each), of=sum(one.of for one in each)
            )
            told = f"{number}: {total.fits:,} of {total.of:,} cases fit: {clauses()[number].text}"
            if clauses()[number].provenance is not Provenance.ASSUMED:
                self.kept += [] if total.holds else [told]
            elif len({one.holds for one in each}) > 1:
                shares = "; ".join(f"{name}: {one.fits:,} of {one.of:,} fit" for name, one in by_file.items())
                self.conflicts.append(f"{number} ({shares})")
            else:
                if not total.holds:
                    self.contradictions.append(told)
                yield total


def _summed(document: str, element: str, found: Sequence[ElementEvidence]) -> ElementChange:
    """Return what one file says of an element, in all operations that have it."""
    verdict = next(one for one in _CHANGES if any(each.verdict is one for each in found))
    return ElementChange(
        document=document,
        element=element,
        change=_CHANGES[verdict],
        types=_sorted({kind for one in found for kind in one.types}),
        words=tuple(sorted({word for one in found for word in one.words})),
        seen=sum(one.seen for one in found),
        of=sum(one.of for one in found),
    )


def _joined(each: Sequence[ElementChange]) -> ElementChange:
    """Return what files that agree say together."""
    return ElementChange(
        document=each[0].document,
        element=each[0].element,
        change=each[0].change,
        types=_sorted({kind for one in each for kind in one.types}),
        words=tuple(sorted({word for one in each for word in one.words})),
        seen=sum(one.seen for one in each),
        of=sum(one.of for one in each),
    )


def _without_null(one: ElementChange) -> tuple[str, ...]:
    """Return the types that tell two contradictions apart: null only needs a case in which it came."""
    telling = one.change in ("contradicted", "added")
    return tuple(kind for kind in one.types if kind != "null") if telling else ()


def _sorted(kinds: set[JsonType]) -> tuple[JsonType, ...]:
    return tuple(sorted(kinds))


def _place(found: Sequence[ElementEvidence]) -> str:
    """Return where an element was seen, if possible where it differs."""
    one = min(found, key=lambda one: one.verdict is Verdict.CONFIRMED)
    return f"{one.operation} {one.member}"


def _words(one: ElementChange) -> str:
    share = f"{one.seen:,} of {one.of:,}"
    match one.change:
        case "confirmed":
            return f"as assumed ({share})"
        case "optional":
            return f"not always there ({share})"
        case "contradicted":
            words = f", with {', '.join(one.words)}" if one.words else ""
            return f"{' or '.join(one.types) or 'otherwise'}{words} ({share})"
    return f"{' or '.join(one.types)}, not in the contract"
