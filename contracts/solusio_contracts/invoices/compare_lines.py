"""Compares the lines of an invoice with the expected ones. Pure: invoices in, differences out."""

from collections import defaultdict
from collections.abc import Callable, Iterable, Mapping
from itertools import zip_longest
from typing import TypeVar

from solusio_contracts.invoices.differences import Comparison, add_grouped, billed_key, line_name
from solusio_contracts.invoices.documents import BilledInvoice, BilledLine
from solusio_contracts.invoices.scenario import ExpectedInvoice, ExpectedLine
from solusio_contracts.invoices.usage import LineKey
from solusio_contracts.reporting.words import plural

T = TypeVar("T")


def _use(hours: int, tokens: int, charge: str | None) -> str:
    text = f"{plural(hours, 'hour')}, {plural(tokens, 'token')}"
    return f"{text} ({charge})" if charge else text


def _expected_key(line: ExpectedLine) -> LineKey:
    return (line.on, line.resource, line.plan)


def compare_lines(
    expected: ExpectedInvoice, billed: BilledInvoice, comparison: Comparison, foreign: Mapping[LineKey, str]
) -> None:
    """Compare lines with the expected ones; `foreign` names the owners of other customers' lines."""
    wanted, found = _grouped(expected.lines, _expected_key), _grouped(billed.lines, billed_key)
    missing: list[ExpectedLine] = []
    extra: list[BilledLine] = []
    wrong: list[tuple[ExpectedLine, BilledLine]] = []
    for key in dict.fromkeys((*wanted, *found)):
        pairs = _paired(wanted.get(key, []), found.get(key, []))
        for right, line in pairs:
            if line is None and right is not None:
                if right.tokens:
                    missing.append(right)
                else:
                    comparison.checks += 1  # a line that costs nothing may be left out (US-023)
            elif right is None and line is not None:
                extra.append(line)
            elif right is not None and line is not None:
                if _same(right, line):
                    comparison.checks += 1
                else:
                    wrong.append((right, line))
    add_grouped(
        wrong,
        comparison,
        "INV-005",
        "lines",
        lambda pair: (
            line_name(billed_key(pair[1])),
            _use(pair[0].hours, pair[0].tokens, pair[0].charge if pair[1].charge else None),
            _use(pair[1].hours, pair[1].tokens, pair[1].charge),
        ),
    )
    add_grouped(
        missing,
        comparison,
        "INV-004",
        "lines",
        lambda line: (
            line_name(_expected_key(line)),
            _use(line.hours, line.tokens, line.charge),
            "no such line",
        ),
    )
    strange = [line for line in extra if billed_key(line) in foreign]
    add_grouped(
        strange,
        comparison,
        "INV-014",
        "foreign",
        lambda line: (
            line_name(billed_key(line)),
            f"no such line: it belongs to {foreign[billed_key(line)]}",
            _use(line.hours, line.tokens, line.charge),
        ),
    )
    add_grouped(
        [line for line in extra if billed_key(line) not in foreign],
        comparison,
        "INV-004",
        "lines",
        lambda line: (
            line_name(billed_key(line)),
            "no such line",
            _use(line.hours, line.tokens, line.charge),
        ),
    )


def _grouped(lines: Iterable[T], key: Callable[[T], LineKey]) -> dict[LineKey, list[T]]:
    groups: dict[LineKey, list[T]] = defaultdict(list)
    for line in lines:
        groups[key(line)].append(line)
    return groups


def _paired(
    wanted: list[ExpectedLine], found: list[BilledLine]
) -> list[tuple[ExpectedLine | None, BilledLine | None]]:
    """Pair lines of one key: first those that agree, then the others by size."""
    left = sorted(found, key=lambda line: (line.hours, line.tokens))
    pairs: list[tuple[ExpectedLine | None, BilledLine | None]] = []
    rest: list[ExpectedLine] = []
    for right in sorted(wanted, key=lambda line: (line.hours, line.tokens)):
        same = next((line for line in left if _same(right, line)), None)
        if same is None:
            rest.append(right)
        else:
            left.remove(same)
            pairs.append((right, same))
    return [*pairs, *zip_longest(rest, left)]


def _same(right: ExpectedLine, line: BilledLine) -> bool:
    same_use = (right.hours, right.tokens) == (line.hours, line.tokens)
    return same_use and line.charge in (None, right.charge)
