"""A running mock without its HTTP side: state, time, prices, journal and faults."""

import asyncio
import json
import sys
import traceback
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager, contextmanager, suppress
from typing import TYPE_CHECKING

from mock_solusio.billing.prices import CustomerPrices
from mock_solusio.clock import Clock
from mock_solusio.domain import task_runner, tasks
from mock_solusio.domain.kinds import KINDS
from mock_solusio.domain.login import LoginThrottle
from mock_solusio.domain.records.event_handlers import DELIVERIES, EVENT_HANDLERS
from mock_solusio.domain.records.tasks import TASKS
from mock_solusio.moment import Micros
from mock_solusio.options import Options
from mock_solusio.store.state_file import unkept
from mock_solusio.store.store import Store
from mock_solusio.traffic.faults import Faults
from mock_solusio.traffic.journal import Journal
from mock_solusio.traffic.webhooks import Webhooks
from mock_solusio.worlds import installation

if TYPE_CHECKING:
    from mock_solusio.record.player import RecordingPlayer
    from mock_solusio.timeline.replay import Replay

TICK = 0.1
"""Seconds between two checks for what is due while no request arrives."""

BATCH = 20
"""How many events of a replay run before other work gets a turn."""


class Runtime:
    """Everything a mock has and does, except answering requests.

    Raises:
        StateError: the state file cannot be used.
        DomainError: the fixtures or options are not valid.
        RecordingError: the options name a recording that does not exist.
        TimelineError: the timeline to replay cannot be read, or the state belongs to another one.
    """

    def __init__(self, options: Options) -> None:
        self.options = options
        self.recorded = _recorded_answers(options)
        self.replay: Replay | None = None
        self.clock = options.clock or _first_clock(options)
        self.store = Store(KINDS, self.clock, file=options.file, seed=options.seed, snapshot=options.snapshot)
        self._due: Micros | None = None
        self._due_version = -1
        """Version of the store to which `_due` belongs."""
        try:
            self._continue_clock()
            self.journal = Journal()
            self.faults = Faults()
            self.throttle = LoginThrottle()
            self.prices = CustomerPrices(self.store, self.journal)
            self.webhooks = Webhooks(
                self.store, self.journal, self.faults, anywhere=options.webhooks_anywhere
            )
            with self.store.transaction() as world:
                self.admin_token = installation.begin(world, options)
            self._begin_replay()
        except BaseException:
            self.store.close()
            raise

    @contextmanager
    def transaction(self) -> Iterator[Store]:
        """Do several things at one moment, all or nothing, after everything due before."""
        self.settle()
        with self.store.transaction() as world:
            yield world

    def settle(self) -> None:
        """Run all due tasks and replayed events; a no-op if none are due."""
        if self.replay is not None:
            self.replay.catch_up(self.clock.now())
        if self._due_version != self.store.version:
            self._due = tasks.next_due(self.store)
            self._due_version = self.store.version
        if self._due is not None and self._due <= self.clock.now():
            with self.store.transaction() as world:
                task_runner.run_due(world)
            self.webhooks.start_due()

    def open_tasks(self) -> int:
        """Return how many tasks of servers are pending or running; webhooks on their way do not count."""
        return self.store[TASKS].count(is_open=True) - self.store[DELIVERIES].count()

    def clock_changed(self) -> None:
        """Save the time with the state, and drop everything rendered at another time."""
        self.store.remember("clock", json.dumps(self.clock.state()))
        self.store.renew()

    @property
    def administrator(self) -> str:
        """How the administrator logs in, for people."""
        return installation.administrator(self.store)

    def reset(self) -> None:
        """Return to the state after the start: also journal, faults and cached prices."""
        with self.store.transaction() as world:
            world.wipe()
            self.admin_token = installation.begin(world, self.options)
        self.journal.clear()
        self.faults.clear()
        self.throttle.reset()
        self.prices.forget()
        if self.recorded is not None:
            self.recorded.rewind()

    @asynccontextmanager
    async def background(self) -> AsyncIterator[None]:
        """Run what is due while no request arrives; at the end, close what belongs to the event loop."""
        ticking = asyncio.create_task(self._tick())
        try:
            yield
        finally:
            ticking.cancel()
            with suppress(asyncio.CancelledError):
                await ticking
            await self.webhooks.aclose()
            await self.prices.aclose()

    def close(self) -> None:
        """Close the state file."""
        self.store.close()

    async def _tick(self) -> None:
        reported = False
        while True:
            done = True
            try:
                if self.replay is not None:
                    done = self.replay.catch_up(self.clock.now(), BATCH)
                if done and self.store[EVENT_HANDLERS].count():
                    # Webhooks leave on time, even if no request arrives.
                    self.settle()
                    self.webhooks.start_due()
            except Exception as error:
                if reason := unkept(error):
                    # It continues as soon as there is room.
                    if not reported:
                        print(f"The state cannot be kept: {reason}.", file=sys.stderr)  # noqa: T201
                    reported = done = True
                    await asyncio.sleep(TICK)
                    continue
                # A request that meets the same error answers 500 with it; here nobody waits for an answer.
                traceback.print_exc(file=sys.stderr)
                return
            await asyncio.sleep(TICK if done else 0)

    def _begin_replay(self) -> None:
        if self.options.replay is None:
            return
        from mock_solusio.timeline.replay import Replay

        self.replay = Replay(
            self.store,
            self.options.replay,
            report=lambda text: print(text, file=sys.stderr),  # noqa: T201
        )
        if self.options.clock is None:
            # Everything before the replayed period exists when it begins. A resumed replay continues from
            # where it stopped, not from where it would be by now.
            self.replay.catch_up(self.replay.reached)
            self.clock.go(self.replay.reached, self.options.replay_speed)
            self.clock_changed()

    def _continue_clock(self) -> None:
        saved = self.store.remembered("clock")
        if self.options.clock is None and saved is not None:
            self.clock = self.store.clock = Clock.from_state(json.loads(saved))
        elif self.options.clock is not None or self.store.fresh:
            self.store.remember("clock", json.dumps(self.clock.state()))


def _recorded_answers(options: Options) -> "RecordingPlayer | None":
    if options.recorded is None:
        return None
    from mock_solusio.record.player import RecordingPlayer

    return RecordingPlayer(options.recorded, seed=options.recorded_seed, only=options.recorded_only)


def _first_clock(options: Options) -> Clock:
    """Return the clock of the timeline or the fixtures, or the machine's time."""
    if options.replay is not None:
        from mock_solusio.timeline import replay

        return replay.clock_of(options.replay, options.replay_speed)
    if options.fixtures is None:
        return Clock()
    from mock_solusio.worlds import fixtures

    return fixtures.clock_of(fixtures.read(options.fixtures)) or Clock()
