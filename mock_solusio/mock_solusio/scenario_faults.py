"""A fault of a scenario, as the mock injects it and as people read it."""

from collections.abc import Callable
from typing import Any, Final

import msgspec

from mock_solusio.traffic.faults import (
    CutFault,
    DuplicatePageFault,
    GzipFault,
    Script,
    SlowFault,
    StatusFault,
    TimeoutFault,
)
from solusio_contracts.adapter.fault import Fault

PATIENCE: Final = 1.0
"""Seconds for which a response is held back or late: enough to be noticed, and short for a check."""
PAGE: Final = "<!DOCTYPE html><html><head><title>Error</title></head><body><h1>Error</h1></body></html>"
"""What a proxy in front of SolusIO sends."""


def script_of(fault: Fault) -> Script:
    """Return the fault as the mock injects it."""
    common: dict[str, Any] = {
        "operation": fault.operation,
        "skip": fault.skip,
        "times": None if fault.times == "all" else fault.times,
    }
    return _KINDS[fault.kind](fault, common)


def fault_text(one: Fault) -> str:
    """Return a fault for people: the operation, what goes wrong, and how often."""
    what = one.kind if one.status is None else f"{one.kind} {one.status}"
    texts = [f"{one.operation or 'every request'}: {what}"]
    if one.after:
        texts.append("after it was carried out")
    if one.times != 1:
        texts.append("each time" if one.times == "all" else f"{one.times} times")
    return " ".join(texts)


def _cut(fault: Fault, common: dict[str, Any]) -> Script:
    return CutFault(**common, effect=fault.after is not None)


def _cut_body(_: Fault, common: dict[str, Any]) -> Script:
    return CutFault(**common, at="body")


def _timeout(fault: Fault, common: dict[str, Any]) -> Script:
    return TimeoutFault(**common, seconds=PATIENCE, effect=fault.after is not None)


def _status(fault: Fault, common: dict[str, Any]) -> Script:
    body = msgspec.UNSET if fault.message is None else {"message": fault.message}
    return StatusFault(
        **common,
        status=fault.status or 500,
        retry_after=fault.retry_after,
        body=body,
        effect=fault.after is not None,
    )


def _html(fault: Fault, common: dict[str, Any]) -> Script:
    return StatusFault(**common, status=fault.status or 200, body=PAGE, effect=fault.after is not None)


def _slow(_: Fault, common: dict[str, Any]) -> Script:
    return SlowFault(**common, delay=PATIENCE)


def _gzip(_: Fault, common: dict[str, Any]) -> Script:
    return GzipFault(**common)


def _duplicate_page(_: Fault, common: dict[str, Any]) -> Script:
    return DuplicatePageFault(**common)


_KINDS: Final[dict[str, Callable[[Fault, dict[str, Any]], Script]]] = {
    "cut": _cut,
    "cut-body": _cut_body,
    "timeout": _timeout,
    "status": _status,
    "html": _html,
    "slow": _slow,
    "gzip": _gzip,
    "duplicate-page": _duplicate_page,
}
