"""Shows the judgements: `preflight --list-judgements` and `preflight --explain`."""

from rich.console import Console
from rich.padding import Padding
from rich.text import Text

from mock_solusio.preflight.judgement import all_judgements
from solusio_contracts.catalogue.rules import explain_clause
from solusio_contracts.reporting.printing import print_list
from solusio_contracts.suggestions import did_you_mean


class UnknownJudgementError(ValueError):
    """No judgement has this name."""


def print_judgements() -> None:
    """Print a list of all judgements in their order."""
    print_list(
        ("Judgement", "Area", "Clauses", "What is judged"),
        ((one.name, one.item.area, " ".join(one.item.clauses), one.title) for one in all_judgements()),
    )


def print_judgement(name: str) -> None:
    """Print why something is judged, and the clauses in full.

    Raises:
        UnknownJudgementError: there is no such judgement or clause.
    """
    wanted = name.strip().lower()
    known = [one for one in all_judgements() if wanted in (one.name, *map(str.lower, one.item.clauses))]
    if not known:
        names = {word for one in all_judgements() for word in (one.name, *one.item.clauses)}
        raise UnknownJudgementError(
            f"{name!r} is not a judgement or clause.{did_you_mean(name, names)} "
            "`mock-solusio preflight --list-judgements` lists them."
        )
    console = Console(highlight=False)
    for one in known:
        console.print(Text.assemble((one.name, "bold"), f"  ({one.item.area})"))
        console.print(Text(one.title))
        console.print(Padding(Text(one.reason), (1, 2)))
        for clause in one.clauses:
            explain_clause(console, clause)
