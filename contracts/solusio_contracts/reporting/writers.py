"""Writers turn a report into text. Each is loaded when it is asked for, so that none costs the others.

To add one: write a module with `render(report) -> str` and give it a line in `WRITERS`.
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
"""Kind of a file report -> the `module:function` that renders it."""

Render = Callable[[Report], str]


class ReportKindError(ValueError):
    """There is no file report of this kind."""


def load(kind: str) -> Render:
    """Return the function that renders a kind of report.

    Raises:
        ReportKindError: there is no such kind.
    """
    if kind not in WRITERS:
        raise ReportKindError(f"no report of the kind {kind!r}; there is {', '.join(WRITERS)}")
    module, _, function = WRITERS[kind].partition(":")
    render: Render = getattr(importlib.import_module(module), function)
    return render


def write(report: Report, kind: str, destination: TextIO | Path | str) -> None:
    """Write a report as UTF-8 to a text stream or a file; folders of the file are made as needed.

    Raises:
        ReportKindError: there is no such kind.
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
        # A stream of another encoding (stdout under LANG=C) would break, or belie the XML declaration.
        destination.flush()
        raw.write(text.encode())
        raw.flush()
    else:
        destination.write(text)
