"""A judgement: a clause, a docstring that says why, and a small function that yields what it expects.

A judgement looks at an `Installation` and yields `Expect` and `Note`; it never prints, and knows no report.
To add one, write its clause in `clauses.toml` and its function in the module of its step in `judgements/`.
"""

import functools
import importlib
import inspect
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Final

from mock_solusio.preflight.installation import Installation
from solusio_contracts.checking.rule import Expect
from solusio_contracts.contract.clauses import Clause, clause
from solusio_contracts.reporting.report import Item

STEPS: Final[dict[str, tuple[int, ...]]] = {
    "installation": (),
    "plans": (2, 3),
    "registration": (4,),
    "limit-groups": (5,),
    "billing-integration": (7,),
    "users": (8, 9),
    "usage": (10,),
}
"""The areas in their order, each with the steps of the vendor's page."""


@dataclass(frozen=True, slots=True)
class Note:
    """Something to say beside the outcome, such as how much was looked at."""

    text: str


class NotJudged(Exception):  # noqa: N818 - a message, not an error
    """Raised by a judgement that has nothing to look at; the text says why, or which option helps."""


class Undecided(Exception):  # noqa: N818 - a message, not an error
    """Raised by a judgement that looked, and cannot tell; the text says why."""


Look = Callable[[Installation], Iterator[Expect | Note]]


@dataclass(frozen=True, slots=True)
class Judgement:
    """A look at one thing, and its clauses; named as its function, with dashes."""

    name: str
    area: str
    title: str
    reason: str
    clauses: tuple[Clause, ...]
    look: Look

    @property
    def item(self) -> Item:
        """What reports show."""
        return Item(self.name, shown_area(self.area), self.title, tuple(one.id for one in self.clauses))

    @property
    def selectors(self) -> tuple[str, ...]:
        """What `--only` and `--skip` select it by: name, area, `step-4`, clauses."""
        steps = (f"step-{number}" for number in STEPS[self.area])
        return (self.name, self.area, *steps, *(one.id for one in self.clauses))

    def clause_of(self, expect: Expect) -> Clause:
        """Return the clause of an expectation: the one it names, by default the first."""
        return clause(expect.clause) if expect.clause else self.clauses[0]


def shown_area(area: str) -> str:
    """Return an area with its steps: `plans (steps 2, 3)`."""
    steps = STEPS[area]
    words = ", ".join(map(str, steps))
    return f"{area} ({'step' if len(steps) == 1 else 'steps'} {words})" if steps else area


_JUDGEMENTS: dict[str, Judgement] = {}


def judgement(*clause_ids: str, title: str) -> Callable[[Look], Look]:
    """Register a look at something for the clauses that it judges.

    Raises:
        ClauseError: a clause does not exist.
        ValueError: it has no clause or docstring, or its name is taken.
    """

    def register(look: Look) -> Look:
        name = look.__name__.replace("_", "-")
        if not clause_ids or not look.__doc__:
            raise ValueError(f"judgement {name} needs a clause and a docstring")
        if name in _JUDGEMENTS:
            raise ValueError(f"two judgements are named {name}")
        area = look.__module__.rpartition(".")[2].replace("_", "-")
        clauses = tuple(clause(one) for one in clause_ids)
        _JUDGEMENTS[name] = Judgement(name, area, title, inspect.cleandoc(look.__doc__), clauses, look)
        return look

    return register


@functools.cache
def all_judgements() -> tuple[Judgement, ...]:
    """Return all judgements in their order: by step, then as they are written."""
    for area in STEPS:
        importlib.import_module(f"mock_solusio.preflight.judgements.{area.replace('-', '_')}")
    areas = list(STEPS)
    return tuple(sorted(_JUDGEMENTS.values(), key=lambda one: areas.index(one.area)))
