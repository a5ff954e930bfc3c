"""A report as a local overlay of the contract sees it. Pure."""

from msgspec.structs import replace

from solusio_contracts.contract.clauses import Level, clauses
from solusio_contracts.contract.overlay import Overlay
from solusio_contracts.reporting.report import Outcome, Report, Result

_OUTCOMES = {Level.MUST: Outcome.FAIL, Level.SHOULD: Outcome.WARN, Level.MAY: Outcome.PASS}


def overlaid(report: Report, overlay: Overlay) -> Report:
    """Return the report with the sources and levels of clauses that the overlay states.

    A clause that does not hold in one's own SolusIO is a `may`, and fails nothing.
    """
    known = clauses()
    changed = {
        text.id: overlay.clause(known[text.id])
        for text in report.clauses
        if overlay.clause(known[text.id]) is not known[text.id]
    }
    if not changed:
        return report
    texts = tuple(
        replace(text, level=one.level, provenance=one.provenance, source=one.source or one.reason)
        if (one := changed.get(text.id))
        else text
        for text in report.clauses
    )
    softened = frozenset(number for number in changed if number in overlay.contradicted)
    return replace(
        report, clauses=texts, results=tuple(_softened(result, softened) for result in report.results)
    )


def _softened(result: Result, softened: frozenset[str]) -> Result:
    if result.outcome not in (Outcome.FAIL, Outcome.WARN):
        return result
    findings = tuple(
        replace(finding, level=Level.MAY) if finding.clause in softened else finding
        for finding in result.findings
    )
    strictest = max((Level(finding.level) for finding in findings), key=lambda level: level.weight)
    ordered = tuple(sorted(findings, key=lambda finding: -Level(finding.level).weight))
    return replace(result, findings=ordered, outcome=_OUTCOMES[strictest])
