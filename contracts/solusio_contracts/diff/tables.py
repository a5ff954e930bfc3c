"""A comparison for people: what matters most first, the counts last."""

import re
from collections.abc import Callable, Collection, Iterable

from rich.box import SIMPLE_HEAD
from rich.console import Console
from rich.padding import Padding
from rich.table import Table
from rich.text import Text

from solusio_contracts.catalogue.tables import STYLES
from solusio_contracts.diff.findings import OURS, THEIRS, DiffVerdict, DocumentDiff, ElementFinding
from solusio_contracts.escaping import encodable, one_line
from solusio_contracts.reporting.words import plural

_MARKS = {
    DiffVerdict.CONTRADICTED: ("✗", "x"),
    DiffVerdict.MISSING: ("±", "+"),
    DiffVerdict.CONFIRMED: ("✓", "="),
}
_STYLES = {DiffVerdict.CONTRADICTED: "red", DiffVerdict.MISSING: "yellow", DiffVerdict.CONFIRMED: "green"}
_PLAIN = {"required": {"required", "optional"}, "nullable": {"nullable", "never null"}}
"""Values that need no label, by aspect."""
_SHARES = (5, 3, 3)
"""How the columns with long texts share the width."""
_SHARE = _SHARES[0]
_OTHER_COLUMNS = len("✗  ") + len("documented ") + 4
_SHORTEST = 15
"""The fewest characters of a summary that are worth showing."""


def render(
    diff: DocumentDiff,
    console: Console,
    document: str,
    source: str,
    only: Collection[DiffVerdict] | None,
) -> None:
    """Print a comparison; `only` selects findings, by default those that need a decision."""
    _Page(diff, console, only).render(document, source)


class _Page:
    def __init__(self, diff: DocumentDiff, console: Console, only: Collection[DiffVerdict] | None) -> None:
        self.diff = diff
        self.console = console
        self.only = only
        self.unicode = console.encoding.lower().startswith("utf")
        self.absent = "—" if self.unicode else "-"

    def render(self, document: str, source: str) -> None:
        diff = self.diff
        title = f" ({one_line(diff.theirs_title)})" if diff.theirs_title else ""
        self.say(
            f"Our {document} against {one_line(source)}{title}, OpenAPI {one_line(diff.theirs_version)}."
        )
        self.say(f"{plural(diff.matched, 'operation')} in both.")
        for remark in diff.remarks:
            self.say(one_line(remark), "dim")
        if self.shows(DiffVerdict.MISSING):
            self.wanted()
        self.decided()
        self.differences()
        if self.only and self.shows(DiffVerdict.CONFIRMED):
            self.confirmed()
        if self.shows(DiffVerdict.MISSING):
            self.operations("Operations that only the vendor's document has", OURS, lambda one: one.theirs)
            self.operations("Operations that only ours has", THEIRS, lambda one: one.ours)
        self.summary()

    def shows(self, verdict: DiffVerdict) -> bool:
        return self.only is None or verdict in self.only

    # Sections

    def wanted(self) -> None:
        """Print the operations about billed usage that ours lacks, with all their details."""
        for wanted in self.diff.wanted:
            self.heading(f"New to us: {wanted.operation}", "bold magenta")
            self.say("Please report this operation: our document lacks it, and integrators need it most.")
            if wanted.summary:
                self.say(f"The vendor's document calls it: {wanted.summary}")
            table = self.table("Where", "Name", "Type", "Meaning", widths=(2, 3, 3, 4))
            for part in wanted.parts:
                kind = f"{part.type}, required" if part.required else part.type
                self.row(table, part.where, part.name, kind, part.description)
            if wanted.parts:
                self.console.print(table)
            else:
                self.say("It has no parameters or members.", "dim")

    def decided(self) -> None:
        """Print the assumptions that the vendor's document settles."""
        diff = self.diff
        found = [
            one
            for verdict in (DiffVerdict.CONTRADICTED, DiffVerdict.CONFIRMED)
            if self.shows(verdict)
            for one in diff.having(verdict, assumed=True)
        ]
        if not found:
            return
        self.heading("Our assumptions that the vendor's document settles", "bold magenta")
        for verdict in (DiffVerdict.CONTRADICTED, DiffVerdict.CONFIRMED):
            grouped = diff.by_operation(one for one in found if one.verdict is verdict)
            for operation, group in grouped.items():
                self.console.print(Text.assemble(self.mark(verdict), " ", (self.lines(operation), "bold")))
                if verdict is DiffVerdict.CONFIRMED:
                    self.indented(", ".join(_place(one) for one in group))
                    continue
                for one in group:
                    sides = [self.aspects(one, theirs=theirs).replace("\n", ", ") for theirs in (False, True)]
                    self.indented(f"{_place(one)}: ours {sides[0]}; vendor's {sides[1]}")

    def differences(self) -> None:
        """Print contradicted and missing elements of the operations that both have."""
        verdicts = [one for one in (DiffVerdict.CONTRADICTED, DiffVerdict.MISSING) if self.shows(one)]
        found = [
            one
            for one in self.diff.findings
            if one.verdict in verdicts and (one.result.element != "operation")
        ]
        if found:
            self.heading("What differs, by operation", "bold")
        self.grouped(found)

    def confirmed(self) -> None:
        """Print everything that is confirmed."""
        found = self.diff.having(DiffVerdict.CONFIRMED)
        if found:
            self.heading("What is confirmed, by operation", "bold")
        self.grouped(found)

    def grouped(self, findings: Iterable[ElementFinding]) -> None:
        for operation, group in self.diff.by_operation(findings).items():
            self.console.print()
            self.console.print(Text(self.lines(operation), "bold"))
            table = self.table("", "Element", "Ours", "Vendor's", "Provenance", widths=(0, *_SHARES, 0))
            where = None
            for one in group:
                if one.where != where:
                    where = one.where
                    self.row(table, "", Text(self.lines(where or "operation"), "italic"))
                stated = one.result.statement
                kind = str(stated.kind) if stated else ""
                self.row(
                    table,
                    self.mark(one.verdict),
                    self.element(one),
                    self.side(one, theirs=False),
                    self.side(one, theirs=True),
                    Text(kind, STYLES.get(kind, "")),
                )
            self.console.print(table)

    def operations(self, title: str, missing_in: str, words: Callable[..., str]) -> None:
        """Print the operations that one of the documents lacks, one per line."""
        missing = self.diff.having(DiffVerdict.MISSING, missing_in=missing_in)
        found = [one for one in missing if one.result.element == "operation"]
        if not found:
            return
        self.heading(f"{title}: {len(found)}", "bold")
        for one in found:
            line = f"  {one_line(one.operation)}{' (assumed)' if one.assumed else ''}"
            summary = one_line(" ".join(words(one.result).split()))
            room = self.console.width - len(line) - 2
            if len(summary) > room:
                summary = summary[: room - 3] + "..." if room >= _SHORTEST else ""
            self.console.print(Text.assemble(self.safe(line), "  ", (self.safe(summary), "dim")))

    def summary(self) -> None:
        """Print the counts."""
        diff = self.diff
        self.heading("Summary", "bold")
        table = Table.grid(padding=(0, 2, 0, 0))
        table.add_column()
        table.add_column(justify="right")
        table.add_column()
        for verdict in DiffVerdict:
            words = []
            if verdict is DiffVerdict.MISSING:
                sides = (
                    (len(diff.having(verdict, missing_in=OURS)), "only in the vendor's document"),
                    (len(diff.having(verdict, missing_in=THEIRS)), "only in ours"),
                )
                words = [f"{count} {where}" for count, where in sides if count]
            if assumed := len(diff.having(verdict, assumed=True)):
                words.append(f"we had assumed {assumed} of them")
            table.add_row(
                Text(verdict.value, _STYLES[verdict]),
                str(len(diff.having(verdict))),
                Text(", ".join(words), "dim"),
            )
        self.console.print(table)

    # Cells

    def element(self, one: ElementFinding) -> Text:
        # The columns that the table leaves to this cell.
        room = (self.console.width - _OTHER_COLUMNS) * _SHARE // sum(_SHARES)
        text = Text(_folded(self.lines(one.name or _place(one)), room))
        if one.also_in:
            text.append(f" +{plural(len(one.also_in), 'operation')}", "dim")
        for note in one.result.notes:
            text.append(f"\n{self.lines(note)}", "dim")
        return text

    def side(self, one: ElementFinding, *, theirs: bool) -> str:
        result = one.result
        if result.verdict is DiffVerdict.CONTRADICTED:
            return self.aspects(one, theirs=theirs)
        if result.missing_in == (THEIRS if theirs else OURS):
            return self.absent
        return (result.theirs if theirs else result.ours) or "yes"

    def aspects(self, one: ElementFinding, *, theirs: bool) -> str:
        lines = []
        for aspect in one.result.aspects:
            value = aspect.theirs if theirs else aspect.ours
            lines.append(value if value in _PLAIN.get(aspect.name, ()) else f"{aspect.name}: {value}")
        return "\n".join(lines)

    def mark(self, verdict: DiffVerdict) -> Text:
        return Text(_MARKS[verdict][0 if self.unicode else 1], _STYLES[verdict])

    # Lines

    def table(self, *names: str, widths: tuple[int, ...]) -> Table:
        table = Table(box=SIMPLE_HEAD, pad_edge=False, show_edge=False, expand=True)
        for name, width in zip(names, widths, strict=True):
            table.add_column(name, ratio=width or None, no_wrap=not width, overflow="fold")
        return table

    def row(self, table: Table, *cells: str | Text) -> None:
        """Add a row; markup in a text is shown, not interpreted."""
        table.add_row(*(cell if isinstance(cell, Text) else Text(self.lines(cell)) for cell in cells))

    def lines(self, text: str) -> str:
        return "\n".join(self.safe(one_line(line)) for line in text.split("\n"))

    def heading(self, text: str, style: str) -> None:
        self.console.print()
        self.console.print(Text(self.safe(one_line(text)), style))

    def say(self, text: str, style: str = "") -> None:
        self.console.print(Text(self.safe(one_line(text)), style))

    def indented(self, text: str) -> None:
        self.console.print(Padding(Text(self.safe(one_line(text))), (0, 0, 0, 4)))

    def safe(self, text: str) -> str:
        return text if self.unicode else encodable(text, self.console.encoding)


def _folded(name: str, room: int) -> str:
    """Return `data[].project.name` with line breaks before dots where it is too long."""
    lines = [""]
    for part in re.split(r"(?=\.)", name):
        if lines[-1] and len(lines[-1]) + len(part) > room:
            lines.append("")
        lines[-1] += part
    return "\n".join(lines)


def _place(one: ElementFinding) -> str:
    """Return `data[].email (response 200)`."""
    if one.name:
        return f"{one.name} ({one.where})"
    return (
        one.where
        if one.where.startswith("response")
        else f"{one.where} body"
        if one.where
        else "the operation"
    )
