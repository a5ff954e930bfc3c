"""What was looked at in an invoice, and what differed; the words in which both are told."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from typing import Final, TypeVar

from solusio_contracts.invoices.documents import BilledLine
from solusio_contracts.invoices.usage import Key

SHOWN: Final = 5
"""Lines with the same fault that are named one by one; more are told together."""

T = TypeVar("T")


@dataclass(frozen=True, slots=True)
class Difference:
    """Something that is not as it should be. `about` groups what has one cause: lines, total, parts ..."""

    clause: str
    subject: str
    expected: str
    actual: str
    about: str
    hint: str = ""


@dataclass(slots=True)
class Comparison:
    """What was looked at, and what differed."""

    where: str = ""
    """Whose invoice of which period, where there are several: `ann, 2026-03: `."""
    checks: int = 0
    differences: list[Difference] = field(default_factory=list)

    def expect(
        self,
        ok: bool,
        clause: str,
        subject: str,
        expected: str,
        actual: str,
        *,
        about: str = "",
        hint: str = "",
    ) -> bool:
        """Note what was expected and what is there; return whether it is so."""
        self.checks += 1
        if not ok:
            text = self.where + subject
            self.differences.append(Difference(clause, text, expected, actual, about, hint))
        return ok


def told_together(
    items: Sequence[T],
    comparison: Comparison,
    clause: str,
    about: str,
    tell: Callable[[T], tuple[str, str, str]],
) -> None:
    """Note differences of one kind, one by one if they are few."""
    told = [tell(item) for item in items[:SHOWN]]
    if len(items) <= SHOWN:
        for subject, expected, actual in told:
            comparison.expect(False, clause, subject, expected, actual, about=about)
    else:
        subject, expected, actual = told[0]
        # The subject stays the same when their number changes: baselines know it by that.
        comparison.expect(
            False,
            clause,
            "many lines",
            f"{subject}: {expected}",
            f"{actual}; and {len(items) - 1} more lines like this, such as {told[1][0]}",
            about=about,
        )


def said(key: Key) -> str:
    """Return what tells a line apart, for people: `web, plan small`."""
    server, resource, plan = key
    return f"{server}, plan {plan}" if resource == "server" else f"{server}, {resource}, plan {plan}"


def counted(count: int, one: str) -> str:
    """Return `1 hour`, `2 hours`."""
    return f"{count} {one}" if count == 1 else f"{count} {one}s"


def billed_key(line: BilledLine) -> Key:
    """Return what tells a billed line apart."""
    return (line.server, line.resource, line.plan)
