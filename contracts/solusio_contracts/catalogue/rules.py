"""Shows the rules: `check --list-rules` and `check --explain`."""

from rich.console import Console
from rich.padding import Padding
from rich.table import Table
from rich.text import Text

from solusio_contracts.checking.rule import Rule
from solusio_contracts.contract.clauses import Clause
from solusio_contracts.reporting.printing import print_list
from solusio_contracts.rules import all_rules
from solusio_contracts.suggestions import did_you_mean


class UnknownRuleError(ValueError):
    """No rule or clause has this name."""


def print_rules() -> None:
    """Print a list of all rules in the order in which they run."""
    print_list(
        ("Rule", "Area", "Clauses", "What it checks"),
        ((rule.name, rule.area, _clause_ids(rule), rule.title) for rule in all_rules()),
    )


def _clause_ids(rule: Rule) -> str:
    return " ".join(clause.id for clause in rule.clauses[:3]) + (" …" if len(rule.clauses) > 3 else "")


def print_explanation(name: str) -> None:
    """Print why a rule exists, and its clauses in full.

    Raises:
        UnknownRuleError: no rule or clause has this name.
    """
    console = Console(highlight=False)
    wanted = name.strip().lower()
    rules = [
        rule
        for rule in all_rules()
        if wanted == rule.name
        or (not rule.broad and any(wanted == clause.id.lower() for clause in rule.clauses))
    ]
    if not rules:
        known = {one for rule in all_rules() for one in (rule.name, *(clause.id for clause in rule.clauses))}
        raise UnknownRuleError(
            f"{name!r} is not a rule or clause.{did_you_mean(name, known)} "
            "`mock-solusio check --list-rules` lists the rules."
        )
    for position, rule in enumerate(rules):
        if position:
            console.print()
        _explain(console, rule, wanted)


def _explain(console: Console, rule: Rule, wanted: str) -> None:
    console.print(Text.assemble((rule.name, "bold"), f"  ({rule.area})"))
    console.print(Text(rule.title))
    console.print(Padding(Text(rule.reason), (1, 2)))
    if rule.broad:
        first, last = rule.clauses[0].id, rule.clauses[-1].id
        count = len(rule.clauses)
        console.print(f"It covers {count} clauses from {first} to {last}; each finding names its clause.")
        return
    chosen = [clause for clause in rule.clauses if wanted == clause.id.lower()]
    for clause in chosen or rule.clauses:
        explain_clause(console, clause)


def explain_clause(console: Console, clause: Clause) -> None:
    """Print a clause in full."""
    source = clause.source or clause.reason
    console.print(Text.assemble((clause.id, "bold"), f"  {clause.level}, {clause.provenance}: {source}"))
    rows = Table.grid(padding=(0, 2))
    rows.add_column(no_wrap=True, style="dim")
    rows.add_column()
    for label, text in (("needs", clause.text), ("why", clause.why), ("fix", clause.fix)):
        rows.add_row(label, Text(text))
    console.print(Padding(rows, (0, 0, 1, 2)))
