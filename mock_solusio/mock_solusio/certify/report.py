"""The reports of all suites as one, in each of the formats."""

import functools
from collections.abc import Mapping
from importlib import resources
from typing import Any
from xml.etree import ElementTree as ET

import jinja2
import msgspec

from mock_solusio.certify.summary import Summary
from solusio_contracts.escaping import visible
from solusio_contracts.reporting import html, json_report, junit, sarif
from solusio_contracts.reporting.report import Report
from solusio_contracts.reporting.text import mapped_value

Reports = Mapping[str, Report]
"""The report of each suite, by its name."""


def render(kind: str, summary: Summary, reports: Reports) -> str:
    """Return everything as `json`, `junit`, `html` or `sarif`."""
    return {"json": _json, "junit": _junit, "html": _html, "sarif": _sarif}[kind](summary, reports)


def _json(summary: Summary, reports: Reports) -> str:
    document: dict[str, Any] = {
        "summary": msgspec.to_builtins(summary),
        "reports": {suite: json_report.document(report) for suite, report in reports.items()},
    }
    return msgspec.json.format(msgspec.json.encode(document), indent=2).decode() + "\n"


def _junit(summary: Summary, reports: Reports) -> str:
    root = ET.Element("testsuites", {"name": summary.tool})
    for suite, report in reports.items():
        for area in junit.tree(report):
            area.set("name", f"{suite}: {area.get('name')}")
            root.append(area)
    steps = ET.SubElement(root, "testsuite", name="steps", timestamp=summary.date.removesuffix("Z"))
    for step in summary.steps:
        case = ET.SubElement(
            steps,
            "testcase",
            name=f"step {step.number}: {step.title}",
            classname="mock-solusio.steps",
            time=f"{step.seconds:.3f}",
        )
        text = visible(f"{step.verdict.words}: {step.reason}" if step.reason else step.verdict.words)
        match step.verdict:
            case "not-conformant":
                ET.SubElement(case, "failure", message=text, type="step")
            case "inconclusive":
                ET.SubElement(case, "error", message=text, type="undecided")
            case "not-judged" if step.number in summary.required:
                ET.SubElement(case, "failure", message=text, type="required")
            case "not-judged":
                ET.SubElement(case, "skipped", message=text)
    junit.count(steps, [steps])
    junit.count(root, list(root))
    root.set("time", f"{summary.seconds:.3f}")
    return junit.serialised(root)


def _sarif(_: Summary, reports: Reports) -> str:
    # Code scanning keeps the runs of a file apart by their ids.
    return sarif.log(
        [
            {**sarif.run(report), "automationDetails": {"id": f"mock-solusio/{suite}/"}}
            for suite, report in reports.items()
        ]
    )


def _html(summary: Summary, reports: Reports) -> str:
    return _template().render(
        summary=msgspec.convert(mapped_value(msgspec.to_builtins(summary), visible), Summary),
        style=html.style(),
        reports=[(suite, html.body(report)) for suite, report in reports.items()],
    )


@functools.cache
def _template() -> jinja2.Template:
    environment = jinja2.Environment(
        autoescape=True, trim_blocks=True, lstrip_blocks=True, undefined=jinja2.StrictUndefined
    )
    source = resources.files(__package__).joinpath("certify.html.j2")
    return environment.from_string(source.read_text("utf-8"))
