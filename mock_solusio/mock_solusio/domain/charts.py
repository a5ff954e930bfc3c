"""Usage charts of servers: curves that follow from the server and the time, so nothing is stored.

A curve is a mean with daily, weekly and shorter swings. It is never negative and has an exact integral, so
the traffic totals agree with the charts. All values are assumed; the names of the charts and the units are
observed.
"""

import math

import msgspec

from mock_solusio.domain.records.servers import Server
from mock_solusio.domain.units import KIB
from mock_solusio.domain.world import World
from mock_solusio.moment import DAY, MINUTE, SECOND, Micros

SLOT: Micros = 5 * MINUTE
"""Time between two points of a chart; a value holds for one slot."""

SPAN: Micros = DAY
"""How far back a chart goes."""

_WEEK = 7 * 86400.0
_SWINGS = ((0.45, 86400.0), (0.15, _WEEK), (0.18, 2700.0), (0.12, 1020.0))
"""Depth and period in seconds. The depths add up to less than 1, so that a curve stays above 0."""


class Curve(msgspec.Struct, frozen=True):
    """A value over time, in a unit of its own."""

    mean: float
    phases: tuple[float, ...]

    def at(self, moment: Micros) -> float:
        """Return the value at a moment."""
        seconds = moment / SECOND
        swings = zip(_SWINGS, self.phases, strict=True)
        return self.mean * (1 + sum(d * math.sin(math.tau * seconds / p + f) for (d, p), f in swings))

    def over(self, begin: Micros, end: Micros) -> float:
        """Return the integral over a span, in units x seconds."""
        return self._antiderivative(end) - self._antiderivative(begin)

    def _antiderivative(self, moment: Micros) -> float:
        seconds = moment / SECOND
        swings = zip(_SWINGS, self.phases, strict=True)
        waves = sum(-d * p / math.tau * math.cos(math.tau * seconds / p + f) for (d, p), f in swings)
        return self.mean * (seconds + waves)


class LoadCurves(msgspec.Struct, frozen=True):
    """All curves of a server."""

    load: Curve
    """Percent of all processors."""
    memory: Curve
    """Share of the memory, 0 to 1."""
    received: Curve
    """Bytes per second, as the next three."""
    sent: Curve
    read: Curve
    written: Curve


def load_curves(world: World, server: Server) -> LoadCurves:
    """Return the curves of a server."""
    draw = world.random("usage", server.id)

    def curve(mean: float) -> Curve:
        return Curve(mean, tuple([math.tau * draw.random() for _ in _SWINGS]))

    return LoadCurves(
        load=curve(draw.uniform(2, 45)),
        memory=curve(draw.uniform(0.15, 0.5)),
        received=curve(draw.lognormvariate(10, 1.2)),
        sent=curve(draw.lognormvariate(10.5, 1.2)),
        read=curve(draw.lognormvariate(10, 1)),
        written=curve(draw.lognormvariate(11, 1)),
    )


def curves_while_running(world: World, server: Server) -> LoadCurves | None:
    """Return the curves of a running server; None for any other, which has no load and no traffic."""
    return load_curves(world, server) if server.status == "started" else None


def slot(now: Micros) -> Micros:
    """Return the start of the slot that a moment is in."""
    return now - now % SLOT


def points(server: Server, now: Micros) -> list[Micros]:
    """Return the moments of a server's charts, oldest first: up to a day back, but after its creation."""
    last = slot(now)
    first = max(last - SPAN + SLOT, slot(server.created_at) + SLOT)
    return list(range(first, last + 1, SLOT))


def load(server: Server, curves: LoadCurves, moment: Micros) -> float:
    """Return the load of the processors in percent; 0 while the server is stopped."""
    return round(min(100.0, curves.load.at(moment)), 2) if ran_at(server, moment) else 0.0


def memory(server: Server, curves: LoadCurves, moment: Micros, ram: int) -> float:
    """Return the memory in use in MiB, out of `ram` bytes."""
    return round(curves.memory.at(moment) * ram / KIB / KIB, 2) if ran_at(server, moment) else 0.0


def rate(server: Server, curve: Curve, moment: Micros) -> float:
    """Return the mean over the slot that ends at a moment, in KiB per second."""
    return (
        round(curve.over(moment - SLOT, moment) * SECOND / SLOT / KIB, 2) if ran_at(server, moment) else 0.0
    )


def ran_at(server: Server, moment: Micros) -> bool:
    """Return whether a server ran at a moment; what is stored is only when it took its present status."""
    return server.status == "started" or moment < server.status_at


def traffic(server: Server, curves: LoadCurves | None, until: Micros) -> tuple[int, int]:
    """Return how many bytes a server has received and sent since its traffic was last reset.

    `curves`: those of a running server, see `curves_while_running`.
    """
    received, sent = server.received, server.sent
    if curves is not None and until > server.traffic_from:
        received += int(curves.received.over(server.traffic_from, until))
        sent += int(curves.sent.over(server.traffic_from, until))
    return received, sent


def disk_used(world: World, server: Server, size: int, moment: Micros) -> float:
    """Return how much of a disk of `size` GiB is in use, in GiB: it fills slowly and never completely."""
    age = max(0, moment - server.created_at)
    # A generator costs more than everything else that a new server shows of itself.
    share = world.random("disk usage", server.id).uniform(0.1, 0.5) if age else 0.0
    days = age / DAY
    return round(size * (0.05 + share * (1 - math.exp(-days / 60))), 3)
