"""Why a customer has no price, and what the user of the mock can do about it. Pure."""

from typing import Final

import msgspec

from mock_solusio.billing.question import Outcome
from mock_solusio.domain.prices import Pricing, unit_cost
from mock_solusio.domain.settings import BillingIntegration
from mock_solusio.traffic import redaction


class CustomerQuote(msgspec.Struct, frozen=True):
    """The price of a customer, or why there is none and what to do. The texts are empty if there is one."""

    pricing: Pricing | None
    reason: str
    advice: str


class BillingHealth(msgspec.Struct, frozen=True, kw_only=True):
    """The billing endpoint as `/_mock/billing` shows it, without secrets."""

    url: str | None
    """None while billing integration is off."""
    state: str
    """`off`, `not-asked`, or the outcome of the latest request."""
    reason: str | None = None
    """Why there was no price."""
    advice: str | None = None
    """What to do about it."""
    billing_user_id: int | None = None
    """Whose price was asked for."""
    price: str | None = None
    """What a token costs them, such as `0.001 USD`."""
    exchange: int | None = None
    """Number of the exchange in the journal."""


INTEGRATION_OFF: Final = CustomerQuote(
    None, "Billing integration is off.", "Start the mock with --billing-url URL."
)
NO_ID: Final = CustomerQuote(
    None,
    "This user has no billing_user_id, so there is nobody to ask the billing endpoint for.",
    "Set it with PUT /api/v1/users/{id}, as step 8 of the vendor's page says.",
)


def summary(quote: CustomerQuote, billing_user_id: int) -> str:
    """Return in a line what came of the request for a customer's price."""
    if quote.pricing is None:
        return f"No price for user {billing_user_id}: {quote.reason} {quote.advice}"
    return f"The billing endpoint answers: user {billing_user_id} pays {unit_cost(quote.pricing)} a token."


def advice_on(outcome: Outcome, integration: BillingIntegration, billing_user_id: int) -> str:
    """Return what to do about an outcome; empty if there is a price."""
    match outcome:
        case Outcome.PRICE:
            return ""
        case Outcome.REFUSED if integration.authorization_token:
            return "Set MOCK_SOLUSIO_TOKEN to the authorization token it expects, and start the mock again."
        case Outcome.REFUSED:
            return "Set MOCK_SOLUSIO_TOKEN to its authorization token, and start the mock again."
        case Outcome.UNREACHABLE:
            return "Start the billing endpoint, or correct --billing-url."
        case Outcome.NO_PRICE:
            url = redaction.free_text(integration.url)
            return f"To see what to change, run: mock-solusio check {url} --user-id {billing_user_id}"
