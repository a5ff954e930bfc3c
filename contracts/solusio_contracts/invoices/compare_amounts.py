"""Compares the amounts of an invoice with the expected ones: total, lines, discounts, taxes. Pure."""

from collections.abc import Iterable, Sequence
from decimal import Decimal
from typing import Final

from solusio_contracts.adapter.amounts import written
from solusio_contracts.adapter.customers import Pricing
from solusio_contracts.invoices.amounts import plain, total_of
from solusio_contracts.invoices.differences import Comparison, add_grouped, billed_key, line_name
from solusio_contracts.invoices.documents import BilledInvoice
from solusio_contracts.invoices.method import Method, PricedTokens
from solusio_contracts.invoices.scenario import ExpectedInvoice
from solusio_contracts.reporting.words import plural

_USUAL: Final = Method()


def compare_amounts(
    expected: ExpectedInvoice,
    billed: BilledInvoice,
    pricing: Pricing,
    comparison: Comparison,
    method: Method = _USUAL,
) -> None:
    """Compare currency and amounts; they must follow from the billed lines by a method of rounding."""
    _currency(expected, billed, pricing, comparison)
    priced = PricedTokens([line.tokens for line in billed.lines], pricing)
    right = priced.by(method)
    _total(billed, priced.money(right.total), pricing, comparison, method)
    lines = [priced.money(one) for one in right.lines]
    _line_amounts(billed, lines, pricing, comparison, method)
    _parts(billed, priced, pricing, comparison, method)
    _display(expected, billed, pricing, comparison)


def _currency(
    expected: ExpectedInvoice, billed: BilledInvoice, pricing: Pricing, comparison: Comparison
) -> None:
    comparison.expect(
        billed.currency == expected.currency,
        "INV-010",
        "currency",
        expected.currency,
        billed.currency or "none",
        about="currency",
    )
    decimals = pricing.currency.decimals
    fine = [(name, amount) for name, amount in _amounts(billed) if _too_fine(amount, decimals)]
    shown = ", ".join(f"{name} {amount}" for name, amount in fine[:3])
    comparison.expect(
        not fine,
        "INV-011",
        "decimals",
        f"{plural(decimals, 'decimal')}, as the customer's {pricing.currency.code} has",
        shown + (f" and {len(fine) - 3} more" if len(fine) > 3 else ""),
        about="decimals",
    )


def _amounts(billed: BilledInvoice) -> Iterable[tuple[str, Decimal]]:
    yield "total", billed.total
    for name, amount in (("subtotal", billed.subtotal), ("rounding", billed.rounding)):
        if amount is not None:
            yield name, amount
    yield from ((f"discount {one.name}", one.amount) for one in billed.discounts or ())
    yield from ((f"tax {one.label}", one.amount) for one in billed.taxes or ())
    for line in billed.lines:
        if line.amount is not None:
            yield f"line {line_name(billed_key(line))}", line.amount


def _too_fine(amount: Decimal, decimals: int) -> bool:
    exponent = amount.as_tuple().exponent
    # Some languages write the number 100 as 100.0.
    whole = exponent == -1 and amount == amount.to_integral_value()
    return isinstance(exponent, int) and -exponent > decimals and not whole


def money(amount: Decimal, pricing: Pricing) -> str:
    """Return an amount with its currency: `14.84 USD`."""
    return f"{plain(amount, pricing.currency.decimals)} {pricing.currency.code}"


def times(tokens: int, unit: Decimal) -> str:
    """Return how an amount was calculated: `2604 tokens x 0.001`."""
    return f"{plural(tokens, 'token')} x {plain(unit)}"


def is_slight(billed: BilledInvoice, right: Decimal, pricing: Pricing) -> bool:
    """Tell whether rounding can explain the difference of the total: one minor unit for each amount."""
    amounts = len(billed.lines) + len(pricing.discounts) + len(pricing.taxes.rates) + 1
    return abs(billed.total - right) <= amounts * Decimal(1).scaleb(-pricing.currency.decimals)


def _total(
    billed: BilledInvoice, right: Decimal, pricing: Pricing, comparison: Comparison, method: Method
) -> None:
    # Wrong lines are reported as such, so the total is checked against the billed lines.
    how = str(method) if method.total != "exact" else times(billed.tokens, pricing.user_token_unit_cost)
    comparison.expect(
        billed.total == right,
        "INV-007" if is_slight(billed, right, pricing) else "INV-006",
        "total",
        f"{money(right, pricing)} ({how})",
        money(billed.total, pricing),
        about="total",
    )


def _line_amounts(
    billed: BilledInvoice,
    right: Sequence[Decimal],
    pricing: Pricing,
    comparison: Comparison,
    method: Method,
) -> None:
    priced = [
        (line, amount) for line, amount in zip(billed.lines, right, strict=True) if line.amount is not None
    ]
    wrong = [(line, amount) for line, amount in priced if line.amount != amount]
    comparison.checks += len(priced) - len(wrong)
    unit = pricing.base_token_unit_cost if method.lines == "base" else pricing.user_token_unit_cost
    add_grouped(
        wrong,
        comparison,
        "INV-008",
        "amounts",
        lambda pair: (
            f"{line_name(billed_key(pair[0]))}: amount",
            f"{money(pair[1], pricing)} ({times(pair[0].tokens, unit)})",
            money(pair[0].amount or Decimal(0), pricing),
        ),
    )


def _parts(
    billed: BilledInvoice, priced: PricedTokens, pricing: Pricing, comparison: Comparison, method: Method
) -> None:
    right = priced.by(method)
    if billed.subtotal is not None:
        allowed = {priced.money(one) for one in priced.subtotals(method)}
        printed = [line.amount for line in billed.lines if line.amount is not None]
        if len(printed) == len(billed.lines):
            allowed.add(total_of(printed))
        comparison.expect(
            billed.subtotal in allowed,
            "INV-009",
            "subtotal",
            f"{money(priced.money(right.subtotal), pricing)} (the sum of the lines)",
            money(billed.subtotal, pricing),
            about="sum",
        )
    if billed.discounts is not None:
        names = [one.name for one in pricing.discounts]
        _named(
            "discount",
            [(name, priced.money(one)) for name, one in zip(names, right.discounts, strict=True)],
            [(one.name, one.amount) for one in billed.discounts],
            pricing,
            comparison,
        )
    if billed.taxes is not None:
        labels = [one.label for one in pricing.taxes.rates]
        _named(
            "tax",
            [(label, priced.money(one)) for label, one in zip(labels, right.taxes, strict=True)],
            [(one.label, one.amount) for one in billed.taxes],
            pricing,
            comparison,
        )
    _sum(billed, priced, pricing, comparison, method)


def _named(
    kind: str,
    wanted: Sequence[tuple[str, Decimal]],
    found: Sequence[tuple[str, Decimal]],
    pricing: Pricing,
    comparison: Comparison,
) -> None:
    """Compare discounts or taxes: by position if there are as many, otherwise only their number."""
    counting = [one for one in wanted if one[1]], [one for one in found if one[1]]
    if len(wanted) != len(found):
        wanted, found = counting
    names = ", ".join(name for name, _ in wanted) or "none"
    if not comparison.expect(
        len(wanted) == len(found),
        "INV-009",
        f"{kind}s" if kind == "discount" else "taxes",
        names,
        ", ".join(name for name, _ in found) or "none",
        about="parts",
    ):
        return
    for (name, right), (_, amount) in zip(wanted, found, strict=True):
        comparison.expect(
            amount == right,
            "INV-009",
            f"{kind} {name}",
            money(right, pricing),
            money(amount, pricing),
            about="parts",
            hint="A discount is an amount below zero." if right and amount == -right else "",
        )


def _sum(
    billed: BilledInvoice, priced: PricedTokens, pricing: Pricing, comparison: Comparison, method: Method
) -> None:
    if billed.subtotal is None:
        return
    rounding = billed.rounding or Decimal(0)
    adjusted = (*(one.amount for one in billed.discounts or ()), *(one.amount for one in billed.taxes or ()))
    base_up = total_of((billed.subtotal, *adjusted, rounding))
    # Lines at the customer's price include discounts and taxes.
    at_user = billed.subtotal == priced.money(sum(priced.lines(method.rounding, final=True)))
    shown = billed.discounts is not None or billed.taxes is not None or at_user
    changed = bool(pricing.discounts or pricing.taxes.rates)
    if changed and not shown:
        return
    ok = base_up == billed.total or (at_user and billed.subtotal + rounding == billed.total)
    comparison.expect(
        ok,
        "INV-009",
        "sum of the parts",
        f"{money(billed.total, pricing)}, the total",
        money(base_up, pricing),
        about="sum",
        hint="" if ok else f"Show {money(billed.total - base_up + rounding, pricing)} as `rounding`.",
    )


def _display(
    expected: ExpectedInvoice, billed: BilledInvoice, pricing: Pricing, comparison: Comparison
) -> None:
    if billed.display_total is None:
        return
    right = written(billed.total, pricing.currency)
    if billed.total == expected.total and expected.display is not None:
        right = expected.display
    comparison.expect(
        billed.display_total == right,
        "INV-015",
        "display_total",
        f'"{right}"',
        f'"{billed.display_total}"',
        about="display",
    )
