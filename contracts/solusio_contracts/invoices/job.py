"""A period to bill, as a billing system gets it."""

from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

PLACEHOLDERS: Final = ("period", "from", "to", "customers", "solusio_url", "job")
"""The names that a command or URL may have in braces."""


@dataclass(frozen=True, slots=True, kw_only=True)
class BillingJob:
    """A period to bill, and what the billing system needs for it."""

    period: str
    since: str
    until: str
    """RFC 3339; the period is half-open."""
    solusio_url: str
    """Base URL of the mock, without `/api/v1`."""
    access_token: str
    customers: bytes
    """The customers document."""
    customers_file: Path
    """A file with the same document."""
    job_number: int = 1
    """Which of the jobs of `--jobs` bills it, from 1: each has a database of its own."""
    time_zone: str = ""
    """The local time zone of commands; empty: that of this process."""

    @property
    def values(self) -> dict[str, str]:
        """The values of the placeholders."""
        where = (str(self.customers_file), self.solusio_url, str(self.job_number))
        return dict(zip(PLACEHOLDERS, (self.period, self.since, self.until, *where), strict=True))

    @property
    def environment(self) -> dict[str, str]:
        """The variables that a command gets."""
        variables = {
            "SOLUSIO_URL": self.solusio_url,
            "SOLUSIO_ACCESS_TOKEN": self.access_token,
            "SOLUSIO_PERIOD": self.period,
            "SOLUSIO_CUSTOMERS": str(self.customers_file),
            "SOLUSIO_JOB": str(self.job_number),
        }
        return {**variables, "TZ": self.time_zone} if self.time_zone else variables

    def body(self, step: str) -> Any:
        """Return what is posted to the URL of `prepare` or `bill`; `invoices` gets a GET."""
        if step == "prepare":
            return self.customers
        if step == "invoices":
            return None
        return {
            "period": self.period,
            "from": self.since,
            "to": self.until,
            "solusio_url": self.solusio_url,
            "access_token": self.access_token,
        }
