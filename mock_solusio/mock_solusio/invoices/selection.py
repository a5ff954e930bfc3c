"""Chooses scenarios by name, area or clause."""

import fnmatch
from collections.abc import Sequence

from mock_solusio.invoices.run import NUMBERS
from solusio_contracts.invoices.scenario import Scenario


class SelectionError(ValueError):
    """A selector of --only or --skip matches no scenario."""


def select(scenarios: Sequence[Scenario], only: Sequence[str], skip: Sequence[str]) -> list[Scenario]:
    """Return the scenarios named by `only` (all when empty) less those named by `skip`.

    A selector is a scenario's id, an area or the id of a clause that it cites, with `*` and `?` as wildcards.
    What is judged over all of them, `invoice-numbers`, can be skipped as well.

    Raises:
        SelectionError: a selector matches nothing, so that less would be checked than was asked.
    """
    for selector in (*only, *skip):
        if selector in skip and selector == NUMBERS:
            continue
        if not any(_matches(one, selector) for one in scenarios):
            raise SelectionError(
                f"{selector!r} is no scenario, area or clause of one; see `mock-solusio invoices list`"
            )
    chosen = [one for one in scenarios if not only or any(_matches(one, selector) for selector in only)]
    chosen = [one for one in chosen if not any(_matches(one, selector) for selector in skip)]
    if not chosen:
        raise SelectionError("--only and --skip together leave no scenario")
    return chosen


def _matches(scenario: Scenario, selector: str) -> bool:
    names = (scenario.id, scenario.area, *scenario.clauses)
    return any(fnmatch.fnmatchcase(name.lower(), selector.lower()) for name in names)
