"""Writers turn a report into text; each is loaded only when it is needed.

To add one, write a module with `render(report) -> str` and add it to `WRITERS`.
"""

import importlib
import io
from collections.abc import Callable
from pathlib import Path
from types import MappingProxyType
from typing import TextIO

from solusio_contracts.reporting.report import Report

WRITERS = MappingProxyType(
    {
        "json": "solusio_contracts.reporting.json_report:render",
        "junit": "solusio_contracts.reporting.junit:render",
        "html": "solusio_contracts.reporting.html:render",
        "sarif": "solusio_contracts.reporting.sarif:render",
    }
)
"""The kind of a file report, and the `module:function` that renders it."""

Render = Callable[[Report], str]


class ReportKindError(ValueError):
    """The kind of a file report is unknown."""


def load(kind: str) -> Render:
    """Return the function that renders a kind of report.

    Raises:
        ReportKindError: the kind is unknown.
    """
    if kind not in WRITERS:
        raise ReportKindError(f"expected one of {', '.join(WRITERS)}, got {kind!r}")
    module, _, function = WRITERS[kind].partition(":")
    render: Render = getattr(importlib.import_module(module), function)
    return render


def write(report: Report, kind: str, destination: TextIO | Path | str) -> None:
    """Write a report as UTF-8 to a text stream or a file; missing folders are created.

    Raises:
        ReportKindError: the kind is unknown.
        OSError: the file cannot be written.
    """
    text = load(kind)(report)
    if isinstance(destination, str | Path):
        path = Path(destination)
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(text.encode())
        return
    raw = getattr(destination, "buffer", None)
    if isinstance(raw, io.BufferedIOBase):
        # In another encoding (stdout under LANG=C), writing may fail or contradict the XML declaration.
        destination.flush()
        raw.write(text.encode())
        raw.flush()
    else:
        destination.write(text)
