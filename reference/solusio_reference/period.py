"""A billing period: one calendar month in UTC, half-open (assumed: the vendor does not define a period)."""

import re
from dataclasses import dataclass, replace
from datetime import UTC, date, datetime, timedelta
from typing import Self

_MONTH = re.compile(r"([0-9]{4})-(0[1-9]|1[0-2])")


@dataclass(frozen=True, slots=True, order=True)
class Period:
    """A month: from ``begin`` up to, but not including, ``end``."""

    year: int
    month: int

    @classmethod
    def parse(cls, text: str) -> Self:
        """Read ``2026-03``. Raises ValueError for anything else."""
        match = _MONTH.fullmatch(text)
        if match is None or not 1970 <= int(match[1]) <= 9998:
            raise ValueError(f"expected a month such as 2026-03, got {text!r}")
        return cls(int(match[1]), int(match[2]))

    @classmethod
    def before(cls, moment: datetime) -> Self:
        """Return the last month that has ended by ``moment``."""
        return cls.of(moment).previous

    @classmethod
    def of(cls, moment: datetime) -> Self:
        """Return the month of a moment."""
        now = moment.astimezone(UTC)
        return cls(now.year, now.month)

    @property
    def begin(self) -> datetime:
        """The first moment of the month."""
        return datetime(self.year, self.month, 1, tzinfo=UTC)

    @property
    def end(self) -> datetime:
        """The first moment of the next month."""
        return self.following.begin

    @property
    def last_day(self) -> date:
        """The last day of the month."""
        return (self.end - timedelta(days=1)).date()

    @property
    def previous(self) -> Self:
        """The month before."""
        if self.month > 1:
            return replace(self, month=self.month - 1)
        return replace(self, year=self.year - 1, month=12)

    @property
    def following(self) -> "Period":
        """The next month."""
        return Period(self.year, self.month + 1) if self.month < 12 else Period(self.year + 1, 1)

    def __str__(self) -> str:
        return f"{self.year:04}-{self.month:02}"
