"""Mistakes that resemble those that the diagnosis knows: it must not take one for the other."""

from __future__ import annotations

from fractions import Fraction
from typing import Any

from billing import Billing, Row, charged, moment, rates, tokens
from usage_mistakes import Changed


class RoundedTwice(Billing):
    """Three decimals in the database, two on the invoice."""

    def rounded(self, amount: Any, decimals: int) -> int:
        finer = super().rounded(amount, decimals + 1)
        return super().rounded(Fraction(finer, 10 ** (decimals + 1)), decimals)


class EvenCents(Billing):
    """Totals are even numbers of cents."""

    def total(self, usage: list[Row], pricing: Row, decimals: int) -> int:
        return self.rounded(tokens(usage) * Fraction(pricing["user_token_unit_cost"]) / 2, decimals) * 2


class EurosWithoutTaxes(Billing):
    """Taxes are left out abroad, which is taken to be wherever people pay in euros."""

    def taxes(self, usage: list[Row], pricing: Row, decimals: int) -> list[Row]:
        return [] if pricing["currency"]["code"] == "EUR" else super().taxes(usage, pricing, decimals)

    def total(self, usage: list[Row], pricing: Row, decimals: int) -> int:
        if pricing["currency"]["code"] != "EUR" or not rates(pricing):
            return super().total(usage, pricing, decimals)
        return self.rounded(self.taxed(usage, pricing), decimals)


class EurosConverted(Billing):
    """Prices in euros are converted as if they were dollars."""

    def total(self, usage: list[Row], pricing: Row, decimals: int) -> int:
        exact = tokens(usage) * Fraction(pricing["user_token_unit_cost"])
        euros = pricing["currency"]["code"] == "EUR"
        return self.rounded(exact * Fraction("0.92") if euros else exact, decimals)


class LoyaltyDiscount(Billing):
    """Whoever pays more than 10 gets a discount of 1 % that appears nowhere."""

    def total(self, usage: list[Row], pricing: Row, decimals: int) -> int:
        exact = tokens(usage) * Fraction(pricing["user_token_unit_cost"])
        return self.rounded(exact * Fraction("0.99") if exact > 10 else exact, decimals)


class PriceByCurrency(Billing):
    """Prices are kept by currency: each customer pays what the first one with theirs pays."""

    def __init__(self) -> None:
        super().__init__()
        self.prices: dict[str, Row] = {}

    def invoice(self, customer: Row, period: str, usage: list[Row]) -> Row:
        price = customer["pricing"]
        first = self.prices.setdefault(price["currency"]["code"], price)
        return super().invoice(customer | {"pricing": first}, period, usage)


class FullMonthsCapped(Changed):
    """The monthly price caps only servers that ran all month."""

    def changed(self, line: Row) -> Row | None:
        full = (moment(line["to"]) - moment(line["from"])).days >= 28
        return line if full or not line["tokens_per_hour"] else self.uncapped(line)

    def uncapped(self, line: Row) -> Row:
        return line | {"tokens": line["hours"] * line["tokens_per_hour"]}


class MonthsOf28Days(Changed):
    """Every month has four weeks."""

    def changed(self, line: Row) -> Row | None:
        return charged(line, min(line["hours"], 28 * 24))


class CapOfThirtyDays(Changed):
    """The cap is the price of 30 days at the hourly price, whatever the monthly price is."""

    def changed(self, line: Row) -> Row | None:
        most = 30 * 24 * line["tokens_per_hour"] if line["tokens_per_month"] else 0
        return line | {"tokens": min(line["hours"] * line["tokens_per_hour"], most)} if most else line


class HourMoreForServers(Changed):
    """Servers, and only they, pay for an hour of setting up."""

    def changed(self, line: Row) -> Row | None:
        return charged(line, line["hours"] + 1) if line["resource"] == "server" else line


class AddressesAtHalf(Changed):
    """Additional addresses cost half."""

    def changed(self, line: Row) -> Row | None:
        return line | {"tokens": line["tokens"] // 2} if line["resource"] == "additional_ip" else line


class FirstAddressOnly(Billing):
    """Of several additional addresses of a server, one is billed."""

    def metered(self, lines: list[Row], solusio: Any) -> list[Row]:  # noqa: ARG002
        kept: dict[Any, Row] = {}
        for line in lines:
            alike = "" if line["resource"] == "additional_ip" else line["id"]
            kept.setdefault((line["server_id"], line["resource"], line["plan"]["id"], alike), line)
        return list(kept.values())
