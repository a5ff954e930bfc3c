"""When requests may be sent: rate, pauses, the end of a run."""

import pytest

from solusio_contracts.checking import pace
from solusio_contracts.checking.pace import SLOWEST, WAITING, Pace, UndecidedError


@pytest.fixture
def clock(monkeypatch: pytest.MonkeyPatch) -> list[float]:
    """A clock that only waiting moves; the last entry is the time."""
    times = [100.0]
    monkeypatch.setattr(pace.time, "monotonic", lambda: times[-1])

    def wait(self: Pace, seconds: float) -> None:
        if seconds > 0:
            times.append(times[-1] + seconds)
        if self.stopped:
            raise UndecidedError(self.stopped)

    monkeypatch.setattr(Pace, "_sleep", wait)
    return times


def test_without_a_rate_nothing_waits(clock):
    made = Pace()
    for _ in range(100):
        made.turn()
    assert clock == [100.0]


def test_a_rate_spaces_requests(clock):
    made = Pace(rate=4)
    for _ in range(5):
        made.turn()
    assert clock == [100.0, 100.25, 100.5, 100.75, 101.0]


def test_a_crowd_uses_up_its_share_of_the_rate(clock):
    made = Pace(rate=4)
    made.turn(8)
    made.turn()
    assert clock[-1] == 102.0


def test_a_pause_is_for_all_and_costs_patience(clock):
    made = Pace()
    assert made.pause(WAITING - 1)
    assert not made.pause(2)
    assert made.pause(1)
    made.turn()
    assert clock[-1] == 100.0 + WAITING


def test_slowing_down_has_an_end(clock):
    made = Pace()
    made.slow_down(40)
    made.turn()
    made.turn()
    assert clock[-1] == pytest.approx(100.05)
    made.slow_down(0.1)
    made.turn()
    made.turn()
    assert clock[-1] == pytest.approx(100.05 + 0.05 + SLOWEST)
    # A crowd is sent at once all the same: it tests nothing otherwise.
    made.turn(50)
    made.turn()
    assert clock[-1] == pytest.approx(100.05 + 0.05 + 2 * SLOWEST)


def test_a_run_ends(clock):
    made = Pace(seconds=10)
    assert made.timeout(5) == 5
    clock.append(106.0)
    assert made.timeout(5) == 4
    made.turn()
    clock.append(110.0)
    with pytest.raises(UndecidedError, match=r"not run: the time of --max-seconds .10 s. is over"):
        made.turn()
    assert made.timeout(5) > 0


def test_a_stopped_run_keeps_its_first_reason():
    made = Pace()
    made.stop("the first")
    made.stop("another")
    assert made.stopped == "the first"
    with pytest.raises(UndecidedError, match="the first"):
        made.turn()


def test_nobody_waits_for_a_turn_after_a_stop():
    made = Pace(rate=0.001)
    made.turn()
    made.stop("over")
    with pytest.raises(UndecidedError, match="over"):
        made.turn()
