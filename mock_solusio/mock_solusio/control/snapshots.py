"""Snapshots: the whole state at a moment, under a name, to return to."""

from dataclasses import dataclass
from typing import Any, Final, Protocol

from mock_solusio.clock import Clock, pace
from mock_solusio.domain.errors import Conflict, NotFound
from mock_solusio.moment import Micros, rfc3339

MOST: Final = 20
TOTAL_LIMIT: Final = 512 * 1024 * 1024
"""Bytes of all snapshots together."""


class Imaged(Protocol):
    """Something whose whole state can be had as bytes."""

    def snapshot(self) -> bytes:
        """Return the whole state."""


@dataclass(frozen=True, slots=True)
class Snapshot:
    """A state, and the time and speed of its clock."""

    name: str
    image: bytes
    moment: Micros
    speed: float

    def shown(self) -> dict[str, Any]:
        """Return what the control API tells of it."""
        return {
            "name": self.name,
            "moment": rfc3339(self.moment),
            "mode": pace(self.speed),
            "speed": self.speed,
            "bytes": len(self.image),
        }


class Snapshots:
    """All snapshots, kept in memory: they end with the process."""

    def __init__(self) -> None:
        self._kept: dict[str, Snapshot] = {}

    def __len__(self) -> int:
        """Return how many there are."""
        return len(self._kept)

    def take(self, name: str | None, state: Imaged, clock: Clock) -> dict[str, Any]:
        """Keep the state under a name, or under a new one; return it as it is listed.

        Raises:
            Conflict: there are too many, or they are too large.
        """
        if name is None:
            name = next(new for n in range(1, MOST + 2) if (new := f"snapshot-{n}") not in self._kept)
        others = [one for one in self._kept.values() if one.name != name]
        if len(others) >= MOST:
            raise Conflict(f"There are {MOST} snapshots already; delete some.")
        taken = Snapshot(name, state.snapshot(), clock.now(), clock.speed)
        if len(taken.image) + sum(len(one.image) for one in others) > TOTAL_LIMIT:
            raise Conflict(f"All snapshots together would have more than {TOTAL_LIMIT} bytes; delete some.")
        self._kept.pop(name, None)
        self._kept[name] = taken
        return taken.shown()

    def need(self, name: str) -> Snapshot:
        """Return a snapshot.

        Raises:
            NotFound: there is none of this name.
        """
        if name not in self._kept:
            raise NotFound("snapshot", name)
        return self._kept[name]

    def list(self) -> "list[dict[str, Any]]":
        """Return all snapshots as they are listed, oldest first."""
        return [one.shown() for one in self._kept.values()]

    def remove(self, name: str) -> None:
        """Forget a snapshot.

        Raises:
            NotFound: there is none of this name.
        """
        del self._kept[self.need(name).name]

    def clear(self) -> None:
        """Forget all snapshots."""
        self._kept.clear()
