"""A world at another time: what happens in it is dated accordingly."""

import random
from typing import TypeVar

from mock_solusio.domain.spans import Spans
from mock_solusio.domain.world import Kind, Record, Table, World
from mock_solusio.moment import Micros

T = TypeVar("T", bound=Record)


class MovedWorld:
    """The same world at another moment; for fixtures and timelines, whose servers are older than now."""

    def __init__(self, world: World, now: Micros) -> None:
        self._world = world
        self.now = now

    @property
    def spans(self) -> Spans:
        """The spans of the world itself."""
        return self._world.spans

    def __getitem__(self, kind: Kind[T]) -> Table[T]:
        return self._world[kind]

    def secret(self, purpose: str, number: int, length: int = 40) -> str:
        """Return what the world itself returns."""
        return self._world.secret(purpose, number, length)

    def uuid(self, purpose: str, number: int) -> str:
        """Return what the world itself returns."""
        return self._world.uuid(purpose, number)

    def random(self, purpose: str, number: int) -> random.Random:
        """Return what the world itself returns."""
        return self._world.random(purpose, number)
