"""The price list (steps 1 and 2) as a report: what `pricing` says about it, as the other suites would."""

import datetime
import time
from collections.abc import Callable
from importlib import metadata
from pathlib import Path
from typing import Final

from mock_solusio.price_list.model import Diagnostic, Severity, check
from mock_solusio.price_list.reading import LONGEST_FILE, read
from solusio_contracts.checking.runner import clause_texts
from solusio_contracts.decoding import DecodingError
from solusio_contracts.reporting.report import Finding, Item, Outcome, Report, Result

COMMAND: Final = "pricing"

TOKENS: Final = Item("token-costs", "tokens", "what a token costs, in each currency", ("PF-010",))
PLANS: Final = Item(
    "plan-prices", "plans", "hourly and monthly prices of plans", ("PF-020", "PF-021", "PF-026")
)

_CLAUSES: Final = {
    "free": "PF-020",
    "cap-below-one-hour": "PF-021",
    "cap-never-reached": "PF-021",
    "name-twice": "PF-026",
    "price-vanishes": "PF-010",
    "hour-vanishes": "PF-010",
    "unit-cost-too-fine": "PF-010",
}
_LEVELS: Final = {Severity.ERROR: "must", Severity.WARNING: "should"}
_EXPECTED: Final = {
    "PF-010": "a price of a token that can be charged",
    "PF-020": "a price",
    "PF-021": "a cap that can be reached",
    "PF-026": "a name of its own",
}


def run(file: Path, progress: Callable[..., None]) -> Report:
    """Read a price list and report what is wrong with it. Never raises for what is in the file."""
    began, started = time.monotonic(), datetime.datetime.now(datetime.UTC)
    progress(TOKENS, 0, 2)
    results = _results(file)
    return Report(
        command=COMMAND,
        tool_version=metadata.version("mock-solusio"),
        target=str(file),
        started=started.isoformat(timespec="seconds").removesuffix("+00:00") + "Z",
        seconds=round(time.monotonic() - began, 3),
        seed=0,
        requests=0,
        users=(),
        results=results,
        clauses=clause_texts({number for result in results for number in result.clauses}),
    )


def _results(file: Path) -> tuple[Result, ...]:
    try:
        with file.open("rb") as opened:
            prices, found = read(opened.read(LONGEST_FILE + 1), str(file))
    except (DecodingError, OSError) as error:
        reason = f"the price list cannot be read: {error}"
        return tuple(item.undecided(Outcome.ERROR, reason) for item in (TOKENS, PLANS))
    if prices is not None:
        found += check(prices)
    return (
        _of(TOKENS, None if prices is None else len(prices.currencies), found),
        _of(PLANS, None if prices is None else len(prices.plans), found),
    )


def _of(item: Item, checks: int | None, found: list[Diagnostic]) -> Result:
    """Return the result of an item; `checks` None: the list is not valid as a whole."""
    findings = [
        Finding(
            clause=_clause(one),
            level=_LEVELS[one.level],
            subject=one.name or one.place,
            expected=_EXPECTED[_clause(one)],
            actual=one.message,
        )
        for one in found
        if one.level in _LEVELS and _clause(one) in item.clauses
    ]
    if not findings and not checks:
        if checks is None:
            return item.undecided(Outcome.ERROR, "another part of the price list is not valid")
        return item.undecided(Outcome.SKIP, f"the price list has no {item.area}")
    findings.sort(key=lambda one: one.level != "must")
    return item.judged(findings, checks=checks or len(findings))


def _clause(found: Diagnostic) -> str:
    """Return the clause that a diagnostic belongs to: what is not a price belongs to the part it is in."""
    return _CLAUSES.get(found.code) or ("PF-020" if found.place.startswith("plans") else "PF-010")
