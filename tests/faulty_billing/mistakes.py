"""Variants of the billing system: with one mistake each, and in correct styles.

Each class is a variant. Its name in the URL is the class name in lower case with hyphens: NoCap is
/no-cap/. catalogue.toml says which scenarios must catch a mistake.
"""

from __future__ import annotations

import math
from fractions import Fraction
from typing import Any

from billing import Billing, Row, Solusio, charged, later, moment, rates

# Hours and tokens


class NoCap(Billing):
    def metered(self, lines: list[Row], solusio: Solusio) -> list[Row]:  # noqa: ARG002
        return [
            charged(line | {"tokens_per_month": 0}, line["hours"]) if line["tokens_per_hour"] else line
            for line in lines
        ]


class CapTogether(Billing):
    """The cap of one server applies to all servers of a customer on the same plan."""

    def metered(self, lines: list[Row], solusio: Solusio) -> list[Row]:  # noqa: ARG002
        spent: dict[Any, int] = {}
        found = []
        for line in lines:
            cap = line["tokens_per_month"]
            key = (line["billing_user_id"], line["resource"], line["plan"]["id"])
            if cap:
                line["tokens"] = min(line["tokens"], cap - spent.get(key, 0))
            spent[key] = spent.get(key, 0) + line["tokens"]
            found.append(line)
        return found


class HoursDown(Billing):
    def metered(self, lines: list[Row], solusio: Solusio) -> list[Row]:  # noqa: ARG002
        return [
            charged(line, int((moment(line["to"]) - moment(line["from"])).total_seconds() // 3600))
            for line in lines
        ]


class ThirtyDays(Billing):
    def month(self, order: Row) -> tuple[str, str]:
        return order["from"], later(order["from"], days=30)


class Prorated(Billing):
    """A plan with only a monthly price costs a share of it for part of the month."""

    def metered(self, lines: list[Row], solusio: Solusio) -> list[Row]:  # noqa: ARG002
        return [self.part(line) if not line["tokens_per_hour"] else line for line in lines]

    def part(self, line: Row) -> Row:
        start = moment(line["from"]).replace(day=1, hour=0, minute=0, second=0, microsecond=0)
        days = (moment(later(start.isoformat(), days=32)).replace(day=1) - start).days
        return line | {"tokens": -(-line["tokens_per_month"] * line["hours"] // (24 * days))}


class LastPlan(Billing):
    """The last plan of a server applies to all its hours of the month."""

    def metered(self, lines: list[Row], solusio: Solusio) -> list[Row]:  # noqa: ARG002
        merged: dict[Any, Row] = {}
        for line in sorted(lines, key=lambda line: str(line["from"])):
            key = (line["server_id"], line["resource"], line["resource_id"])
            hours = line["hours"] + merged.get(key, {"hours": 0})["hours"]
            merged[key] = charged(line, hours)
        return list(merged.values())


class PricesOfNow(Billing):
    def metered(self, lines: list[Row], solusio: Solusio) -> list[Row]:
        plans = {plan["id"]: plan for plan in solusio.all("plans")}
        return [self.now(line, plans[line["plan"]["id"]]) for line in lines]

    def now(self, line: Row, plan: Row) -> Row:
        if line["resource"] != "server":
            return line
        prices = {name: plan[name] for name in ("tokens_per_hour", "tokens_per_month")}
        return charged(line | prices, line["hours"])


# Which usage


class FirstPage(Billing):
    def usage(self, solusio: Solusio, since: str, until: str) -> list[Row]:
        return next(solusio.pages("usage", **{"from": since, "to": until}))


class ClosedAtBothEnds(Billing):
    def month(self, order: Row) -> tuple[str, str]:
        return order["from"], later(order["to"], seconds=1)


class LastDayIncluded(Billing):
    def month(self, order: Row) -> tuple[str, str]:
        return order["from"], later(order["to"], hours=23, minutes=59, seconds=59)


class DayShort(Billing):
    """The last day of the month, at midnight, ends the period."""

    def month(self, order: Row) -> tuple[str, str]:
        return order["from"], later(order["to"], days=-1)


class NoPeriod(Billing):
    def usage(self, solusio: Solusio, since: str, until: str) -> list[Row]:  # noqa: ARG002
        return [line for page in solusio.pages("usage", per_page=1000) for line in page]


class WeeklySums(Billing):
    """Request each week by itself, and add up what it cost."""

    def usage(self, solusio: Solusio, since: str, until: str) -> list[Row]:
        lines: dict[Any, Row] = {}
        begin = since
        while begin < until:
            end = min(later(begin, days=7), until)
            for line in super().usage(solusio, begin, end):
                key = (line["server_id"], line["resource"], line["resource_id"], line["plan"]["id"])
                before = lines.get(key, {"hours": 0, "tokens": 0})
                lines[key] = line | {name: line[name] + before[name] for name in ("hours", "tokens")}
            begin = end
        return list(lines.values())


class LocalMonth(Billing):
    """Midnight in Berlin. The 1st of a month has summer time from April to October."""

    def month(self, order: Row) -> tuple[str, str]:
        since, until = (later(text, hours=-self.ahead(text)) for text in (order["from"], order["to"]))
        return since, until

    def ahead(self, text: str) -> int:
        return 2 if 4 <= moment(text).month <= 10 else 1


class DeletedDropped(Billing):
    def metered(self, lines: list[Row], solusio: Solusio) -> list[Row]:
        there = {server["id"] for server in solusio.all("servers")}
        return [line for line in lines if line["server_id"] in there]


class OnlyServers(Billing):
    def metered(self, lines: list[Row], solusio: Solusio) -> list[Row]:  # noqa: ARG002
        return [line for line in lines if line["resource"] == "server"]


# Who pays


class ByMail(Billing):
    """The customer with this email address, or the last of several."""

    def payer(self, line: Row, solusio: Solusio) -> int | None:  # noqa: ARG002
        payer = self.customers.get(line["billing_user_id"])
        if payer is None:
            return None
        return max(key for key, one in self.customers.items() if one["email"] == payer["email"])


class UnknownPays(Billing):
    """Usage of a user whom the billing system does not know goes to the first customer."""

    def prepare(self, document: Row, period: str) -> None:
        super().prepare(document, period)
        self.at_hand = document["customers"][0]["billing_user_id"]

    def payer(self, line: Row, solusio: Solusio) -> int | None:  # noqa: ARG002
        known = line["billing_user_id"] in self.customers
        return line["billing_user_id"] if known else self.at_hand


class WithoutUsage(Billing):
    def billed(self, usage: dict[int | None, list[Row]]) -> list[int]:  # noqa: ARG002
        return list(self.customers)


# Money


class PerHour(Billing):
    """The price of an hour is rounded before it is multiplied."""

    def line_amount(self, line: Row, pricing: Row, decimals: int) -> int:
        return self.at(line, pricing["base_token_unit_cost"], decimals)

    def at(self, line: Row, cost: Any, decimals: int) -> int:
        if line["charge"] == "monthly":
            return self.rounded(line["tokens"] * cost, decimals)
        return int(line["hours"]) * self.rounded(line["tokens_per_hour"] * cost, decimals)

    def total(self, usage: list[Row], pricing: Row, decimals: int) -> int:
        return sum(self.at(line, pricing["user_token_unit_cost"], decimals) for line in usage)


class FromItsParts(Billing):
    """A mistake in the discounts or taxes, which the total includes."""

    def total(self, usage: list[Row], pricing: Row, decimals: int) -> int:
        parts = (*self.discounts(usage, pricing, decimals), *self.taxes(usage, pricing, decimals))
        return self.rounded(self.gross(usage, pricing), decimals) + sum(one["amount"] for one in parts)


class TaxBeforeDiscount(FromItsParts):
    def taxed(self, usage: list[Row], pricing: Row) -> Any:
        return self.gross(usage, pricing)


class DiscountsAdded(FromItsParts):
    def discounts(self, usage: list[Row], pricing: Row, decimals: int) -> list[Row]:
        gross = self.gross(usage, pricing)
        return [
            {"name": one["name"], "amount": self.rounded(gross * (one["multipler"] - 1), decimals)}
            for one in pricing["discounts"]
        ]

    def taxed(self, usage: list[Row], pricing: Row) -> Any:
        return self.gross(usage, pricing) * (1 + sum(one["multipler"] - 1 for one in pricing["discounts"]))


class TaxesAdded(FromItsParts):
    def taxes(self, usage: list[Row], pricing: Row, decimals: int) -> list[Row]:
        return super().taxes(usage, pricing | {"taxes": pricing["taxes"] | {"compound": False}}, decimals)


class BasePrice(Billing):
    def discounts(self, usage: list[Row], pricing: Row, decimals: int) -> list[Row]:  # noqa: ARG002
        return []

    def taxes(self, usage: list[Row], pricing: Row, decimals: int) -> list[Row]:  # noqa: ARG002
        return []

    def total(self, usage: list[Row], pricing: Row, decimals: int) -> int:
        return self.rounded(self.gross(usage, pricing), decimals)


class TaxForgotten(FromItsParts):
    def taxes(self, usage: list[Row], pricing: Row, decimals: int) -> list[Row]:  # noqa: ARG002
        return []


class Truncated(Billing):
    def rounded(self, amount: Any, decimals: int) -> int:
        return math.trunc(amount * 10**decimals)


class TwoDecimals(Billing):
    """Every currency has cents, even Japan's."""

    def decimals(self, pricing: Row) -> int:  # noqa: ARG002
        return 2


class FloatMoney(Billing):
    def product(self, *factors: Any) -> Any:
        return math.prod(map(float, factors))

    def rounded(self, amount: Any, decimals: int) -> int:
        coins = math.floor(abs(float(amount)) * 10**decimals + 0.5)
        return -coins if amount < 0 else coins


class FloatNoise(Billing):
    """Amounts with 17 digits, as PHP printed floats before serialize_precision was -1."""

    def amount(self, coins: int, decimals: int) -> Any:
        return f"{coins / 10**decimals:.17g}"


class WrongCurrency(Billing):
    def currency(self, pricing: Row) -> str:
        return "USD" if super().currency(pricing) == "EUR" else "EUR"


class AmericanFormat(Billing):
    """Every customer sees amounts in American format."""

    def shown(self, amount: int, currency: Row) -> str:
        american = {"thousands_separator": ",", "decimals_separator": "."}
        return super().shown(amount, currency | american)


class RoundingHidden(Billing):
    """The parts do not add up to the total, and the invoice claims that nothing was rounded."""

    def invoice(self, customer: Row, period: str, usage: list[Row]) -> Row:
        return super().invoice(customer, period, usage) | {"rounding": 0}


class TwoRoundings(Billing):
    """Half a cent is rounded down, and half a yen up."""

    def rounded(self, amount: Any, decimals: int) -> int:
        exact = Fraction(amount) * 10**decimals
        if decimals != 2:
            return super().rounded(amount, decimals)
        return math.ceil(exact - Fraction(1, 2)) if exact > 0 else math.floor(exact + Fraction(1, 2))


# Runs and numbers


class BilledAgain(Billing):
    def was_billed(self, customer: int, period: str) -> bool:  # noqa: ARG002
        return False


class OpenMonths(Billing):
    """Bills a month that is still open, and then it counts as billed."""

    def __init__(self) -> None:
        super().__init__()
        self.done: set[str] = set()

    def prepare(self, document: Row, period: str) -> None:
        super().prepare(document, period)
        self.done = {month for month in self.done if month < period}

    def refuse_open(self, order: Row, solusio: Solusio) -> None:
        """Do not look whether the month is over."""

    def bill(self, order: Row) -> None:
        if order["period"] not in self.done:
            super().bill(order)
        self.done.add(order["period"])


class OldPrices(Billing):
    """Keeps the price that a customer had first."""

    def prepare(self, document: Row, period: str) -> None:
        known = dict(self.customers)
        super().prepare(document, period)
        self.customers |= known


class PricedWhenPrinted(Billing):
    """Stores usage, and calculates invoices at the price of today whenever somebody looks at them."""

    def invoice(self, customer: Row, period: str, usage: list[Row]) -> Row:
        return super().invoice(customer, period, usage) | {"usage": usage}

    def printed(self, invoice: Row) -> Row:
        customer = self.customers[invoice["billing_user_id"]]
        now = super().invoice(customer, invoice["period"], invoice["usage"])
        return super().printed({"number": invoice["number"]} | now)


class NumberedAgain(Billing):
    """Every run replaces all invoices, with the next numbers."""

    def bill(self, order: Row) -> None:
        self.made = []
        super().bill(order)


class SameNumber(Billing):
    """A run looks up the number once, and uses it for all its invoices."""

    def bill(self, order: Row) -> None:
        self.numbers += 1
        super().bill(order)

    def next_number(self) -> Any:
        return self.numbers


class NumbersWithGaps(Billing):
    """Takes a number for every customer, also for those without usage."""

    def next_number(self) -> Any:
        self.numbers += 1
        return super().next_number()


class FreeOfCharge(Billing):
    """Divides by the remaining factor of a discount, which fails if nothing remains."""

    def total(self, usage: list[Row], pricing: Row, decimals: int) -> int:
        for one in pricing["discounts"]:
            assert 1 / one["multipler"] >= 0
        return super().total(usage, pricing, decimals)


# Correct styles


class FinalPrices(Billing):
    """Lines at the customer's price: they include discounts and taxes, so there is nothing more to show."""

    def line_amount(self, line: Row, pricing: Row, decimals: int) -> int:
        return self.rounded(line["tokens"] * pricing["user_token_unit_cost"], decimals)

    def printed(self, invoice: Row) -> Row:
        inside = {"subtotal", "discounts", "taxes", "rounding"}
        return {name: value for name, value in super().printed(invoice).items() if name not in inside}


class JsonNumbers(Billing):
    """Amounts as JSON numbers, which lose their trailing zeros."""

    def amount(self, coins: int, decimals: int) -> Any:
        return coins / 10**decimals if decimals else coins


class OnlyRequired(Billing):
    def printed(self, invoice: Row) -> Row:
        kept = ("number", "billing_user_id", "period", "currency", "total")
        whole = super().printed(invoice)
        lines = [
            {name: line[name] for name in ("server", "resource", "plan", "hours", "tokens")}
            for line in whole["lines"]
        ]
        return {name: whole[name] for name in kept} | {"lines": lines}


class OtherOrder(Billing):
    """Lines by cost, latest invoices first, and extra members."""

    def invoices(self, period: str) -> Row:
        return {"invoices": super().invoices(period)["invoices"][::-1], "made_by": "a billing system"}

    def printed(self, invoice: Row) -> Row:
        whole = super().printed(invoice)
        lines = sorted(whole["lines"], key=lambda line: (-line["tokens"], line["server"]))
        return whole | {"lines": lines, "language": "en"}


class IntegerNumbers(Billing):
    def next_number(self) -> Any:
        return int(super().next_number())


class SumOfLines(Billing):
    def total(self, usage: list[Row], pricing: Row, decimals: int) -> int:
        cost = pricing["user_token_unit_cost"]
        return sum(self.rounded(line["tokens"] * cost, decimals) for line in usage)


class HalfEven(Billing):
    def rounded(self, amount: Any, decimals: int) -> int:
        return round(Fraction(amount) * 10**decimals)


class NetRoundedFirst(Billing):
    """Taxes on the rounded net; the total is the net and the taxes, as most European invoices have it."""

    def net(self, usage: list[Row], pricing: Row, decimals: int) -> int:
        return self.rounded(self.taxed(usage, pricing), decimals)

    def taxes(self, usage: list[Row], pricing: Row, decimals: int) -> list[Row]:
        net = taxed = self.net(usage, pricing, decimals)
        rows = []
        for one in rates(pricing):
            share = Fraction(one["rate"]) / 100
            amount = self.rounded((taxed if pricing["taxes"]["compound"] else net) * share, 0)
            rows.append({"label": one["label"], "amount": amount})
            taxed += amount
        return rows

    def total(self, usage: list[Row], pricing: Row, decimals: int) -> int:
        taxes = self.taxes(usage, pricing, decimals)
        return self.net(usage, pricing, decimals) + sum(one["amount"] for one in taxes)


class SumOfWhatIsPrinted(Billing):
    def total(self, usage: list[Row], pricing: Row, decimals: int) -> int:
        lines = sum(self.line_amount(line, pricing, decimals) for line in usage)
        parts = (*self.discounts(usage, pricing, decimals), *self.taxes(usage, pricing, decimals))
        return lines + sum(one["amount"] for one in parts)


class TaxInclusive(Billing):
    """Final prices, and the taxes that they include."""

    def line_amount(self, line: Row, pricing: Row, decimals: int) -> int:
        return self.rounded(line["tokens"] * pricing["user_token_unit_cost"], decimals)

    def taxed(self, usage: list[Row], pricing: Row) -> Any:
        decimals = self.decimals(pricing)
        shares = [Fraction(one["rate"]) / 100 for one in rates(pricing)]
        if pricing["taxes"]["compound"]:
            factor = math.prod((1 + share for share in shares), start=Fraction(1))
        else:
            factor = 1 + sum(shares, Fraction(0))
        return self.total(usage, pricing, decimals) / factor / 10**decimals

    def printed(self, invoice: Row) -> Row:
        inside = {"subtotal", "discounts", "rounding"}
        return {name: value for name, value in super().printed(invoice).items() if name not in inside}


class CashRounding(Billing):
    """Totals are multiples of 0.05, as in Switzerland."""

    def total(self, usage: list[Row], pricing: Row, decimals: int) -> int:
        coins = super().total(usage, pricing, decimals)
        step = 5 * 10**decimals // 100
        return (2 * coins + step) // (2 * step) * step if step else coins


class Correct(Billing):
    """Everything correct, everything shown."""
