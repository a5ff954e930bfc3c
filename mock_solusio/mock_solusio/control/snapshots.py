"""Snapshots: the whole state at a moment, saved under a name."""

from dataclasses import dataclass
from typing import Any, Final

from mock_solusio.clock import Clock, pace
from mock_solusio.domain.errors import Conflict, NotFound
from mock_solusio.moment import Micros, rfc3339
from mock_solusio.store.store import Store

MOST: Final = 20
TOTAL_LIMIT: Final = 512 * 1024 * 1024
"""Size of all snapshots together, in bytes."""


@dataclass(frozen=True, slots=True)
class StateSnapshot:
    """A state, and the time and speed of its clock."""

    name: str
    image: bytes
    moment: Micros
    speed: float

    def shown(self) -> dict[str, Any]:
        """Return it as the control API shows it."""
        return {
            "name": self.name,
            "moment": rfc3339(self.moment),
            "mode": pace(self.speed),
            "speed": self.speed,
            "bytes": len(self.image),
        }


class StateSnapshots:
    """All snapshots, kept in memory until the process ends."""

    def __init__(self) -> None:
        self._by_name: dict[str, StateSnapshot] = {}

    def __len__(self) -> int:
        """Return how many there are."""
        return len(self._by_name)

    def take(self, name: str | None, state: Store, clock: Clock) -> dict[str, Any]:
        """Save the state under this name, or a new one; return the snapshot as it is listed.

        Raises:
            Conflict: there are too many snapshots, or they are too large.
        """
        if name is None:
            name = next(new for n in range(1, MOST + 2) if (new := f"snapshot-{n}") not in self._by_name)
        others = [one for one in self._by_name.values() if one.name != name]
        if len(others) >= MOST:
            raise Conflict(f"There are {MOST} snapshots already; delete some.")
        taken = StateSnapshot(name, state.snapshot(), clock.now(), clock.speed)
        if len(taken.image) + sum(len(one.image) for one in others) > TOTAL_LIMIT:
            raise Conflict(f"All snapshots together would exceed {TOTAL_LIMIT} bytes; delete some.")
        self._by_name.pop(name, None)
        self._by_name[name] = taken
        return taken.shown()

    def get(self, name: str) -> StateSnapshot:
        """Return a snapshot.

        Raises:
            NotFound: there is no snapshot of this name.
        """
        if name not in self._by_name:
            raise NotFound("snapshot", name)
        return self._by_name[name]

    def list(self) -> "list[dict[str, Any]]":
        """Return all snapshots as they are listed, oldest first."""
        return [one.shown() for one in self._by_name.values()]

    def remove(self, name: str) -> None:
        """Delete a snapshot.

        Raises:
            NotFound: there is no snapshot of this name.
        """
        del self._by_name[self.get(name).name]

    def clear(self) -> None:
        """Delete all snapshots."""
        self._by_name.clear()
