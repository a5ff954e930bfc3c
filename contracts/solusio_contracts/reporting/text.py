"""Changes every text of a report at once. Pure."""

from collections.abc import Callable
from typing import Any

import msgspec

from solusio_contracts.reporting.report import Report

Change = Callable[[str], str]


def mapped(report: Report, change: Change) -> Report:
    """Return the report with `change` applied to every text in it."""
    return msgspec.convert(mapped_value(msgspec.to_builtins(report), change), Report)


def mapped_value(value: Any, change: Change) -> Any:
    """Return plain data with `change` applied to every text, except keys."""
    if isinstance(value, str):
        return change(value)
    if isinstance(value, dict):
        return {key: mapped_value(member, change) for key, member in value.items()}
    if isinstance(value, list | tuple):
        return [mapped_value(member, change) for member in value]
    return value
