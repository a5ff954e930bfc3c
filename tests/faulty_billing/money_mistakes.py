"""Mistakes in prices and amounts."""

from __future__ import annotations

import math
import struct
from fractions import Fraction
from typing import Any

from billing import Billing, Row, rates, tokens


class OtherPrice(Billing):
    """A mistake in the parts of the price, from which everything follows."""

    def priced(self, pricing: Row) -> Row:
        raise NotImplementedError

    def invoice(self, customer: Row, period: str, usage: list[Row]) -> Row:
        pricing = self.priced(customer["pricing"])
        factor = math.prod((Fraction(one["multipler"]) for one in pricing["discounts"]), start=Fraction(1))
        shares = [Fraction(one["rate"]) / 100 for one in rates(pricing)]
        if pricing["taxes"]["compound"]:
            tax = math.prod((1 + one for one in shares), start=Fraction(1))
        else:
            tax = 1 + sum(shares, Fraction(0))
        unit = Fraction(pricing["base_token_unit_cost"]) * factor * tax
        priced = pricing | {"user_token_unit_cost": unit}
        return super().invoice(customer | {"pricing": priced}, period, usage)


def with_rates(pricing: Row, change: Any) -> Row:
    changed = [one | {"rate": change(Fraction(one["rate"]))} for one in rates(pricing)]
    return pricing | {"taxes": pricing["taxes"] | {"rates": changed}}


def with_multipliers(pricing: Row, change: Any) -> Row:
    changed = [one | {"multipler": change(Fraction(one["multipler"]))} for one in pricing["discounts"]]
    return pricing | {"discounts": changed}


class IntegerRates(OtherPrice):
    """(int) $rate."""

    def priced(self, pricing: Row) -> Row:
        return with_rates(pricing, math.trunc)


class RatesOfOneDecimal(OtherPrice):
    """The column of the rate is DECIMAL(4,1)."""

    def priced(self, pricing: Row) -> Row:
        return with_rates(pricing, lambda rate: Fraction(math.floor(rate * 10 + Fraction(1, 2)), 10))


class MultipliersOfTwoDigits(OtherPrice):
    """The column of the discount is DECIMAL(3,2)."""

    def priced(self, pricing: Row) -> Row:
        return with_multipliers(pricing, lambda one: Fraction(math.floor(one * 100 + Fraction(1, 2)), 100))


class DiscountInWholePercent(OtherPrice):
    """100 - (int) $percent."""

    def priced(self, pricing: Row) -> Row:
        return with_multipliers(pricing, lambda one: 1 - Fraction(math.trunc((1 - one) * 100), 100))


class FirstDiscountOnly(OtherPrice):
    def priced(self, pricing: Row) -> Row:
        return pricing | {"discounts": pricing["discounts"][:1]}


class LastTaxOnly(OtherPrice):
    def priced(self, pricing: Row) -> Row:
        return pricing | {"taxes": pricing["taxes"] | {"rates": rates(pricing)[-1:]}}


class HighestTaxOnly(OtherPrice):
    def priced(self, pricing: Row) -> Row:
        highest = sorted(rates(pricing), key=lambda one: one["rate"])[-1:]
        return pricing | {"taxes": pricing["taxes"] | {"rates": highest}}


class DiscountsForgotten(OtherPrice):
    def priced(self, pricing: Row) -> Row:
        return pricing | {"discounts": []}


class AlwaysCompound(OtherPrice):
    def priced(self, pricing: Row) -> Row:
        return pricing | {"taxes": pricing["taxes"] | {"compound": True}}


class DiscountAddedOn(OtherPrice):
    """A discount of 5 % makes everything 5 % dearer."""

    def priced(self, pricing: Row) -> Row:
        return with_multipliers(pricing, lambda one: 2 - one)


class TaxTakenOff(OtherPrice):
    def priced(self, pricing: Row) -> Row:
        return with_rates(pricing, lambda rate: -rate)


class MultiplierAsShare(OtherPrice):
    """0.95 is taken for a discount of 95 %."""

    def priced(self, pricing: Row) -> Row:
        return with_multipliers(pricing, lambda one: 1 - one)


class RateNotDivided(OtherPrice):
    """A rate of 6 multiplies by 7."""

    def priced(self, pricing: Row) -> Row:
        return with_rates(pricing, lambda rate: rate * 100)


class TaxesOnlyWithoutDiscount(OtherPrice):
    """Taxes are forgotten in the branch for customers with a discount."""

    def priced(self, pricing: Row) -> Row:
        return pricing | {"taxes": {"compound": False, "rates": []}} if pricing["discounts"] else pricing


class UnitOfFourDigits(Billing):
    """The column of the unit cost is DECIMAL(10,4)."""

    def total(self, usage: list[Row], pricing: Row, decimals: int) -> int:
        unit = Fraction(math.floor(Fraction(pricing["user_token_unit_cost"]) * 10**4 + Fraction(1, 2)), 10**4)
        return self.rounded(tokens(usage) * unit, decimals)


class UnitCutAtSixDigits(Billing):
    """bcmul(..., 6)."""

    def total(self, usage: list[Row], pricing: Row, decimals: int) -> int:
        unit = Fraction(math.floor(Fraction(pricing["user_token_unit_cost"]) * 10**6), 10**6)
        return self.rounded(tokens(usage) * unit, decimals)


class BaseOfThreeDigits(OtherPrice):
    def priced(self, pricing: Row) -> Row:
        base = Fraction(pricing["base_token_unit_cost"])
        return pricing | {"base_token_unit_cost": Fraction(math.floor(base * 1000 + Fraction(1, 2)), 1000)}


class TaxesTwice(Billing):
    """The price of the customer includes the taxes already."""

    def total(self, usage: list[Row], pricing: Row, decimals: int) -> int:
        amount = gross = tokens(usage) * Fraction(pricing["user_token_unit_cost"])
        for one in rates(pricing):
            amount += (amount if pricing["taxes"]["compound"] else gross) * Fraction(one["rate"]) / 100
        return self.rounded(amount, decimals)


class DiscountsTwice(Billing):
    def total(self, usage: list[Row], pricing: Row, decimals: int) -> int:
        factors = (one["multipler"] for one in pricing["discounts"])
        return self.rounded(self.product(tokens(usage), pricing["user_token_unit_cost"], *factors), decimals)


# Rounding


class AlwaysUp(Billing):
    def rounded(self, amount: Any, decimals: int) -> int:
        return math.ceil(amount * 10**decimals)


class AlwaysDown(Billing):
    """floor(): also below zero."""

    def rounded(self, amount: Any, decimals: int) -> int:
        return math.floor(amount * 10**decimals)


class LinesCut(Billing):
    """The total adds up the final price of the lines, each cut to cents."""

    def total(self, usage: list[Row], pricing: Row, decimals: int) -> int:
        unit = Fraction(pricing["user_token_unit_cost"])
        return sum(math.trunc(line["tokens"] * unit * 10**decimals) for line in usage)


class TaxesUp(Billing):
    """Each tax is rounded up, everything else half up."""

    def taxes(self, usage: list[Row], pricing: Row, decimals: int) -> list[Row]:
        net = self.taxed(usage, pricing)
        rows = []
        for one in rates(pricing):
            share = Fraction(one["rate"]) / 100
            rows.append({"label": one["label"], "amount": math.ceil(net * share * 10**decimals)})
            net = net * (1 + share) if pricing["taxes"]["compound"] else net
        return rows

    def total(self, usage: list[Row], pricing: Row, decimals: int) -> int:
        parts = (*self.discounts(usage, pricing, decimals), *self.taxes(usage, pricing, decimals))
        return self.rounded(self.gross(usage, pricing), decimals) + sum(one["amount"] for one in parts)


class WholeUnits(Billing):
    """Nobody pays cents."""

    def total(self, usage: list[Row], pricing: Row, decimals: int) -> int:
        exact = tokens(usage) * Fraction(pricing["user_token_unit_cost"])
        return self.rounded(exact, 0) * 10**decimals


class TenthsOfUnits(Billing):
    def total(self, usage: list[Row], pricing: Row, decimals: int) -> int:
        exact = tokens(usage) * Fraction(pricing["user_token_unit_cost"])
        return self.rounded(exact, 1) * 10 ** (decimals - 1) if decimals else self.rounded(exact, 0)


class QuartersOnly(Billing):
    """Totals are multiples of 0.25."""

    def total(self, usage: list[Row], pricing: Row, decimals: int) -> int:
        exact = tokens(usage) * Fraction(pricing["user_token_unit_cost"])
        return self.rounded(exact * 4, 0) * 10**decimals // 4 if decimals else self.rounded(exact, 0)


class CoinsForFrancs(Billing):
    """Totals in francs are multiples of 0.05, all others are exact."""

    def total(self, usage: list[Row], pricing: Row, decimals: int) -> int:
        exact = tokens(usage) * Fraction(pricing["user_token_unit_cost"])
        francs = pricing["currency"]["code"] == "CHF"
        return self.rounded(exact * 20, 0) * 5 if francs else self.rounded(exact, decimals)


class FourDecimals(Billing):
    """Totals have four decimals."""

    def printed(self, invoice: Row) -> Row:
        unit = self.customers[invoice["billing_user_id"]]["pricing"]["user_token_unit_cost"]
        total = self.rounded(tokens(invoice["lines"]) * Fraction(unit), 4)
        return super().printed(invoice) | {"total": self.amount(total, 4)}


class CutAfterEachStep(Billing):
    """bcscale(2): each multiplication cuts."""

    def total(self, usage: list[Row], pricing: Row, decimals: int) -> int:
        left = math.floor(self.gross(usage, pricing) * 100)
        for one in pricing["discounts"]:
            left = math.floor(left * Fraction(one["multipler"]))
        taxed = left
        for one in rates(pricing):
            on = taxed if pricing["taxes"]["compound"] else left
            taxed += math.floor(on * Fraction(one["rate"]) / 100)
        return self.rounded(Fraction(taxed, 100), decimals)


class CentsAsUnits(Billing):
    """Amounts are printed in cents."""

    def amount(self, coins: int, decimals: int) -> Any:  # noqa: ARG002
        return str(coins)


class YenAsCents(Billing):
    """Stripe wants cents, so everything is divided by 100 again, yen too."""

    def total(self, usage: list[Row], pricing: Row, decimals: int) -> int:
        coins = super().total(usage, pricing, decimals)
        return coins if decimals else self.rounded(Fraction(coins, 100), 0)


class FloatSteps(Billing):
    """Floats, from the base price through every discount and tax; lines and parts are exact."""

    def total(self, usage: list[Row], pricing: Row, decimals: int) -> int:
        left = tokens(usage) * float(pricing["base_token_unit_cost"])
        for one in pricing["discounts"]:
            left *= float(one["multipler"])
        taxed = left
        for one in rates(pricing):
            taxed += (taxed if pricing["taxes"]["compound"] else left) * float(one["rate"]) / 100
        return math.floor(taxed * 10**decimals + 0.5)


class SinglePrecision(Billing):
    """The column of the unit cost is FLOAT, which keeps seven digits."""

    def total(self, usage: list[Row], pricing: Row, decimals: int) -> int:
        (unit,) = struct.unpack("<f", struct.pack("<f", float(pricing["user_token_unit_cost"])))
        return math.floor(tokens(usage) * unit * 10**decimals + 0.5)


class HoursOfTwoDecimals(Billing):
    """The price of an hour has two decimals in every currency, and is cut."""

    def total(self, usage: list[Row], pricing: Row, decimals: int) -> int:
        unit = Fraction(pricing["user_token_unit_cost"])
        amount = Fraction(0)
        for line in usage:
            if line["charge"] == "monthly":
                amount += Fraction(math.floor(line["tokens"] * unit * 100), 100)
            else:
                amount += line["hours"] * Fraction(math.floor(line["tokens_per_hour"] * unit * 100), 100)
        return self.rounded(amount, decimals)


class SumIn32Bits(Billing):
    """The sum of the tokens wraps."""

    def total(self, usage: list[Row], pricing: Row, decimals: int) -> int:
        wrapped = (tokens(usage) + 2**31) % 2**32 - 2**31
        return self.rounded(wrapped * Fraction(pricing["user_token_unit_cost"]), decimals)


class LinesIn32Bits(Billing):
    """The column of a line's tokens is INTEGER, and MySQL keeps its highest value."""

    def metered(self, lines: list[Row], solusio: Any) -> list[Row]:  # noqa: ARG002
        return [line | {"tokens": min(line["tokens"], 2**31 - 1)} for line in lines]


class MinimumOfOne(Billing):
    """No invoice is below 1.00."""

    def total(self, usage: list[Row], pricing: Row, decimals: int) -> int:
        return max(super().total(usage, pricing, decimals), 10**decimals)


class HandlingFee(Billing):
    """Every invoice has a fee of 0.35 that appears nowhere."""

    def total(self, usage: list[Row], pricing: Row, decimals: int) -> int:
        return super().total(usage, pricing, decimals) + 35 * 10**decimals // 100


# Another's price


class FirstPriceForAll(Billing):
    """The price is looked up once for each run."""

    def prepare(self, document: Row, period: str) -> None:
        super().prepare(document, period)
        self.price = document["customers"][0]["pricing"]

    def invoice(self, customer: Row, period: str, usage: list[Row]) -> Row:
        return super().invoice(customer | {"pricing": self.price}, period, usage)


class PriceOfTheOneBefore(Billing):
    """The price is read after the invoice is made, for the next one."""

    def prepare(self, document: Row, period: str) -> None:
        super().prepare(document, period)
        customers = document["customers"]
        self.before = {
            one["billing_user_id"]: customers[max(place - 1, 0)]["pricing"]
            for place, one in enumerate(customers)
        }

    def invoice(self, customer: Row, period: str, usage: list[Row]) -> Row:
        other = self.before.get(customer["billing_user_id"], customer["pricing"])
        return super().invoice(customer | {"pricing": other}, period, usage)


class DollarsForAll(Billing):
    """Every invoice says USD."""

    def currency(self, pricing: Row) -> str:  # noqa: ARG002
        return "USD"
