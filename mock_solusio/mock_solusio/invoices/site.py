"""Where a job has scenarios billed: a sandbox with its URL, and what the billing system gets there."""

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from mock_solusio.invoices.sandbox import InvoiceSandbox, SandboxPeriod
from mock_solusio.meeting_point import MeetingPoint
from solusio_contracts.invoices.job import BillingJob


@dataclass(frozen=True, slots=True, kw_only=True)
class Site:
    """The place of one of the jobs of `--jobs`."""

    job_number: int
    """From 1."""
    sandbox: InvoiceSandbox
    url: str
    """Where the sandbox listens."""
    meeting: MeetingPoint
    folder: Path
    """For documents; all jobs have the same."""
    access_token: str

    def order(self, shown: SandboxPeriod, customers: bytes, file: Path, *, time_zone: str = "") -> BillingJob:
        """Return what the billing system gets to bill a period that is shown.

        `customers` is the customers document, which `file` has too.
        """
        return BillingJob(
            period=shown.name,
            since=shown.since,
            until=shown.until,
            solusio_url=self.meeting.url_for(self.url),
            access_token=self.access_token,
            customers=customers,
            customers_file=file,
            job_number=self.job_number,
            time_zone=time_zone,
        )


@contextmanager
def open_site(job_number: int, meeting: MeetingPoint, folder: Path, access_token: str) -> Iterator[Site]:
    """Open the place of a job.

    Raises:
        OSError: the mock cannot listen there.
    """
    sandbox = InvoiceSandbox(access_token)
    with sandbox.open(meeting.host, meeting.port) as url:
        yield Site(
            job_number=job_number,
            sandbox=sandbox,
            url=url,
            meeting=meeting,
            folder=folder,
            access_token=access_token,
        )
