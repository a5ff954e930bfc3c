"""Something that happens to a customer, as a billing system gets it."""

from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

import msgspec

from solusio_contracts.adapter.customers import write_customers
from solusio_contracts.users.customers import UserCustomer

PREPARE_PLACEHOLDERS: Final = ("customers", "solusio_url", "ca_file")
"""The names that --prepare may have in braces."""
PLACEHOLDERS: Final = ("customer", "email", *PREPARE_PLACEHOLDERS)
"""The names that any other command or URL may have in braces."""


@dataclass(frozen=True, slots=True, kw_only=True)
class CustomerJob:
    """Something that happens to a customer, and what the billing system needs for it."""

    customer: UserCustomer | None
    """As they are now; None: all customers are taken in."""
    solusio_url: str
    """Base URL of the mock, without `/api/v1`."""
    access_token: str
    ca_file: Path | None
    """The certificate of the mock's authority; None: the mock has no certificate."""
    customers: tuple[UserCustomer, ...]
    """The customers of the billing system, as they are now."""
    customers_file: Path
    """A file with the customers document."""

    @property
    def values(self) -> dict[str, str]:
        """The values of the placeholders."""
        values = {
            "customers": str(self.customers_file),
            "solusio_url": self.solusio_url,
            "ca_file": "" if self.ca_file is None else str(self.ca_file),
        }
        if self.customer is not None:
            values |= {"customer": str(self.customer.billing_user_id), "email": self.customer.email}
        return values

    @property
    def environment(self) -> dict[str, str]:
        """The variables that a command gets."""
        names = {**{f"SOLUSIO_{name.upper()}": value for name, value in self.values.items()}}
        names["SOLUSIO_URL"] = names.pop("SOLUSIO_SOLUSIO_URL")
        return {**names, "SOLUSIO_ACCESS_TOKEN": self.access_token}

    def body(self, step: str) -> Any:
        """Return what is posted to the URL of a step."""
        if self.customer is None:
            return write_customers(self.customers)
        customer = msgspec.json.decode(write_customers([self.customer]))["customers"][0]
        return {
            "event": step,
            "customer": customer,
            "solusio_url": self.solusio_url,
            "access_token": self.access_token,
            "ca_file": None if self.ca_file is None else str(self.ca_file),
        }
