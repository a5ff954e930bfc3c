"""Which month to bill next, and whether it is over by SolusIO's clock: only a closed month can be billed."""

from dataclasses import dataclass
from datetime import datetime

from solusio_reference.period import Period


@dataclass(frozen=True, slots=True)
class BillingMonth:
    """A month that could be billed, and SolusIO's time."""

    period: Period
    now: datetime | None
    """Until when SolusIO has metered usage; None if it did not answer."""
    problem: str = ""
    """Why SolusIO did not answer."""
    billed: bool = False
    """Whether the month has been billed: another run creates only what is missing."""

    @property
    def closed(self) -> bool:
        """Whether SolusIO has metered the whole month."""
        return self.now is not None and self.period.end <= self.now
