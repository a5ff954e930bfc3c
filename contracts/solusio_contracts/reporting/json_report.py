"""The report as JSON, for programs; `report.schema.json` describes it."""

from typing import Any

import msgspec

from solusio_contracts.escaping import encodable
from solusio_contracts.reporting.report import Report
from solusio_contracts.reporting.sections import summary
from solusio_contracts.reporting.sentences import verdict
from solusio_contracts.reporting.text import mapped_value


def document(report: Report) -> dict[str, Any]:
    """Return the report as plain data, with the verdict and the counts near the top."""
    members: dict[str, Any] = mapped_value(msgspec.to_builtins(report), encodable)
    head = {name: members.pop(name) for name in ("schema_version", "tool", "tool_version")}
    derived = {
        "verdict": verdict(report),
        "exit_code": int(report.exit),
        "summary": summary(report),
    }
    return {**head, **derived, **members}


def render(report: Report) -> str:
    """Return the report as indented JSON; the same report gives the same bytes."""
    return msgspec.json.format(msgspec.json.encode(document(report)), indent=2).decode() + "\n"
