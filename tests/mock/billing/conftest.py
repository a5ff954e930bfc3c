"""Time that passes when it is told to."""

import pytest


class FakeTime:
    """Monotonic seconds that pass when they are told to."""

    def __init__(self) -> None:
        self.seconds = 1000.0

    def __call__(self) -> float:
        return self.seconds


@pytest.fixture
def monotonic() -> FakeTime:
    return FakeTime()
