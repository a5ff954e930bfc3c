"""A price list as tables for a terminal, and as Markdown with the vendor's headings."""

from collections.abc import Iterable, Sequence

from rich.box import SIMPLE_HEAD
from rich.cells import cell_len
from rich.console import Console
from rich.table import Table
from rich.text import Text

from mock_solusio.domain.prices import Pricing
from mock_solusio.price_list.report import PriceReport, written
from mock_solusio.price_list.tables import PlanRow
from solusio_contracts.reporting.printing import printed

NARROWEST_NAME = 12
"""The narrowest column for names of plans, even if the table gets wider than the terminal."""

NONE = "-"

_BETWEEN = "  "
"""The space between two columns: one of the box, and one of padding."""

_TEXT_COLUMNS = ("Plan", "Plans", "Charged")


def to_table(report: PriceReport, *, terminal: bool, encoding: str) -> str:
    """Return the tables as text, for a terminal with its width and colours."""
    return printed(lambda console: _print_tables(report, console), terminal=terminal, encoding=encoding)


def _print_tables(report: PriceReport, console: Console) -> None:
    usual = console.width
    for title, head, rows in _tables(report, short=True):
        table = Table(box=SIMPLE_HEAD, pad_edge=False, padding=(0, 0, 0, 1), show_edge=False)
        widths = [_width([name, *(row[place] for row in rows)]) for place, name in enumerate(head)]
        if head[0] == "Plan":
            # Names may be folded; prices never lose digits, even if the line gets too wide.
            left = usual - sum(widths[1:]) - len(_BETWEEN) * len(widths[1:])
            widths[0] = min(widths[0], max(left, NARROWEST_NAME))
        for name, width in zip(head, widths, strict=True):
            text = name in _TEXT_COLUMNS
            table.add_column(
                name, justify="left" if text else "right", width=width, overflow="fold", vertical="bottom"
            )
        for row in rows:
            table.add_row(*map(Text, row))
        total = sum(widths) + len(_BETWEEN) * len(widths[1:])
        console.print(Text(title, "bold"), soft_wrap=True)
        console.print()
        console.width = max(usual, total)
        console.print(table)
        console.print()


def to_markdown(report: PriceReport) -> str:
    """Return the tables as Markdown, with the columns of the vendor's page first."""
    blocks = []
    for title, head, rows in _tables(report, short=False):
        marks = [":--" if name in _TEXT_COLUMNS else "--:" for name in head]
        lines = [f"| {' | '.join(map(_escaped, row))} |" for row in (head, *rows)]
        lines.insert(1, f"| {' | '.join(marks)} |")
        blocks.append(f"### {_escaped(title)}\n\n" + "\n".join(lines) + "\n")
    return "\n".join(blocks)


def _tables(report: PriceReport, *, short: bool) -> list[tuple[str, list[str], list[list[str]]]]:
    """Return title, headings and rows of each table. `short` headings fit a terminal."""
    tables = []
    codes = [one.currency.code for one in report.currencies]
    if report.conversion:
        head = ["Tokens", *(code if short else f"Token price in {code}" for code in codes)]
        rows = [
            [
                f"{row.tokens:,}",
                *(written(row.amounts[one.currency.code], one, row.decimals) for one in report.currencies),
            ]
            for row in report.conversion
        ]
        tables.append(("Tokens in money (step 1)" if short else "Tokens in money", head, rows))
    if report.plans:
        for currency in report.currencies:
            code = currency.currency.code
            title = f"Plans in {code}, {report.month_words}"
            head = _short_head(code, report) if short else _long_head(code, report)
            tables.append((f"{title} (step 2)" if short else title, head, _plan_rows(report.plans, currency)))
    for hours in report.hours:
        count = hours[0].hours
        rows = [
            [
                row.plan.name,
                f"{row.tokens:,}",
                *(written(row.amounts[one.currency.code], one) for one in report.currencies),
                row.charge,
            ]
            for row in hours
        ]
        title = f"{count} {'hour' if count == 1 else 'hours'} within a month"
        tables.append((title, ["Plan", "Tokens", *codes, "Charged"], rows))
    return tables


def _short_head(code: str, report: PriceReport) -> list[str]:
    hours = f"{report.days * 24} h"
    return [
        "Plan",
        "Tokens\nper h",
        f"{hours}\ntokens",
        f"{hours}\n{code}",
        "Tokens\nper\nmonth",
        f"Month\n{code}",
        "Discount\ntokens",
        "\nin %",
        "Cap\nfrom\nhour",
    ]


def _long_head(code: str, report: PriceReport) -> list[str]:
    return [
        "Plans",
        "Tokens per hour",
        f"Aggregated tokens per month (tokens per hour × 24 hours × {report.days} days)",
        f"Aggregated price per month in {code}",
        "Tokens per month (as the fixed price)",
        f"Price per month in {code} if “tokens per month” was applied",
        "Discount in tokens",
        "Discount in %",
        "Cap from hour",
    ]


def _plan_rows(rows: Sequence[PlanRow], currency: Pricing) -> list[list[str]]:
    code = currency.currency.code
    return [
        [
            row.plan.name,
            f"{row.plan.tokens_per_hour:,}",
            _number(row.aggregated_tokens),
            written(row.aggregated_amounts[code], currency) if row.aggregated_amounts else NONE,
            f"{row.plan.tokens_per_month:,}",
            written(row.month_amounts[code], currency) if row.month_amounts else NONE,
            _number(row.discount_tokens),
            NONE if row.discount_percent is None else f"{row.discount_percent:f}",
            _cap(row),
        ]
        for row in rows
    ]


def _width(cells: Iterable[str]) -> int:
    return max(cell_len(line) for cell in cells for line in cell.split("\n"))


def _number(value: int | None) -> str:
    return NONE if value is None else f"{value:,}"


def _cap(row: PlanRow) -> str:
    if row.billing == "monthly":
        return "always"
    if row.billing == "capped":
        return "never" if row.cap_from_hour is None else str(row.cap_from_hour)
    return NONE


def _escaped(cell: str) -> str:
    """Escape a text for a cell or heading of Markdown."""
    return "".join(f"\\{letter}" if letter in "\\|*_`<>[]~#$&" else letter for letter in cell)
