"""What preflight asked and found of one SolusIO, for those who want to learn from it rather than judge it.

Members of responses confirm or contradict elements of the OpenAPI document; usage lines, servers and users
confirm or contradict clauses. Nothing here has values of customers, but the exchanges do: anonymise them.
"""

from collections.abc import Iterable
from dataclasses import dataclass

from mock_solusio.preflight.client import Answer
from mock_solusio.preflight.installation import Installation, Witness
from mock_solusio.preflight.shapes import MemberEvidence, compare
from solusio_contracts.contract.clauses import Provenance, clause
from solusio_contracts.http.exchange import Exchange


@dataclass(frozen=True, slots=True, kw_only=True)
class Survey:
    """Everything that a run of preflight saw."""

    exchanges: tuple[Exchange, ...]
    """All of them, in order, as bytes; with secrets and customers' data."""
    asked: tuple[tuple[str, Exchange], ...]
    """The operations of the API that were asked, each with what came."""
    answers: tuple[Answer, ...]
    """Those that were read as JSON with status 200, by operationId."""
    members: tuple[MemberEvidence, ...]
    """What was seen of each member of the operations that were asked."""
    witnesses: tuple[Witness, ...]
    """What was seen of clauses, sorted by id."""

    @property
    def settled(self) -> tuple[MemberEvidence | Witness, ...]:
        """The evidence about what is only assumed so far, one way or the other."""
        return (
            *(one for one in self.members if one.provenance is Provenance.ASSUMED and one.of),
            *(one for one in self.witnesses if clause(one.clause).provenance is Provenance.ASSUMED),
        )


def survey(site: Installation) -> Survey:
    """Return what was seen so far; after `run`, that is everything."""
    return Survey(
        exchanges=tuple(site.reader.exchanges),
        asked=tuple(site.reader.asked),
        answers=tuple(site.reader.answers),
        members=tuple(compare(site.reader.answers)),
        witnesses=_summed(site.witnesses),
    )


def _summed(found: Iterable[Witness]) -> tuple[Witness, ...]:
    sums: dict[str, Witness] = {}
    for one in found:
        before = sums.get(one.clause, Witness(one.clause, 0, 0))
        sums[one.clause] = Witness(one.clause, before.fits + one.fits, before.of + one.of)
    return tuple(sorted((one for one in sums.values() if one.of), key=lambda one: one.clause))
