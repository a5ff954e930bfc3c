"""The contract on a terminal or as plain text: tables of clauses and operations."""

import sys
from collections.abc import Iterable

from rich.box import SIMPLE_HEAD
from rich.console import Console
from rich.padding import Padding
from rich.table import Table
from rich.text import Text

from solusio_contracts.catalogue.citations import Place, places_by_clause, rules_by_clause
from solusio_contracts.contract.clauses import Clause, clauses
from solusio_contracts.contract.documents import document
from solusio_contracts.contract.elements import Statement
from solusio_contracts.contract.outline import Outline, outlines
from solusio_contracts.reporting.printing import PLAIN_WIDTH, printed
from solusio_contracts.users.conduct.judge import conduct_rules

STYLES = {
    "must": "bold red",
    "should": "yellow",
    "may": "dim",
    "documented": "green",
    "observed": "cyan",
    "assumed": "magenta",
}


class Printer:
    """Prints parts of the contract to a console; by default, to standard output."""

    def __init__(self, console: Console | None = None) -> None:
        width = None if sys.stdout.isatty() else PLAIN_WIDTH
        self.console = console or Console(width=width)

    def clauses(self, shown: Iterable[Clause]) -> None:
        """Print clauses, one row each."""
        table = Table(box=SIMPLE_HEAD, pad_edge=False)
        table.add_column("Clause", no_wrap=True)
        table.add_column("Level", no_wrap=True)
        table.add_column("Provenance", no_wrap=True)
        table.add_column("Requirement", ratio=3)
        table.add_column("Source or reason", ratio=2, style="dim")
        for clause in shown:
            origin = "; ".join(part for part in (clause.source, clause.reason) if part)
            table.add_row(
                clause.id,
                Text(clause.level, STYLES[clause.level]),
                Text(clause.provenance, STYLES[clause.provenance]),
                prose(clause.text),
                prose(origin),
            )
        self.console.print(table)

    def clause(self, clause: Clause) -> None:
        """Print everything about one clause."""
        head = Text.assemble(
            (clause.id, "bold"),
            "  ",
            (clause.level, STYLES[clause.level]),
            "  ",
            (clause.provenance, STYLES[clause.provenance]),
        )
        rows = [("", prose(clause.text)), ("Why", prose(clause.why)), ("Fix", prose(clause.fix))]
        for label, text in (("Source", clause.source), ("Reason", clause.reason)):
            if text:
                rows.append((label, prose(text)))
        places = places_by_clause(outlines()).get(clause.id, ())
        rows += [("Where", Text(_place(place))) for place in places]
        rules = rules_by_clause().get(clause.id, ())
        rows += [("Checked by", Text.assemble((rule.name, "bold"), f": {rule.title}")) for rule in rules]
        if any(rule.clause_id == clause.id for rule in conduct_rules()):
            rows.append(("Checked by", Text("mock-solusio serve, for every request of a client")))
        table = Table.grid(padding=(0, 2, 0, 0))
        table.add_column(style="dim", no_wrap=True)
        table.add_column(ratio=1)
        shown = ""
        for label, line in rows:
            table.add_row("" if label == shown else label, line)
            shown = label
        self.console.print(head)
        self.console.print(Padding(table, (0, 0, 1, 2)))

    def outline(self, outline: Outline) -> None:
        """Print an operation: its parameters, members and responses."""
        operation = outline.operation
        self.console.print(
            Text.assemble(
                (operation.id, "bold"),
                f"  {operation.method.upper()} {operation.path}  in {operation.document}",
            )
        )
        self.console.print(prose(outline.summary), style="italic")
        for section in outline.sections:
            title = f"{section.title} ({section.note})" if section.note else section.title
            self.console.print()
            self.console.print(Text(title, "bold"))
            if section.statement:
                self.console.print(prose(section.description.strip()))
                self.console.print(origin(section.statement))
            if not section.rows:
                continue
            table = Table(box=SIMPLE_HEAD, pad_edge=False, expand=True)
            table.add_column("Name", no_wrap=True)
            table.add_column("Type", ratio=2)
            table.add_column("Meaning and source", ratio=5)
            table.add_column("Clauses", width=len("TP-000, TP-000, TP-000"))
            for row in section.rows:
                kind = f"{row.type}, {row.limits}" if row.limits else row.type
                meaning = Text("\n").join((prose(row.description), origin(row.statement)))
                table.add_row(
                    Text(row.path),
                    Text.assemble(f"{kind}\n", (row.presence, "dim")),
                    meaning if row.description else origin(row.statement),
                    Text(", ".join(row.clauses)),
                )
            self.console.print(table)
        self.console.print()


def to_text(names: Iterable[str] = ()) -> str:
    """Return all clauses as plain text, and the operations of these documents, or of all if none is named."""

    def render(console: Console) -> None:
        printer = Printer(console)
        printer.clauses(clauses().values())
        for outline in outlines(*names):
            title = document(outline.operation.document)["info"]["title"]
            console.print(Text(title), style="underline")
            printer.outline(outline)

    return printed(render)


def prose(text: str) -> Text:
    """Return a text with the parts in backticks highlighted."""
    shown = Text(" ".join(text.split()))
    shown.highlight_regex(r"`[^`]+`", "cyan")
    return shown


def origin(statement: Statement) -> Text:
    """Return who states something, in a few words."""
    detail = "; ".join(part for part in (statement.source, statement.reason) if part)
    return Text.assemble((statement.kind, STYLES[statement.kind]), f": {detail}")


def _place(place: Place) -> str:
    return f"{place.operation}: {place.label}" if place.label != place.operation else place.label
