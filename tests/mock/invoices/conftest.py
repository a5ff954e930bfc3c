"""A billing system of a few lines, right unless told otherwise, that the harness calls directly."""

import json
from collections.abc import Callable, Iterator
from decimal import ROUND_HALF_UP, Decimal
from typing import Any

import httpx
import pytest

from mock_solusio.invoices.run import numbered, run
from mock_solusio.invoices.scenario_run import BillingSystem
from solusio_contracts.adapter.steps import BillingError
from solusio_contracts.invoices.job import BillingJob
from solusio_contracts.invoices.scenario import load_scenarios
from solusio_contracts.reporting.report import Finding, Report, Result

Row = dict[str, Any]


class Books:
    """What a billing system keeps. Tests change its methods to plant mistakes."""

    def __init__(self) -> None:
        self.customers: dict[int, Row] = {}
        self.invoices: dict[tuple[int, str], Row] = {}
        self.page_size = 1000
        self.number = 0

    # Steps

    def prepare(self, order: BillingJob) -> bytes:
        for one in json.loads(order.customers, parse_float=Decimal, parse_int=Decimal)["customers"]:
            self.customers[int(one["billing_user_id"])] = one
        return b""

    def bill(self, order: BillingJob) -> bytes:
        groups: dict[int, list[Row]] = {}
        try:
            usage = self.usage(order)
        except httpx.HTTPError as error:
            raise BillingError(str(error), refused=True) from None
        for line in usage:
            groups.setdefault(self.owner(line), []).append(line)
        for customer, lines in groups.items():
            known = customer in self.customers
            if known and (customer, order.period) not in self.invoices:
                self.invoices[customer, order.period] = self.invoice(customer, order.period, lines)
        return b""

    def told(self, order: BillingJob) -> bytes:
        found = [one for (_, period), one in self.invoices.items() if period == order.period]
        return json.dumps({"invoices": found}).encode()

    # What can be done wrong

    def pages(self, order: BillingJob, since: str, until: str) -> Iterator[list[Row]]:
        page = f"{order.solusio_url}/api/v1/usage"
        wanted: dict[str, str] | None = {"from": since, "to": until, "per_page": str(self.page_size)}
        headers = {"Authorization": f"Bearer {order.access_token}"}
        with httpx.Client(trust_env=False, headers=headers) as client:
            while page:
                answer = client.get(page, params=wanted).raise_for_status().json()
                yield answer["data"]
                page, wanted = answer["links"]["next"], None

    def usage(self, order: BillingJob) -> list[Row]:
        pages = self.pages(order, order.since, order.until)
        return list({line["id"]: line for page in pages for line in page}.values())

    def owner(self, line: Row) -> int:
        return line["billing_user_id"] or 0

    def line(self, line: Row) -> Row:
        return {
            "server": line["server_name"],
            "resource": line["resource"],
            "plan": line["plan"]["name"],
            "hours": line["hours"],
            "tokens": line["tokens"],
        }

    def total(self, lines: list[Row], pricing: Row) -> Decimal:
        exact = sum(one["tokens"] for one in lines) * pricing["user_token_unit_cost"]
        return self.rounded(exact, pricing)

    def rounded(self, amount: Decimal, pricing: Row) -> Decimal:
        return amount.quantize(Decimal(1).scaleb(-int(pricing["currency"]["decimals"])), ROUND_HALF_UP)

    def invoice(self, customer: int, period: str, lines: list[Row]) -> Row:
        pricing = self.customers[customer]["pricing"]
        self.number += 1
        printed = [self.line(line) for line in lines]
        return {
            "number": str(self.number),
            "billing_user_id": customer,
            "period": period,
            "currency": pricing["currency"]["code"],
            "lines": printed,
            "total": str(self.total(printed, pricing)),
        }


class Direct:
    """A step that is a function."""

    def __init__(self, function: Callable[[BillingJob], bytes], name: str) -> None:
        self.function = function
        self.name = name

    def run(self, order: BillingJob) -> bytes:
        return self.function(order)

    def shown(self, order: BillingJob) -> str:
        return f"{self.name} {order.period}"


@pytest.fixture
def books() -> Books:
    return Books()


@pytest.fixture
def new_books() -> type[Books]:
    """Return what makes books: a billing system for each job."""
    return Books


@pytest.fixture
def check() -> Callable[..., Report]:
    """Hold books to some scenarios."""

    def check(
        books: Books, *ids: str, zones: tuple[str, ...] = (), prepare: bool = True, **options: Any
    ) -> Report:
        system = BillingSystem(
            prepare=Direct(books.prepare, "prepare") if prepare else None,
            bill=Direct(books.bill, "bill"),
            invoices=Direct(books.told, "invoices"),
            described="books",
            zones=zones,
        )
        known = {one.scenario.id: one for one in numbered(load_scenarios(), 700_001)}
        chosen = [known[name] for name in ids] if ids else list(known.values())
        return run(system, chosen, access_token="access-token-of-the-test", **options)

    return check


@pytest.fixture
def findings() -> Callable[[Report], list[Finding]]:
    def of(report: Report) -> list[Finding]:
        return [one for result in report.results for one in result.findings]

    return of


@pytest.fixture
def result_of() -> Callable[[Report, str], Result]:
    def of(report: Report, name: str) -> Result:
        (result,) = [one for one in report.results if one.rule == name]
        return result

    return of
