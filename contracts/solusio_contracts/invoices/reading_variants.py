"""Ways in which lines get lost, come twice or reach the wrong customer while usage is read."""

from collections.abc import Callable, Hashable, Iterator, Sequence
from dataclasses import replace
from typing import Final

from solusio_contracts.invoices.case import Case, Neighbour
from solusio_contracts.invoices.line_variants import Lines, with_hours
from solusio_contracts.invoices.usage import UsageLine

PAGES: Final = (10, 15, 20, 25, 30, 50, 100, 200, 250, 500, 1000, 2000, 5000)
"""Usual page sizes, and limits of databases."""

_Kept = Callable[[Sequence[UsageLine], int], Sequence[UsageLine]]


def _of_everybody(case: Case, kept: _Kept, sizes: Sequence[int] = PAGES) -> Iterator[tuple[Hashable, Lines]]:
    for size in dict.fromkeys((*sizes, case.page_size or sizes[0])):
        own = [line for line in kept(case.everybody, size) if line.billing_user_id == case.number]
        if own != list(case.usage):
            yield size, own


def first_page(case: Case) -> Iterator[tuple[Hashable, Lines]]:
    """Yield the lines on a first page of usual size, if no later one was requested."""
    if not case.turned:
        sizes = PAGES if case.page_size is None else (case.page_size,)
        yield from _of_everybody(case, lambda lines, size: lines[:size], sizes)


def limited(case: Case) -> Iterator[tuple[Hashable, Lines]]:
    """Yield a usual number of first lines, of all customers or of each, if more lines were read."""
    if case.turned is False and case.page_size is None:
        return
    sizes = [one for one in PAGES if case.turned is not False or one < (case.page_size or 0)]
    for key, lines in _of_everybody(case, lambda lines, size: lines[:size], sizes):
        yield ("all", key), lines
    for size in sizes:
        if len(case.usage) > size:
            yield ("each", size), list(case.usage)[:size]


def last_page(case: Case) -> Iterator[tuple[Hashable, Lines]]:
    """Yield the lines on the last page."""
    yield from _of_everybody(case, lambda lines, size: lines[(max(len(lines) - 1, 0) // size) * size :])


def without_last_page(case: Case) -> Iterator[tuple[Hashable, Lines]]:
    """Yield all lines but those on the last page, which may be the only one."""
    yield from _of_everybody(case, lambda lines, size: lines[: (max(len(lines) - 1, 0) // size) * size])


def without_first_page(case: Case) -> Iterator[tuple[Hashable, Lines]]:
    """Yield all lines but those on the first page, which may be the only one."""
    yield from _of_everybody(case, lambda lines, size: lines[size:])


def without_ends(case: Case) -> Iterator[tuple[Hashable, Lines]]:
    """Yield all lines but the first or last of each page, or of all."""
    for size in PAGES:
        for name, place in (("first", 0), ("last", size - 1)):
            own = [
                line
                for index, line in enumerate(case.everybody)
                if line.billing_user_id == case.number
                and index % size != place
                and not (place and index == len(case.everybody) - 1)
            ]
            if len(own) < len(case.usage):
                yield (name, size), own
    for name, part in (("the first", slice(1, None)), ("the last", slice(None, -1))):
        kept = [line for line in case.everybody[part] if line.billing_user_id == case.number]
        if len(kept) < len(case.usage):
            yield (name, "of all"), kept
        if case.usage:
            yield (name, "of each"), list(case.usage[part])


def page_twice(case: Case) -> Iterator[tuple[Hashable, Lines]]:
    """Yield lines of which a page was read twice: the first one, or all of them; as more lines or as sums."""
    for size in (*PAGES, len(case.everybody) or 1):
        name: Hashable = size if size in PAGES else "all"
        twice = [line for line in case.everybody[:size] if line.billing_user_id == case.number]
        if twice:
            for key, lines in _counted_twice(case, twice):
                yield (name, key), lines
    if case.faulty:
        for size in PAGES:
            for page in range(-(-len(case.everybody) // size)):
                part = case.everybody[page * size : (page + 1) * size]
                again = [line for line in part if line.billing_user_id == case.number]
                for key, lines in _counted_twice(case, again) if again else ():
                    yield ("after a fault", key), lines


def _counted_twice(case: Case, twice: Lines) -> Iterator[tuple[Hashable, Lines]]:
    yield "lines", [*case.usage, *twice]
    doubled = {id(line) for line in twice}

    def changed(change: Callable[[UsageLine], UsageLine]) -> Lines:
        return [change(line) if id(line) in doubled else line for line in case.usage]

    yield "sums", changed(lambda line: replace(line, hours=2 * line.hours, tokens=2 * line.tokens))
    yield "hours", changed(lambda line: with_hours(line, 2 * line.hours))
    yield "tokens", changed(lambda line: replace(line, tokens=2 * line.tokens))


def after_a_fault(case: Case) -> Iterator[tuple[Hashable, Lines]]:
    """Yield what had been read when SolusIO had a fault: some pages, or nothing."""
    if not case.faulty:
        return
    yield 0, ()
    for size in PAGES:
        for pages in range(1, -(-len(case.everybody) // size)):
            kept = case.everybody[: pages * size]
            yield 0, [line for line in kept if line.billing_user_id == case.number]


# Customers


def same_mail(case: Case) -> Iterator[tuple[Hashable, Lines]]:
    """Yield the lines that one of the customers with the same email address gets: all of them, or none."""
    own = next((one for one in case.neighbours if one.number == case.number), None)
    twins = [one for one in case.neighbours if own is not None and one.email == own.email and one.pricing]
    if own is None or len(twins) < 2:
        return
    numbers = [one.number for one in twins]
    together = [line for line in case.everybody if line.billing_user_id in numbers]
    for name, place in (("first", 0), ("last", -1)):
        yield name, together if numbers[place] == case.number else []
    others = [line for line in together if line.billing_user_id != case.number]
    yield "all", [*case.usage, *others]
    yield "other", others


def unknown_pays(case: Case) -> Iterator[tuple[Hashable, Lines]]:
    """Yield the customer's lines and those of users unknown to the billing system."""
    known = [one.number for one in case.neighbours if one.pricing is not None]
    for kind, nobodies in _nobodies(case, known):
        for name, payer in _PAYERS.items():
            extra = [
                line
                for place, line in enumerate(case.everybody)
                if nobodies(line) and payer(case, known, place) == case.number
            ]
            if extra:
                yield (kind, name), [*case.usage, *extra]


def _nobodies(case: Case, known: Sequence[int]) -> Iterator[tuple[str, Callable[[UsageLine], bool]]]:
    del case
    yield "unknown", lambda line: line.billing_user_id not in known
    yield "null", lambda line: line.billing_user_id is None
    yield "number", lambda line: line.billing_user_id is not None and line.billing_user_id not in known


def _before(case: Case, known: Sequence[int], place: int) -> int | None:
    for line in reversed(case.everybody[:place]):
        if line.billing_user_id in known:
            return line.billing_user_id
    return None


def _after(case: Case, known: Sequence[int], place: int) -> int | None:
    for line in case.everybody[place:]:
        if line.billing_user_id in known:
            return line.billing_user_id
    return None


_PAYERS: Final[dict[str, Callable[[Case, Sequence[int], int], int | None]]] = {
    "first": lambda case, known, place: known[0] if known else None,  # noqa: ARG005
    "last": lambda case, known, place: known[-1] if known else None,  # noqa: ARG005
    "before": _before,
    "after": _after,
}


def of_others(case: Case) -> Iterator[tuple[Hashable, Lines]]:
    """Yield lines of other customers of the scenario: of those before, all of them, or another's instead."""
    known = [one for one in case.neighbours if one.pricing is not None]
    place = next((index for index, one in enumerate(known) if one.number == case.number), None)
    if place is None or len(known) < 2:
        return

    def lines_of(group: Sequence[Neighbour]) -> list[UsageLine]:
        numbers = {one.number for one in group}
        return [line for line in case.everybody if line.billing_user_id in numbers]

    if case.usage:
        yield "with those before", lines_of(known[: place + 1])
        yield "with the one before", lines_of(known[max(0, place - 1) : place + 1])
        yield "of all", lines_of(known)
        yield "of everybody", list(case.everybody)
    yield "the next one's", lines_of([known[(place + 1) % len(known)]])
    yield "the previous one's", lines_of([known[place - 1]])
    yield "the first one's", lines_of(known[:1])
    yield "the last one's", lines_of(known[-1:])
