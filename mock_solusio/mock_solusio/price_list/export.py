"""A price list as JSON, with exact amounts as strings, and as CSV, with plain numbers."""

import csv
import io
import json
from decimal import Decimal
from typing import Any

from mock_solusio.domain.prices import plain_amount
from mock_solusio.price_list.report import PriceReport, written
from mock_solusio.price_list.tables import Amounts, HoursRow, PlanRow

SCHEMA_VERSION = "1.0"

_FORMULA = ("=", "+", "-", "@")


def to_json(report: PriceReport) -> str:
    """Return everything as JSON. Amounts are strings with all digits, since many readers use floats."""
    document = {
        "schema_version": SCHEMA_VERSION,
        "month": report.month,
        "hours_of_month": report.days * 24,
        "currencies": [
            {
                "code": one.currency.code,
                "token_unit_cost": plain_amount(one.user_token_unit_cost, 0),
                "display_prefix": one.currency.prefix,
                "display_suffix": one.currency.suffix,
                "thousands_separator": one.currency.thousands_separator,
                "decimals_separator": one.currency.decimals_separator,
                "decimals": one.currency.decimals,
            }
            for one in report.currencies
        ],
        "conversion": [
            {"tokens": row.tokens, "price": _prices(row.amounts, report, row.decimals)}
            for row in report.conversion
        ],
        "plans": [_plan(row, report) for row in report.plans],
        "hours": [_hours(row, report) for rows in report.hours for row in rows],
        "findings": [
            {
                "level": str(finding.level),
                "code": finding.code,
                "place": finding.place,
                "name": finding.name,
                "message": finding.message,
            }
            for finding in report.findings
        ],
    }
    return json.dumps(document, ensure_ascii=False, indent=2) + "\n"


def _plan(row: PlanRow, report: PriceReport) -> dict[str, Any]:
    return {
        "name": row.plan.name,
        "billing": row.billing,
        "tokens_per_hour": row.plan.tokens_per_hour,
        "aggregated_tokens": row.aggregated_tokens,
        "aggregated_price": _prices(row.aggregated_amounts, report),
        "tokens_per_month": row.plan.tokens_per_month,
        "price_per_month": _prices(row.month_amounts, report),
        "discount_tokens": row.discount_tokens,
        "discount_percent": None if row.discount_percent is None else f"{row.discount_percent:f}",
        "cap_from_hour": row.cap_from_hour,
    }


def _hours(row: HoursRow, report: PriceReport) -> dict[str, Any]:
    return {
        "name": row.plan.name,
        "hours": row.hours,
        "tokens": row.tokens,
        "charge": row.charge,
        "price": _prices(row.amounts, report),
    }


def _prices(amounts: Amounts, report: PriceReport, decimals: int | None = None) -> dict[str, dict[str, str]]:
    return {
        one.currency.code: {
            "amount": f"{amounts[one.currency.code]:f}",
            "text": written(amounts[one.currency.code], one, decimals),
        }
        for one in report.currencies
        if amounts
    }


def to_csv(report: PriceReport) -> str:
    """Return the tables as CSV (RFC 4180), separated by an empty line.

    Numbers have a decimal point and no grouping, so that a spreadsheet can calculate with them. A name that
    looks like a formula gets an apostrophe. With characters beyond ASCII, a byte order mark comes first,
    since Excel would otherwise misread them.
    """
    codes = [one.currency.code for one in report.currencies]
    blocks: list[list[list[Any]]] = []
    if report.conversion:
        blocks.append(
            [
                ["tokens", *(f"price_{code}" for code in codes)],
                *([row.tokens, *_cells(row.amounts, codes)] for row in report.conversion),
            ]
        )
    if report.plans:
        blocks.append(
            [
                [
                    *("plan", "billing", "tokens_per_hour", "aggregated_tokens"),
                    *(f"aggregated_price_{code}" for code in codes),
                    "tokens_per_month",
                    *(f"price_per_month_{code}" for code in codes),
                    *("discount_tokens", "discount_percent", "cap_from_hour"),
                ],
                *(_plan_cells(row, codes) for row in report.plans),
            ]
        )
    if report.hours:
        blocks.append(
            [
                ["plan", "hours", "tokens", "charge", *(f"price_{code}" for code in codes)],
                *(
                    [_name(row.plan.name), row.hours, row.tokens, row.charge, *_cells(row.amounts, codes)]
                    for rows in report.hours
                    for row in rows
                ),
            ]
        )
    texts = []
    for block in blocks:
        file = io.StringIO(newline="")
        csv.writer(file).writerows(block)
        texts.append(file.getvalue())
    text = "\r\n".join(texts)
    return text if text.isascii() else f"\ufeff{text}"


def _plan_cells(row: PlanRow, codes: list[str]) -> list[Any]:
    return [
        _name(row.plan.name),
        row.billing,
        row.plan.tokens_per_hour,
        row.aggregated_tokens,
        *_cells(row.aggregated_amounts, codes),
        row.plan.tokens_per_month,
        *_cells(row.month_amounts, codes),
        row.discount_tokens,
        _plain(row.discount_percent),
        row.cap_from_hour,
    ]


def _cells(amounts: Amounts, codes: list[str]) -> list[str]:
    return [_plain(amounts.get(code)) for code in codes]


def _plain(value: Decimal | None) -> str:
    return "" if value is None else f"{value:f}"


def _name(name: str) -> str:
    return f"'{name}" if name.startswith(_FORMULA) else name
