"""Fixtures happen at moments of their own: long ago, and at once."""

import random
from typing import TypeVar

from msgspec.structs import replace

from mock_solusio.domain.effects import settle
from mock_solusio.domain.records.servers import SERVERS, Server
from mock_solusio.domain.records.tasks import AGENDA, TASKS
from mock_solusio.domain.spans import Spans
from mock_solusio.domain.world import Kind, Record, Table, World
from mock_solusio.moment import Micros

T = TypeVar("T", bound=Record)


class MovedWorld:
    """The same world at another moment: what is made in it is as old as that."""

    def __init__(self, world: World, now: Micros) -> None:
        self._world = world
        self.now = now

    @property
    def spans(self) -> Spans:
        """The same as of the world itself."""
        return self._world.spans

    def __getitem__(self, kind: Kind[T]) -> Table[T]:
        return self._world[kind]

    def secret(self, purpose: str, number: int, length: int = 40) -> str:
        """Return the same as the world itself."""
        return self._world.secret(purpose, number, length)

    def uuid(self, purpose: str, number: int) -> str:
        """Return the same as the world itself."""
        return self._world.uuid(purpose, number)

    def random(self, purpose: str, number: int) -> random.Random:
        """Return the same as the world itself."""
        return self._world.random(purpose, number)


def at_once(world: World, server: Server) -> Server:
    """Finish the tasks of a server at this very moment, so that a world begins ready; return the server."""
    for task in world[TASKS].find(server_id=server.id, is_open=True):
        world[TASKS].update(replace(task, started_at=world.now, finished_at=world.now))
    world[SERVERS].update(replace(world[SERVERS].get_or_404(server.id), busy_until=world.now))
    agenda = world[AGENDA].first()
    if agenda is not None:
        world[AGENDA].update(replace(agenda, due=world.now))
    settle(world)
    return world[SERVERS].get_or_404(server.id)
