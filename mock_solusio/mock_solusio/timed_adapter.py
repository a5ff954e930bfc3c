"""A step of a billing system that ends when the time of the whole run is over (`--max-seconds`)."""

from dataclasses import dataclass, replace

from solusio_contracts.adapter.steps import BillingError, CommandAdapter, Job, UnreachableError, UrlAdapter
from solusio_contracts.checking.pace import Pace


@dataclass(frozen=True, slots=True)
class TimedAdapter:
    """A step, and the pace of the run that it belongs to."""

    step: CommandAdapter | UrlAdapter
    pace: Pace

    def run(self, job: Job) -> bytes:
        """Run the step for as long as the run may still take; return its output or response body.

        Raises:
            UnreachableError: the billing system cannot be started or reached, or the run is over.
            BillingError: the billing system failed.
        """
        self._require_time()
        try:
            return replace(self.step, timeout=self.pace.timeout(self.step.timeout)).run(job)
        except UnreachableError:
            self._require_time()
            raise
        except BillingError as error:
            if not error.ended:
                self._require_time()
            raise

    def shown(self, job: Job) -> str:
        """Return the command or request, for people."""
        return self.step.shown(job)

    def _require_time(self) -> None:
        """Refuse to continue after the end of the run.

        Raises:
            UnreachableError: it is over.
        """
        if self.pace.stopped:
            raise UnreachableError(self.pace.stopped)
