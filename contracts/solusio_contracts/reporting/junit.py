"""The report as JUnit XML, for CI servers: a suite per area, a test case per rule.

The standard library's serialiser does all escaping.
"""

from collections.abc import Iterator, Sequence
from xml.etree import ElementTree as ET

from solusio_contracts.escaping import visible
from solusio_contracts.reporting.advice import advise, clause_texts
from solusio_contracts.reporting.report import ClauseText, Exit, Finding, Outcome, Report, Result
from solusio_contracts.reporting.sections import Group, by_area, groups
from solusio_contracts.reporting.sentences import verdict_line
from solusio_contracts.reporting.text import mapped
from solusio_contracts.reporting.words import Words, words_of

STALE_SUITE = "baseline"
VERDICT_SUITE = "verdict"
SHOWN = 5
"""Findings listed for a rule that another one explains."""


def render(report: Report) -> str:
    """Return the report as JUnit XML.

    A test case fails exactly when its rule fails the run; warnings and accepted findings are the output of
    a passing test case. Of the rules with a common cause, one explains it, and the others name that one.
    Each stale baseline entry is a failed test case, and a run that checked nothing has one with an error, so
    that a CI server which only reads this file agrees with the exit code.
    """
    return serialised(tree(report))


def serialised(root: ET.Element) -> str:
    """Return a tree as XML."""
    ET.indent(root)
    text = ET.tostring(root, encoding="unicode")
    return f'<?xml version="1.0" encoding="utf-8"?>\n{text}\n'


def tree(report: Report) -> ET.Element:
    """Return the report as the element `testsuites`."""
    report = mapped(report, visible)
    texts = clause_texts(report)
    root = ET.Element("testsuites", {"name": report.tool})
    failed = {result.rule for result in report.failed}
    explained = _explained(report)
    for area, results in by_area(report.results).items():
        suite = _suite(root, report, area)
        for result in results:
            parts = explained.get(result.rule, [])
            suite.append(_case(result, parts, texts, words_of(report), fails=result.rule in failed))
    if report.stale:
        suite = _suite(root, report, STALE_SUITE)
        for entry in report.stale:
            suite.append(_stale(entry))
    if report.exit is Exit.INCONCLUSIVE and not report.count(Outcome.ERROR):
        _suite(root, report, VERDICT_SUITE).append(_inconclusive(report))
    for suite in root:
        count(suite, [suite])
    count(root, list(root))
    root.set("time", f"{report.seconds:.3f}")
    return root


def _suite(root: ET.Element, report: Report, name: str) -> ET.Element:
    # The JUnit schema does not allow a time zone; the time is UTC.
    suite = ET.SubElement(root, "testsuite", name=name, timestamp=report.started.removesuffix("Z"))
    properties = ET.SubElement(suite, "properties")
    for key, value in (
        ("target", report.target),
        ("tool_version", report.tool_version),
        ("users", ", ".join(map(str, report.users))),
        ("seed", str(report.seed)),
    ):
        ET.SubElement(properties, "property", name=key, value=value)
    return suite


def _explained(report: Report) -> dict[str, list[Group]]:
    """Return the groups of findings that each rule has a part in, in the order in which to fix them."""
    found: dict[str, list[Group]] = {}
    for group in groups(report):
        for result in group.results:
            found.setdefault(result.rule, []).append(group)
    return found


def _case(
    result: Result, parts: list[Group], texts: dict[str, ClauseText], terms: Words, *, fails: bool
) -> ET.Element:
    case = ET.Element(
        "testcase",
        name=result.rule,
        classname=f"mock-solusio.{result.area}",
        time=f"{result.seconds:.3f}",
    )
    accepted = [finding for finding in result.findings if finding.accepted]
    output = [f"note: {note}" for note in result.notes]
    output += [f"accepted by the baseline: {_line(finding)}" for finding in accepted]
    if fails:
        failure = ET.SubElement(
            case, "failure", message=_message(result, parts), type=", ".join(result.clauses)
        )
        failure.text = _text(result, parts, texts, terms)
    elif result.outcome is Outcome.ERROR:
        error = ET.SubElement(case, "error", message=result.reason, type="undecided")
        error.text = "\n".join([result.title, result.reason, *_lines(result.findings, texts, terms)])
    elif result.outcome is Outcome.SKIP:
        ET.SubElement(case, "skipped", message=result.reason)
    elif parts:
        output.insert(0, "warning: " + _text(result, parts, texts, terms))
    if output:
        ET.SubElement(case, "system-out").text = "\n".join(output)
    return case


def _stale(entry: str) -> ET.Element:
    case = ET.Element("testcase", name=entry, classname=f"mock-solusio.{STALE_SUITE}", time="0.000")
    text = f"remove this entry from the baseline, it no longer occurs: {entry}"
    ET.SubElement(case, "failure", message=text, type="stale").text = text
    return case


def _inconclusive(report: Report) -> ET.Element:
    case = ET.Element(
        "testcase", name="something-checked", classname=f"mock-solusio.{VERDICT_SUITE}", time="0.000"
    )
    ET.SubElement(case, "error", message=verdict_line(report), type="undecided")
    return case


def _message(result: Result, parts: list[Group]) -> str:
    """Return the cause, or what was expected and came instead; strictest first."""
    strictest = (part for part in parts if any(one.level == "must" for one in _part(result, part)))
    first = next(strictest, parts[0])
    findings = _part(result, first)
    if first.cause is not None:
        rules = f" (explained at {first.rule})" if first.rule != result.rule else ""
        return f"{first.cause.title}{rules}: {result.title}: {_line(findings[0])}"
    count = sum(len(_part(result, part)) for part in parts) - 1
    return f"{result.title}: {_line(findings[0])}" + (f" (and {count} more)" if count else "")


def _part(result: Result, group: Group) -> tuple[Finding, ...]:
    return next(one.findings for one in group.results if one.rule == result.rule)


def _line(finding: Finding) -> str:
    return f"{finding.clause}, {finding.subject}: expected {finding.expected}, got {finding.actual}"


def _text(result: Result, parts: list[Group], texts: dict[str, ClauseText], terms: Words) -> str:
    lines = [result.title]
    for part in parts:
        findings = _part(result, part)
        if part.cause is None:
            lines += _lines(findings, texts, terms)
            continue
        lines += ["", f"Cause: {part.cause.title}"]
        if part.rule == result.rule:
            lines += _lines(findings, texts, terms, part.cause.fix)
            lines += [f"Also explains: {other.title} ({other.rule})" for other in part.results[1:]]
        else:
            lines += map(_line, findings[:SHOWN])
            lines += [f"{len(findings) - SHOWN} more"] if len(findings) > SHOWN else []
            lines += [f"Explained at: {part.results[0].title} ({part.rule})"]
    return "\n".join(lines)


def _lines(
    findings: Sequence[Finding], texts: dict[str, ClauseText], terms: Words, fix: str = ""
) -> Iterator[str]:
    for one in advise(findings, texts, fix):
        yield ""
        yield f"{one.clause}, {one.level}" + (f", {one.origin}" if one.origin else "")
        yield from (f"{terms.sent}: {sent}" for sent in one.sent)
        for expectation in one.expectations:
            yield f"{terms.expected}: {expectation.expected}"
            yield from (f"{terms.actual}: {observation}" for observation in expectation.observations)
        yield from (f"It begins: {line}" for line in one.first_lines)
        if one.why:
            yield f"Why: {one.why}"
        yield from (f"Fix: {fix}" for fix in one.fixes)
        for reproduction in one.reproductions:
            yield f"{terms.reproduce}:"
            yield reproduction.curl


def count(element: ET.Element, suites: list[ET.Element]) -> None:
    """Set how many test cases of some suites an element has, and how they ended."""
    cases = [case for suite in suites for case in suite.iter("testcase")]
    element.set("tests", str(len(cases)))
    for attribute, child in (("failures", "failure"), ("errors", "error"), ("skipped", "skipped")):
        element.set(attribute, str(sum(case.find(child) is not None for case in cases)))
    element.set("time", f"{sum(float(case.attrib['time']) for case in cases):.3f}")
