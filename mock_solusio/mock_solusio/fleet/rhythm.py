"""When servers are created: more by day than by night, more on working days, more with more customers."""

import math
from bisect import bisect_right
from collections.abc import Iterator, Sequence

from mock_solusio.fleet.profiles import Profile
from mock_solusio.fleet.randomness import draw, lognormal
from mock_solusio.moment import HOUR, SECOND, Micros, utc

BUSIEST_HOUR = 14
"""Of the day in UTC: afternoon in Europe, morning in America."""

_NOISE = 0.2
_SATURDAY = 5


def hourly(
    profile: Profile, begin: Micros, end: Micros, joined: Sequence[Micros], seed: str
) -> list[tuple[Micros, float]]:
    """Return each hour with its weight; `joined` tells, in order, when customers came."""
    following = draw(seed, "rhythm")
    hours = []
    for start in range(begin, end, HOUR):
        moment = utc(start)
        angle = math.cos((moment.hour - BUSIEST_HOUR) * math.pi / 12)
        weight = profile.night + (1 - profile.night) * (1 + angle) / 2
        if moment.weekday() >= _SATURDAY:
            weight *= profile.weekend
        weight *= bisect_right(joined, start)
        hours.append((start, weight * lognormal(following(), 1.0, _NOISE)))
    return hours


def moments(hours: Sequence[tuple[Micros, float]], count: int, seed: str) -> Iterator[Micros]:
    """Return so many moments in order, as many in each hour as its weight says; whole seconds."""
    following = draw(seed, "moments of creations")
    total = sum(weight for _, weight in hours) or 1.0
    reached, made = 0.0, 0
    for start, weight in hours:
        reached += weight
        wanted = round(reached / total * count) - made
        made += wanted
        yield from sorted(start + int(following() * 3600) * SECOND for _ in range(wanted))


def mean_within(hours: Sequence[tuple[Micros, float]], lives: Sequence[Micros], end: Micros) -> float:
    """Return the mean hours until `end` of servers created in this rhythm; `lives` are in order."""
    sums = [0]
    for life in lives:
        sums.append(sums[-1] + life)
    total = weighted = 0.0
    for start, weight in hours:
        most = end - start - HOUR // 2
        whole = bisect_right(lives, most)
        mean = (sums[whole] + (len(lives) - whole) * most) / len(lives)
        total += weight
        weighted += weight * mean
    return weighted / total / HOUR if total else 0.0
