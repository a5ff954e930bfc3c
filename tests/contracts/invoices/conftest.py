"""An invoice of a made-up customer, right unless told otherwise."""

from collections.abc import Callable
from datetime import UTC, datetime
from decimal import Decimal
from typing import Any

import msgspec
import pytest

from solusio_contracts.adapter.customers import Currency, Discount, Pricing, Rate, Taxes
from solusio_contracts.invoices.case import Case
from solusio_contracts.invoices.documents import BilledDiscount, BilledInvoice, BilledLine, BilledTax
from solusio_contracts.invoices.scenario import ExpectedInvoice, ExpectedLine
from solusio_contracts.invoices.usage import UsageLine, cost

SINCE, UNTIL = datetime(2026, 3, 1, tzinfo=UTC), datetime(2026, 4, 1, tzinfo=UTC)


@pytest.fixture
def make_pricing() -> Callable[..., Pricing]:
    """Base 0.001; discounts by their factors, taxes by their rates; the user's price follows."""

    def make(
        *factors: str,
        rates: tuple[str, ...] = (),
        compound: bool = False,
        base: str = "0.001",
        code: str = "USD",
        user: str | None = None,
    ) -> Pricing:
        price = Decimal(base)
        for factor in factors:
            price *= Decimal(factor)
        tax = Decimal(1)
        for rate in rates:
            tax = tax * (1 + Decimal(rate) / 100) if compound else tax + Decimal(rate) / 100
        return Pricing(
            base_token_unit_cost=Decimal(base),
            user_token_unit_cost=price * tax if user is None else Decimal(user),
            currency=Currency(code=code, display_prefix="$"),
            discounts=tuple(
                Discount(name=f"D{number}", multiplier=Decimal(factor))
                for number, factor in enumerate(factors)
            ),
            taxes=Taxes(
                compound=compound,
                rates=tuple(
                    Rate(label=f"T{number}", rate=Decimal(rate)) for number, rate in enumerate(rates)
                ),
            ),
        )

    return make


@pytest.fixture
def make_usage() -> Callable[..., UsageLine]:
    def make(server: str = "web", hours: int = 744, **changes: Any) -> UsageLine:
        members: dict[str, Any] = {
            "user_id": 2,
            "billing_user_id": 7,
            "server": server,
            "resource": "server",
            "plan": "small",
            "since": SINCE,
            "until": UNTIL,
            "hours": hours,
            "tokens_per_hour": 7,
            "tokens_per_month": 5000,
            "charge": "monthly",
        } | changes
        used = cost(hours, members["tokens_per_hour"], members["tokens_per_month"])
        return UsageLine(**{"tokens": used, **members})

    return make


@pytest.fixture
def make_case(make_pricing: Callable[..., Pricing]) -> Callable[..., Case]:
    """Return a case; `rows` are what was billed, (server, hours, tokens): what is right if absent."""

    def make(
        usage: list[UsageLine],
        rows: list[tuple[str, int, int]] | None = None,
        *,
        total: str | None = None,
        pricing: Pricing | None = None,
        discounts: tuple[str, ...] = (),
        taxes: tuple[str, ...] = (),
        amounts: tuple[str, ...] = (),
        **more: Any,
    ) -> Case:
        pricing = pricing or make_pricing()
        decimals = pricing.currency.decimals

        def rounded(tokens: int) -> Decimal:
            exact = tokens * pricing.user_token_unit_cost
            return exact.quantize(Decimal(1).scaleb(-decimals), "ROUND_HALF_UP")

        expected = ExpectedInvoice(
            customer="customer",
            period="2026-03",
            currency=pricing.currency.code,
            lines=tuple(
                ExpectedLine(
                    on=one.server,
                    plan=one.plan,
                    resource=one.resource,
                    hours=one.hours,
                    charge=one.charge,  # type: ignore[arg-type]
                    tokens=one.tokens,
                    amount=Decimal(0),
                )
                for one in usage
            ),
            total=rounded(sum(one.tokens for one in usage)),
        )
        lines = [
            BilledLine(
                server=one.server, resource=one.resource, plan=one.plan, hours=one.hours, tokens=one.tokens
            )
            for one in usage
        ]
        if rows is not None:
            lines = [
                BilledLine(server=server, resource="server", plan="small", hours=hours, tokens=tokens)
                for server, hours, tokens in rows
            ]
        if amounts:
            lines = [
                msgspec.structs.replace(line, amount=Decimal(amount))
                for line, amount in zip(lines, amounts, strict=True)
            ]
        billed = BilledInvoice(
            number=1,
            billing_user_id=7,
            period="2026-03",
            currency=pricing.currency.code,
            lines=lines,
            total=rounded(sum(one.tokens for one in lines)) if total is None else Decimal(total),
            discounts=[BilledDiscount(name=f"D{n}", amount=Decimal(one)) for n, one in enumerate(discounts)]
            or None,
            taxes=[BilledTax(label=f"T{n}", amount=Decimal(one)) for n, one in enumerate(taxes)] or None,
        )
        return Case(
            number=7,
            period="2026-03",
            expected=expected,
            billed=billed,
            pricing=pricing,
            usage=usage,
            everybody=more.pop("everybody", usage),
            **more,
        )

    return make
