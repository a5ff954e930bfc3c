"""The report as one self-contained HTML page, without scripts or external resources."""

import functools
from collections.abc import Iterable, Sequence
from typing import Any

import jinja2
import markupsafe

from solusio_contracts.escaping import visible
from solusio_contracts.reporting import sections, sentences
from solusio_contracts.reporting.advice import advise, clause_texts
from solusio_contracts.reporting.report import ClauseText, Finding, Outcome, Report
from solusio_contracts.reporting.text import mapped
from solusio_contracts.reporting.words import words_of


def render(report: Report) -> str:
    """Return the report as an HTML page."""
    return _template("report.html.j2").render(_context(mapped(report, visible)))


def body(report: Report) -> markupsafe.Markup:
    """Return what the page shows of the report, for a page that has several."""
    return markupsafe.Markup(_template("report_body.html.j2").render(_context(mapped(report, visible))))  # noqa: S704 - the template escapes


def style() -> markupsafe.Markup:
    """Return the style sheet of the page, for a page that has several reports."""
    return markupsafe.Markup(_template("report.css").render())  # noqa: S704 - it has no values


@functools.cache
def _template(name: str) -> jinja2.Template:
    # Everything is escaped: a response in the page may contain scripts.
    environment = jinja2.Environment(
        loader=jinja2.PackageLoader("solusio_contracts.reporting"),
        autoescape=True,
        trim_blocks=True,
        lstrip_blocks=True,
        undefined=jinja2.StrictUndefined,
    )
    environment.filters["code"] = _code
    return environment.get_template(name)


def _context(report: Report) -> dict[str, Any]:
    texts = clause_texts(report)

    def with_advice(groups: Iterable[sections.Group]) -> list[dict[str, Any]]:
        return [_block(group, texts) for group in groups]

    return {
        "report": report,
        "words": words_of(report),
        "verdict": sentences.verdict(report),
        "title": sentences.title(report),
        "summary": sentences.common_reason(report) or sentences.tally(report),
        "effort": sentences.effort(report),
        "areas": [
            (area, sections.worst(results), sections.counts(results))
            for area, results in sections.by_area(report.results).items()
        ],
        "failed": with_advice(sections.failures(report)),
        "warned": with_advice(sections.warnings(report)),
        "accepted": sections.accepted(report),
        "obstacles": with_advice(sections.obstacles(report)),
        "undecided": sections.undecided(report),
        "histogram": sentences.histogram(report),
        "skipped": sections.by_reason(report.with_outcome(Outcome.SKIP)),
        "passed": report.with_outcome(Outcome.PASS),
        "texts": texts,
    }


def _block(group: sections.Group, texts: dict[str, ClauseText]) -> dict[str, Any]:
    leading = group.results[0]
    return {
        "title": group.title,
        "result": leading,
        "advice": advise(leading.findings, texts, group.cause.fix if group.cause else ""),
        "accepted": group.accepted,
        "exchanges": _exchanges(leading.findings),
        "others": group.results[1:],
    }


def _exchanges(findings: Sequence[Finding]) -> list[tuple[str, str, str]]:
    """Return the distinct exchanges as (subjects, request, response); many findings share one."""
    subjects: dict[tuple[str, str], dict[str, None]] = {}
    for finding in findings:
        if finding.request or finding.response:
            key = (finding.request, finding.response)
            subjects.setdefault(key, {})[finding.subject] = None
    return [(", ".join(names), *key) for key, names in subjects.items()]


def _code(text: str) -> markupsafe.Markup:
    """Return the text, escaped, with the parts in backticks as code."""
    parts = text.split("`")
    if len(parts) % 2 == 0:
        return markupsafe.escape(text)
    return markupsafe.Markup().join(
        markupsafe.Markup("<code>{}</code>").format(part) if position % 2 else part
        for position, part in enumerate(parts)
    )
