"""Runs that wait for an endpoint, in no time."""

import pytest

from solusio_contracts.checking.pace import Pace


@pytest.fixture
def pauses(monkeypatch: pytest.MonkeyPatch) -> list[float]:
    """Record pauses instead of making them; the run still pays for them."""
    made: list[float] = []
    pause = Pace.pause

    def recorded(self: Pace, seconds: float) -> bool:
        made.append(seconds)
        with monkeypatch.context() as patch:
            patch.setattr(Pace, "_sleep", lambda *_: None)
            granted = pause(self, seconds)
        self._free_at = 0.0
        return granted

    monkeypatch.setattr(Pace, "pause", recorded)
    monkeypatch.setattr(Pace, "slow_down", lambda *_: None)
    return made
