"""Moments: integer microseconds since 1970-01-01T00:00:00Z, and the texts that stand for them."""

import functools
import re
from datetime import UTC, datetime, timedelta

Micros = int
"""Microseconds since 1970 in UTC, or a span of microseconds."""

SECOND: Micros = 1_000_000
MINUTE: Micros = 60 * SECOND
HOUR: Micros = 60 * MINUTE
DAY: Micros = 24 * HOUR

_MOMENT = re.compile(
    r"[0-9]{4}-[0-9]{2}-[0-9]{2}"
    r"(?:[Tt ][0-9]{2}:[0-9]{2}(?::[0-9]{2}(?:\.[0-9]+)?)?(?:[Zz]|[+-](?:[01][0-9]|2[0-3]):[0-5][0-9])?)?"
)
_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_MICROSECOND = timedelta(microseconds=1)
_LAST = datetime.max.replace(tzinfo=UTC)
_LAST_MICROS: Micros = (_LAST - _EPOCH) // _MICROSECOND


def utc(moment: Micros) -> datetime:
    """Return a moment as an aware datetime, at most the last one of the year 9999."""
    return _LAST if moment > _LAST_MICROS else _EPOCH + timedelta(microseconds=moment)


def rfc3339(moment: Micros) -> str:
    """Format a moment as SolusIO does, `2019-08-27T13:04:39.000000Z` (facts, sections 3 and 7)."""
    minute, rest = divmod(min(moment, _LAST_MICROS), MINUTE)
    seconds = str(rest).zfill(8)
    return f"{_minute(minute)}:{seconds[:2]}.{seconds[2:]}Z"


@functools.lru_cache(maxsize=16_384)
def _minute(minutes: int) -> str:
    # Cached, since moments that are shown together are close to each other.
    return utc(minutes * MINUTE).isoformat(timespec="minutes")[:-6]


def micros(moment: datetime) -> Micros:
    """Return an aware datetime as microseconds, exactly."""
    return (moment - _EPOCH) // _MICROSECOND


def parse_moment(text: str) -> Micros:
    """Read RFC 3339, also a date alone and a time without seconds; without an offset it is UTC.

    Raises:
        ValueError: the text is not a valid moment.
    """
    try:
        if _MOMENT.fullmatch(text) is None:
            raise ValueError
        moment = datetime.fromisoformat(text.upper())
        return micros(moment if moment.tzinfo else moment.replace(tzinfo=UTC))
    except (ValueError, OverflowError):
        raise ValueError(f"expected a moment such as 2026-03-01T00:00:00Z, got {text!r}") from None
