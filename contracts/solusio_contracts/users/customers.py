"""The customers document of `users check`: that of `invoices check`, with what SolusIO stores of a user."""

from decimal import Decimal
from typing import Annotated, Final

from msgspec import Meta

from solusio_contracts.adapter.customers import Currency, Customer, Pricing

PRICING: Final = Pricing(
    base_token_unit_cost=Decimal("0.001"),
    user_token_unit_cost=Decimal("0.001"),
    currency=Currency(code="USD", display_prefix="$"),
)
"""The same for all customers: nobody asks for prices."""

SolusioId = Annotated[int, Meta(ge=1)]


class UserCustomer(Customer, frozen=True, kw_only=True):
    """A customer of the billing system, with ids of SolusIO; None: its default."""

    language_id: SolusioId | None = None
    limit_group_id: SolusioId | None = None
