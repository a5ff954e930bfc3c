"""Differences between an invoice and the expected one, and how they are worded."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from typing import Final, TypeVar

from solusio_contracts.adapter.verdict import Difference, Mistake
from solusio_contracts.invoices.documents import BilledLine
from solusio_contracts.invoices.usage import LineKey

SHOWN: Final = 5
"""The most differences of one kind that are listed singly."""

T = TypeVar("T")


@dataclass(slots=True)
class Comparison:
    """The checks made so far, and the differences found."""

    where: str = ""
    """Prefix that names customer and period where there are several: `ann, 2026-03: `."""
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
        mistakes: tuple[Mistake, ...] = (),
    ) -> bool:
        """Count a check and, unless `ok`, record a difference; return `ok`."""
        self.checks += 1
        if not ok:
            text = self.where + subject
            self.differences.append(Difference(clause, text, expected, actual, about, hint, mistakes))
        return ok


def add_grouped(
    items: Sequence[T],
    comparison: Comparison,
    clause: str,
    about: str,
    describe: Callable[[T], tuple[str, str, str]],
) -> None:
    """Record differences of one kind: singly, or as one entry if there are more than `SHOWN`."""
    described = [describe(item) for item in items[:SHOWN]]
    if len(items) <= SHOWN:
        for subject, expected, actual in described:
            comparison.expect(False, clause, subject, expected, actual, about=about)
    else:
        subject, expected, actual = described[0]
        # The subject does not depend on the number of lines, so that a baseline recognises it.
        comparison.expect(
            False,
            clause,
            "many lines",
            f"{subject}: {expected}",
            f"{actual}; and {len(items) - 1} more lines like this, such as {described[1][0]}",
            about=about,
        )


def line_name(key: LineKey) -> str:
    """Return the name of a line for people: `web, plan small`."""
    server, resource, plan = key
    return f"{server}, plan {plan}" if resource == "server" else f"{server}, {resource}, plan {plan}"


def billed_key(line: BilledLine) -> LineKey:
    """Return the key of a billed line."""
    return (line.server, line.resource, line.plan)
