"""Mistakes in customers and in bookkeeping."""

from __future__ import annotations

from typing import Any

from billing import Billing, Row, Solusio, later

# Customers


class NullPays(Billing):
    """(int) null is 0, and 0 finds the first customer."""

    def prepare(self, document: Row, period: str) -> None:
        super().prepare(document, period)
        self.first = document["customers"][0]["billing_user_id"]

    def payer(self, line: Row, solusio: Solusio) -> int | None:  # noqa: ARG002
        return self.first if line["billing_user_id"] is None else line["billing_user_id"]


class TheOneBeforePays(Billing):
    """A variable keeps the customer of the line before."""

    def metered(self, lines: list[Row], solusio: Solusio) -> list[Row]:  # noqa: ARG002
        known = None
        for line in lines:
            known = line["billing_user_id"] if line["billing_user_id"] in self.customers else known
            line["payer"] = known
        return lines

    def payer(self, line: Row, solusio: Solusio) -> int | None:  # noqa: ARG002
        found: int | None = line["payer"]
        return found


class LinesStay(Billing):
    """The list of lines is not emptied before the next customer."""

    def prepare(self, document: Row, period: str) -> None:
        super().prepare(document, period)
        self.now = [one["billing_user_id"] for one in document["customers"]]

    def billed(self, usage: dict[int | None, list[Row]]) -> list[int]:
        found = [customer for customer in self.now if customer in usage]
        lines: list[Row] = []
        for customer in self.now:
            lines = [*lines, *usage.get(customer, [])]
            if customer in usage:
                usage[customer] = lines
        return found


class EverybodysLines(Billing):
    """WHERE billing_user_id = ... is missing."""

    def billed(self, usage: dict[int | None, list[Row]]) -> list[int]:
        lines = [line for one in usage.values() for line in one]
        found = super().billed(usage)
        for customer in found:
            usage[customer] = lines
        return found


class ByUserId(Billing):
    """Takes SolusIO's id of the user for the customer's number."""

    def payer(self, line: Row, solusio: Solusio) -> int | None:  # noqa: ARG002
        found: int | None = line["user_id"]
        return found


class UnknownStops(Billing):
    """A customer that it does not know is a KeyError."""

    def payer(self, line: Row, solusio: Solusio) -> int | None:  # noqa: ARG002
        found: int = self.customers[line["billing_user_id"]]["billing_user_id"]
        return found


class NothingOverZero(Billing):
    """if ($total > 0)."""

    def was_billed(self, customer: int, period: str) -> bool:
        return super().was_billed(customer, period) or self.is_left_out(customer)

    def is_left_out(self, customer: int) -> bool:
        return self.due(customer) == 0

    def due(self, customer: int) -> Any:
        pricing = self.customers[customer]["pricing"]
        decimals = self.decimals(pricing)
        return self.total(self.read.get(customer, []), pricing, decimals) / 10**decimals

    def billed(self, usage: dict[int | None, list[Row]]) -> list[int]:
        self.read = usage
        return super().billed(usage)


class NothingBelowOne(NothingOverZero):
    """Totals below 1.00 are not worth a stamp."""

    def is_left_out(self, customer: int) -> bool:
        return bool(self.due(customer) < 1)


class CapitalsOnly(Billing):
    """strtoupper() of server names."""

    def line(self, line: Row, pricing: Row, decimals: int) -> Row:
        return super().line(line | {"server_name": line["server_name"].upper()}, pricing, decimals)


class SixteenLetters(Billing):
    """The column of the server's name is VARCHAR(16)."""

    def line(self, line: Row, pricing: Row, decimals: int) -> Row:
        return super().line(line | {"server_name": line["server_name"][:16]}, pricing, decimals)


class PlanNamesOfNow(Billing):
    def metered(self, lines: list[Row], solusio: Solusio) -> list[Row]:
        names = {one["id"]: one["name"] for one in solusio.all("plans")}
        for line in lines:
            line["plan"] = line["plan"] | {"name": names.get(line["plan"]["id"], line["plan"]["name"])}
        return lines


# Bookkeeping


class UnderTheNextMonth(Billing):
    """The period of an invoice is the month in which it is made."""

    def invoice(self, customer: Row, period: str, usage: list[Row]) -> Row:
        following = later(f"{period}-01T00:00:00Z", days=31)[:7]
        return super().invoice(customer, following, usage)

    def was_billed(self, customer: int, period: str) -> bool:
        return super().was_billed(customer, later(f"{period}-01T00:00:00Z", days=31)[:7])


class UnderTheMonthBefore(Billing):
    """Months are counted from 0."""

    def invoice(self, customer: Row, period: str, usage: list[Row]) -> Row:
        return super().invoice(customer, later(f"{period}-01T00:00:00Z", days=-1)[:7], usage)

    def was_billed(self, customer: int, period: str) -> bool:
        return super().was_billed(customer, later(f"{period}-01T00:00:00Z", days=-1)[:7])


class RemovedAgain(Billing):
    """A run first deletes the month's invoices, and then finds nothing new."""

    def bill(self, order: Row) -> None:
        if any(one["period"] == order["period"] for one in self.made):
            self.made = [one for one in self.made if one["period"] != order["period"]]
        else:
            super().bill(order)

    def prepare(self, document: Row, period: str) -> None:
        super().prepare(document, period)
        self.made = []


class ChangedAgain(Billing):
    """Each run adds a reminder fee of a unit to what is unpaid."""

    def bill(self, order: Row) -> None:
        for one in self.made:
            if one["period"] == order["period"]:
                one["total"] += 10 ** one["decimals"]
        super().bill(order)


class EarlierMonthsAgain(Billing):
    """A later month renumbers the invoices of earlier ones."""

    def bill(self, order: Row) -> None:
        for one in self.made:
            if one["period"] < order["period"]:
                one["number"] = f"R{one['number']}"
        super().bill(order)


class OneInvoiceAServer(Billing):
    def invoice(self, customer: Row, period: str, usage: list[Row]) -> Row:
        for line in usage[1:]:
            self.made.append({"number": self.next_number()} | super().invoice(customer, period, [line]))
        return super().invoice(customer, period, usage[:1])


class NumbersOfEachCustomer(Billing):
    """Every customer's first invoice is number 1."""

    def next_number(self) -> Any:
        return 1
