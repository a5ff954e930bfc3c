"""How a billing system rounds: its method, the amounts that follow, and the methods that explain invoices.

Nobody prescribes a method: a billing system chooses one, and keeps to it. All arithmetic is exact: an amount
is an integer in the currency's minor unit, and what is between two of them is a fraction. Pure.
"""

import itertools
from collections import Counter
from collections.abc import Callable, Hashable, Iterable, Iterator, Sequence
from dataclasses import dataclass
from decimal import Decimal
from fractions import Fraction
from functools import cached_property
from typing import Any, Final, Literal, get_args

from solusio_contracts.adapter.customers import Pricing
from solusio_contracts.invoices.documents import BilledInvoice

Rounding = Literal["half-up", "half-even", "half-down", "floor", "ceiling", "truncate"]
TaxOn = Literal["exact", "rounded-net", "rounded-lines"]
Total = Literal["exact", "sum-of-parts", "sum-of-lines"]
LinePrices = Literal["base", "final"]
Prices = Literal["net", "tax-inclusive"]

LAWFUL: Final[tuple[Rounding, ...]] = ("half-up", "half-even", "half-down")
"""The roundings that are found out; the others count only if they are declared."""
CASH: Final = Decimal("0.05")
"""The step of cash rounding that is found out."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Method:
    """How a billing system rounds. The default is how the scenarios were worked out by hand."""

    rounding: Rounding = "half-up"
    """What becomes of a part of the minor unit; half of one is treated alike above and below zero."""
    tax_on: TaxOn = "exact"
    """What taxes apply to: the exact net price, the rounded one, or printed lines less printed discounts."""
    total: Total = "exact"
    """All tokens at the final price; or what taxes apply to, and the taxes; or the sum of final lines."""
    lines: LinePrices = "base"
    """The price of printed lines: before discounts and taxes, or final."""
    cash_rounding: Decimal | None = None
    """The total is a multiple of this amount, rounded to the nearest."""
    prices: Prices = "net"
    """Whether taxes are added to net prices, or taken out of the total."""

    def __str__(self) -> str:
        """Return the method in words: `half-even, tax on the rounded net`."""
        words: list[str] = [self.rounding]
        if self.prices == "tax-inclusive":
            words.append("taxes taken out of the total")
        elif self.tax_on != "exact":
            words.append(
                "tax on the rounded net" if self.tax_on == "rounded-net" else "tax on the printed lines"
            )
        words.append(_TOTALS[self.total])
        if self.cash_rounding is not None:
            words.append(f"to multiples of {self.cash_rounding}")
        if self.lines == "final":
            words.append("lines at final prices")
        return ", ".join(words)


_TOTALS: Final[dict[str, str]] = {
    "exact": "total rounded once",
    "sum-of-parts": "total as the sum of its parts",
    "sum-of-lines": "total as the sum of final lines",
}


def round_fraction(amount: Fraction, rounding: Rounding) -> int:
    """Round to an integer."""
    negative = amount.numerator < 0
    whole, rest = divmod(abs(amount.numerator), amount.denominator)
    twice = 2 * rest
    up = {
        "half-up": twice >= amount.denominator,
        "half-down": twice > amount.denominator,
        "half-even": twice > amount.denominator or (twice == amount.denominator and whole % 2 == 1),
        "truncate": False,
        "floor": negative and rest > 0,
        "ceiling": not negative and rest > 0,
    }[rounding]
    return (-1 if negative else 1) * (whole + up)


@dataclass(frozen=True, slots=True)
class Amounts:
    """The amounts of an invoice by a method, in the minor unit."""

    lines: tuple[int, ...]
    subtotal: int
    discounts: tuple[int, ...]
    taxes: tuple[int, ...]
    total: int


class PricedTokens:
    """The tokens of an invoice at a customer's price; its amounts by any method.

    Methods have much in common, and fractions are slow: what several of them share is calculated once.
    """

    def __init__(self, tokens: Sequence[int], pricing: Pricing) -> None:
        self._tokens = tokens
        self._sum = sum(tokens)
        self._pricing = pricing
        self.decimals = pricing.currency.decimals
        self._scale: int = 10**self.decimals
        self._base = Fraction(pricing.base_token_unit_cost) * self._scale
        self._user = Fraction(pricing.user_token_unit_cost) * self._scale
        self._factors = [Fraction(one.multiplier) for one in pricing.discounts]
        self._rates = [Fraction(one.rate) / 100 for one in pricing.taxes.rates]
        self._known: dict[Hashable, tuple[int, ...]] = {}

    def coins(self, amount: Decimal) -> Fraction:
        """Return an amount in the minor unit."""
        return Fraction(amount) * self._scale

    def money(self, coins: int) -> Decimal:
        """Return an amount from the minor unit."""
        return Decimal(coins).scaleb(-self.decimals)

    @cached_property
    def exact(self) -> Fraction:
        """The total before it is rounded, in the minor unit."""
        return Fraction(self._sum * self._user)

    @property
    def gross(self) -> Fraction:
        """The price of all tokens before discounts and taxes, in the minor unit."""
        return Fraction(self._sum * self._base)

    def by(self, method: Method) -> Amounts:
        """Return the amounts by a method."""
        rounding = method.rounding
        lines = self.lines(rounding, final=method.lines == "final")
        discounts = self._rounded("discounts", rounding, lambda: self._exact_discounts)
        if method.prices == "tax-inclusive":
            total = self._cash(method, self._final(method))
            taxes = self._rounded(total, rounding, lambda: self._taxes(total / self._tax_factor))
            return Amounts(lines, sum(lines), discounts, taxes, total)
        (net,) = self._rounded("net", rounding, lambda: [self._net])
        parts = (
            net if method.tax_on == "rounded-net" else sum(self.lines(rounding, final=False), sum(discounts))
        )
        if method.tax_on == "exact":
            taxes = self._rounded("taxes", rounding, lambda: self._taxes(self._net))
        else:
            taxes = self._once(
                ("taxes on", parts, rounding), lambda: self._taxes_step_by_step(parts, rounding)
            )
        total = parts + sum(taxes) if method.total == "sum-of-parts" else self._final(method)
        return Amounts(lines, sum(lines), discounts, taxes, self._cash(method, total))

    def _final(self, method: Method) -> int:
        if method.total == "sum-of-lines":
            return sum(self.lines(method.rounding, final=True))
        (total,) = self._rounded("total", method.rounding, lambda: [self.exact])
        return total

    def _once(self, key: Hashable, amounts: Callable[[], Iterable[int]]) -> tuple[int, ...]:
        """Calculate amounts, or return them as they were calculated before."""
        if key not in self._known:
            self._known[key] = tuple(amounts())
        return self._known[key]

    def _rounded(
        self, name: Hashable, rounding: Rounding, exact: Callable[[], Iterable[Fraction]]
    ) -> tuple[int, ...]:
        return self._once((name, rounding), lambda: (round_fraction(one, rounding) for one in exact()))

    def _cash(self, method: Method, total: int) -> int:
        if method.cash_rounding is None:
            return total
        step = method.cash_rounding
        (cash,) = self._once(("cash", step, total), lambda: [self._in_steps(total, self.coins(step))])
        return cash

    @staticmethod
    def _in_steps(total: int, step: Fraction) -> int:
        return int(round_fraction(total / step, "half-up") * step)

    def subtotals(self, method: Method) -> set[int]:
        """Return what a subtotal may be: the sum of printed lines, or the rounded price of all tokens."""
        base = round_fraction(self._sum * self._base, method.rounding)
        return {base, *(sum(self.lines(method.rounding, final=final)) for final in (False, True))}

    def lines(self, rounding: Rounding, *, final: bool) -> tuple[int, ...]:
        """Return the amounts of lines at the base or the final price."""
        unit = self._user if final else self._base

        def amounts() -> Iterator[int]:
            # Of thousands of lines, many have the same tokens.
            known = {tokens: round_fraction(tokens * unit, rounding) for tokens in set(self._tokens)}
            return (known[tokens] for tokens in self._tokens)

        return self._once(("lines", final, rounding), amounts)

    @cached_property
    def _exact_discounts(self) -> list[Fraction]:
        left, found = self.gross, []
        for factor in self._factors:
            found.append(left * (factor - 1))
            left = left * factor
        return found

    @cached_property
    def _net(self) -> Fraction:
        return Fraction(self.gross + sum(self._exact_discounts))

    def _taxes(self, net: Fraction) -> Iterator[Fraction]:
        taxed = net
        for rate in self._rates:
            tax = (taxed if self._pricing.taxes.compound else net) * rate
            yield tax
            taxed += tax

    def _taxes_step_by_step(self, net: int, rounding: Rounding) -> Iterator[int]:
        """Yield taxes on a rounded price, each compound one also on the rounded taxes before it."""
        taxed = net
        for rate in self._rates:
            tax = round_fraction((taxed if self._pricing.taxes.compound else net) * rate, rounding)
            yield tax
            taxed += tax

    @cached_property
    def _tax_factor(self) -> Fraction:
        factor = Fraction(1)
        for rate in self._rates:
            factor = factor * (1 + rate) if self._pricing.taxes.compound else factor + rate
        return factor


def methods(**declared: Any) -> list[Method]:
    """Return the methods to look for: all lawful ones that have the declared values, of any kind.

    The default comes first, then those that differ least from it.
    """
    values: dict[str, Sequence[Any]] = {
        "rounding": LAWFUL,
        "tax_on": get_args(TaxOn),
        "total": get_args(Total),
        "lines": get_args(LinePrices),
        "cash_rounding": (None, CASH),
        "prices": get_args(Prices),
    } | {name: (value,) for name, value in declared.items()}
    found = [Method(**dict(zip(values, one, strict=True))) for one in itertools.product(*values.values())]
    # Taxes that are taken out of the total apply to nothing before, and are not added.
    return sorted(
        (
            one
            for one in found
            if one.prices == "net"
            or ((one.tax_on == "exact" or "tax_on" in declared) and one.total != "sum-of-parts")
        ),
        key=_distance,
    )


def _distance(method: Method) -> int:
    usual = Method()
    weights = {"rounding": 2, "tax_on": 2, "total": 2, "lines": 1, "prices": 4, "cash_rounding": 4}
    return sum(weight for name, weight in weights.items() if getattr(method, name) != getattr(usual, name))


@dataclass(frozen=True)
class BilledAmounts:
    """The amounts on an invoice, and the tokens and price from which they follow."""

    invoice: BilledInvoice
    pricing: Pricing

    @cached_property
    def priced(self) -> PricedTokens:
        """Its tokens at the customer's price."""
        return PricedTokens([line.tokens for line in self.invoice.lines], self.pricing)

    def follow(self, method: Method) -> bool:
        """Tell whether all printed amounts are those of a method."""
        right = self.priced.by(method)
        return (
            self._total == right.total
            and all(
                printed is None or printed == amount
                for printed, amount in zip(self._lines, right.lines, strict=True)
            )
            and _same(self._discounts, right.discounts)
            and _same(self._taxes, right.taxes)
        )

    @cached_property
    def _total(self) -> Fraction:
        return self.priced.coins(self.invoice.total)

    @cached_property
    def _lines(self) -> list[Fraction | None]:
        amounts = (line.amount for line in self.invoice.lines)
        return [None if amount is None else self.priced.coins(amount) for amount in amounts]

    @cached_property
    def _discounts(self) -> list[Fraction]:
        return [self.priced.coins(one.amount) for one in self.invoice.discounts or ()]

    @cached_property
    def _taxes(self) -> list[Fraction]:
        return [self.priced.coins(one.amount) for one in self.invoice.taxes or ()]


def _same(printed: Sequence[Fraction], right: Sequence[int]) -> bool:
    """Compare printed parts; parts of zero may be left out, and so may all of them."""
    return (
        not printed
        or list(printed) == list(right)
        or [one for one in printed if one] == [one for one in right if one]
    )


@dataclass(frozen=True)
class Explanation:
    """The method to which invoices are held."""

    method: Method
    explained: int
    """How many invoices follow it."""
    of: int
    """How many there are."""
    lawful: bool = True
    """Whether each invoice, on its own, follows one of the methods."""
    contradiction: tuple[tuple[int, Method], ...] = ()
    """Two invoices by their places, each with a lawful method that it follows and the other does not."""


MOST: Final = Fraction(9, 10)
"""A method must explain at least this share of the invoices; otherwise the usual one counts."""


def explain(invoices: Sequence[BilledAmounts], candidates: Sequence[Method]) -> Explanation:
    """Return the candidate that explains most invoices, in doubt the first.

    An invoice that follows none of them is wrong on its own, and contradicts no other.
    """
    for candidate in candidates:
        if all(one.follow(candidate) for one in invoices):
            return Explanation(method=candidate, explained=len(invoices), of=len(invoices))
    followed = [[place for place, one in enumerate(candidates) if each.follow(one)] for each in invoices]
    counts = Counter(place for places in followed for place in places)
    best = max(range(len(candidates)), key=lambda place: counts[place])
    held = best if counts[best] >= MOST * len(invoices) else 0
    return Explanation(
        method=candidates[held],
        explained=counts[held],
        of=len(invoices),
        lawful=all(followed),
        contradiction=tuple(
            (place, candidates[followed[place][0]]) for place in _contradiction(followed, best)
        ),
    )


def _contradiction(followed: Sequence[Sequence[int]], best: int) -> tuple[int, ...]:
    """Return two invoices with as few methods in common as any two, if not all follow the best one."""
    lawful = [place for place, one in enumerate(followed) if one]
    for place in lawful:
        if best not in followed[place]:
            others = [one for one in lawful if one != place]
            other = min(others, key=lambda one: len({*followed[place]} & {*followed[one]}))
            return min(place, other), max(place, other)
    return ()
