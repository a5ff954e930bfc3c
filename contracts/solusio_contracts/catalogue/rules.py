"""Shows the rules to people: `check --list-rules` and `check --explain`."""

from rich.console import Console
from rich.padding import Padding
from rich.table import Table
from rich.text import Text

from solusio_contracts.checking.rule import Rule
from solusio_contracts.contract.clauses import Clause
from solusio_contracts.rules import all_rules

WIDE = 160
"""Columns where no terminal limits them: one line for each rule, to grep in."""


class UnknownRuleError(ValueError):
    """No rule or clause has this name."""


def print_rules() -> None:
    """Print a table of all rules in their running order."""
    table = Table(box=None, pad_edge=False, header_style="bold")
    for heading in ("Rule", "Area", "Clauses", "The endpoint is held to"):
        table.add_column(heading, overflow="fold", no_wrap=heading in ("Rule", "Area"))
    for rule in all_rules():
        clauses = " ".join(clause.id for clause in rule.clauses[:3]) + (" …" if len(rule.clauses) > 3 else "")
        table.add_row(Text(rule.name), Text(rule.area), Text(clauses), Text(rule.title))
    console = Console(highlight=False)
    if not console.is_terminal:
        console.width = WIDE
    console.print(table)


def print_explanation(name: str) -> None:
    """Print why a rule exists, and its clauses whole.

    Raises:
        UnknownRuleError: nothing has this name.
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
        raise UnknownRuleError(f"{name!r} is no rule and no clause; see --list-rules")
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
        console.print(f"It touches {len(rule.clauses)} clauses from {first} to {last}; findings name theirs.")
        return
    chosen = [clause for clause in rule.clauses if wanted == clause.id.lower()]
    for clause in chosen or rule.clauses:
        _explain_clause(console, clause)


def _explain_clause(console: Console, clause: Clause) -> None:
    source = clause.source or clause.reason
    console.print(Text.assemble((clause.id, "bold"), f"  {clause.level}, {clause.provenance}: {source}"))
    rows = Table.grid(padding=(0, 2))
    rows.add_column(no_wrap=True, style="dim")
    rows.add_column()
    for label, text in (("needs", clause.text), ("why", clause.why), ("fix", clause.fix)):
        rows.add_row(label, Text(text))
    console.print(Padding(rows, (0, 0, 1, 2)))
