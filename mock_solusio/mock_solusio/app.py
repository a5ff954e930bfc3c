"""The whole mock: state, clock, prices, journal, faults, and the chain that a request goes through."""

import asyncio
import json
import sys
import time
import traceback
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from typing import TYPE_CHECKING

from mock_solusio.api.dispatch import Api, refusal
from mock_solusio.api.routes import PREFIX, routes
from mock_solusio.billing.prices import CustomerPrices
from mock_solusio.clock import Clock
from mock_solusio.domain import task_runner, tasks
from mock_solusio.domain.errors import DomainError
from mock_solusio.domain.kinds import KINDS
from mock_solusio.domain.login import LoginThrottle
from mock_solusio.domain.prices import Pricing
from mock_solusio.moment import Micros, rfc3339
from mock_solusio.options import Options
from mock_solusio.server.asgi import (
    App,
    ClientGoneError,
    Receive,
    Scope,
    Send,
    TooLargeError,
    answered_by,
    read_request,
    send_response,
)
from mock_solusio.server.messages import Request, Response, json_response
from mock_solusio.store.store import Store
from mock_solusio.traffic.faults import Fault, Faults
from mock_solusio.traffic.journal import Journal
from mock_solusio.worlds import installation

if TYPE_CHECKING:
    from mock_solusio.control.api import Control
    from mock_solusio.record.player import RecordedAnswers
    from mock_solusio.timeline.replay import Replay

CONTROL = "/_mock"

TICK = 0.1
"""Seconds between two looks whether events of a replay are due, when no request looks."""

AT_ONCE = 20
"""How many events of a replay happen between two looks at what else there is to do."""


class Mock:
    """A SolusIO, as an ASGI application.

    Raises:
        StateError: the state file cannot be used.
        DomainError: the fixtures or options ask for what cannot be.
        RecordingError: there is no recording where the options name one.
        TimelineError: the timeline to be replayed cannot be read, or is not the one that the state is in.
    """

    def __init__(self, options: Options) -> None:
        self.options = options
        self.recorded = _recorded_answers(options)
        self.replay: Replay | None = None
        self.clock = options.clock or _first_clock(options)
        self.store = Store(KINDS, self.clock, file=options.file, seed=options.seed)
        try:
            self._continue_clock()
            self.journal = Journal()
            self.faults = Faults()
            self.throttle = LoginThrottle()
            self.prices = CustomerPrices(self.store, self.journal)
            self.api = Api(self.store, self.prices, throttle=self.throttle, strict=options.strict)
            self._control: Control | None = None
            self._ui: App | None = None
            self._settled = -1
            self._due: Micros | None = None
            with self.store.transaction() as world:
                self.admin_token = installation.begin(world, options)
            self._begin_replay()
        except BaseException:
            self.store.close()
            raise

    # The chain

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer one request: read, meet a fault, answer, note, send."""
        if scope["type"] != "http":
            await self._lifespan(scope, receive, send)
            return
        try:
            request = await read_request(scope, receive)
        except TooLargeError:
            await send_response(json_response(413, {"message": "The request is too large."}), send)
            return
        except (ClientGoneError, asyncio.CancelledError):
            # Gone, or half a request when the mock stops: nobody waits for an answer.
            return
        if request.path == CONTROL or request.path.startswith(f"{CONTROL}/"):
            await send_response(await self.control.answer(request), send)
            return
        began = time.perf_counter()
        fault, operation = self._fault(request) if self.faults else (None, "")
        if fault is None:
            response = await self.answer(request, scope)
            self._note(request, response, began)
            await send_response(response, send)
        else:
            from mock_solusio.traffic.fault_injection import deliver

            response = await deliver(
                fault,
                lambda: self.answer(request, scope),
                receive=receive,
                send=send,
                faults=self.faults,
                head=request.method == "HEAD",
                operation=operation,
            )
            self._note(request, response, began)

    async def answer(self, request: Request, scope: Scope) -> Response:
        """Return the answer to a request: the API's, or the user area's."""
        try:
            self.settle()
            if self.recorded is not None:
                recorded = self.recorded.answer(request)
                if recorded is not None:
                    return recorded
            if request.path.startswith(f"{PREFIX}/"):
                if request.method == "GET":
                    cached = self.api.cached(request)
                    if cached is not None:
                        return cached
                return await self.api.answer(request)
            return await answered_by(self.ui, scope, request)
        except DomainError as error:
            return refusal(error)
        except Exception as error:
            traceback.print_exc(file=sys.stderr)
            note = f"a mistake of the mock itself: {type(error).__name__}"
            return json_response(500, {"message": "Server Error"}, notes=[note])

    def _fault(self, request: Request) -> tuple[Fault | None, str]:
        route, _, _ = routes().find(request.method, request.path.removeprefix(PREFIX))
        operation = route.id if route else ""
        return self.faults.next(request.method, request.path, operation), operation

    def _note(self, request: Request, response: Response, began: float) -> None:
        self.journal.add(
            "api" if request.path.startswith(f"{PREFIX}/") else "ui",
            request.method,
            request.path,
            moment=self.clock.now(),
            query=request.query,
            headers=request.headers,
            body=request.body,
            status=response.status,
            response_headers=response.headers,
            response_body=response.body,
            operation=response.operation,
            milliseconds=(time.perf_counter() - began) * 1000,
            notes=response.notes,
        )

    async def _lifespan(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "lifespan":
            return
        ticking: asyncio.Task[None] | None = None
        while True:
            message = await receive()
            if message["type"] == "lifespan.startup":
                if self.replay is not None:
                    ticking = asyncio.create_task(self._tick(self.replay))
                await send({"type": "lifespan.startup.complete"})
            elif message["type"] == "lifespan.shutdown":
                if ticking is not None:
                    ticking.cancel()
                    with suppress(asyncio.CancelledError):
                        await ticking
                await self.prices.aclose()
                await send({"type": "lifespan.shutdown.complete"})
                return

    # What the user area and the control API need

    @property
    def control(self) -> "Control":
        """The control API, made when it is first called."""
        if self._control is None:
            from mock_solusio.control.api import Control

            self._control = Control(self)
        return self._control

    @property
    def ui(self) -> App:
        """The user area and the pages of documents, made when the first of them is asked for."""
        if self._ui is None:
            from mock_solusio.ui.app import create_ui

            self._ui = create_ui(self)
        return self._ui

    @contextmanager
    def transaction(self) -> Iterator[Store]:
        """Do several things at one moment, all or nothing, after all that was due before."""
        self.settle()
        with self.store.transaction() as world:
            yield world

    def settle(self) -> None:
        """Let happen what has fallen due. Costs next to nothing when nothing has."""
        if self.replay is not None:
            self.replay.catch_up(self.clock.now())
        if self._settled != self.store.version:
            self._due = tasks.next_due(self.store)
            self._settled = self.store.version
        if self._due is not None and self._due <= self.clock.now():
            with self.store.transaction() as world:
                task_runner.run_due(world)

    async def _tick(self, replay: "Replay") -> None:
        """Let a replay go on while nobody asks for anything, so that little is due when somebody does."""
        while True:
            try:
                done = replay.catch_up(self.clock.now(), AT_ONCE)
            except Exception:
                # A request that finds the same answers 500 and says so; here nobody waits for an answer.
                traceback.print_exc(file=sys.stderr)
                return
            await asyncio.sleep(TICK if done else 0)

    def busy(self) -> bool:
        """Tell whether a task is under way."""
        self.settle()
        return tasks.next_due(self.store) is not None

    async def price(self, billing_user_id: int | None) -> Pricing | None:
        """Return what the billing endpoint says of a customer; None when there is no price to show."""
        return await self.prices.price(billing_user_id)

    def clock_changed(self) -> None:
        """Keep the time with the state, and what was rendered at another time no longer."""
        self.store.remember("clock", json.dumps(self.clock.state()))
        self.store.version += 1

    def reset(self) -> None:
        """Begin anew, as after the start: state, journal, faults, known prices."""
        with self.store.transaction() as world:
            world.wipe()
            self.admin_token = installation.begin(world, self.options)
        self.journal.clear()
        self.faults.clear()
        self.throttle.reset()
        self.prices.forget()
        if self.recorded is not None:
            self.recorded.rewind()

    def moment(self) -> str:
        """Return the time of the mock, for people."""
        return rfc3339(self.clock.now())

    @property
    def administrator(self) -> str:
        """Say how the administrator logs in, for people."""
        return installation.administrator(self.store)

    def close(self) -> None:
        """Close the state file."""
        self.store.close()

    def _begin_replay(self) -> None:
        if self.options.replay is None:
            return
        from mock_solusio.timeline.replay import Replay

        self.replay = Replay(self.store, self.options.replay, tell=_tell)
        if self.options.clock is None:
            # What came before the time that is played is there when it begins; and when a replay goes on,
            # time does so where it stopped, not where it would be by now.
            self.replay.catch_up(self.replay.reached)
            self.clock.go(self.replay.reached, self.options.replay_speed)
            self.clock_changed()

    def _continue_clock(self) -> None:
        kept = self.store.remembered("clock")
        if self.options.clock is None and kept is not None:
            self.clock = self.store.clock = Clock.from_state(json.loads(kept))
        elif self.options.clock is not None or self.store.fresh:
            self.store.remember("clock", json.dumps(self.clock.state()))


def _tell(text: str) -> None:
    sys.stderr.write(f"{text}\n")


def _recorded_answers(options: Options) -> "RecordedAnswers | None":
    if options.recorded is None:
        return None
    from mock_solusio.record.player import RecordedAnswers

    return RecordedAnswers(options.recorded, seed=options.recorded_seed, only=options.recorded_only)


def _first_clock(options: Options) -> Clock:
    """Return the clock of the timeline or world to begin with, or the machine's time."""
    if options.replay is not None:
        from mock_solusio.timeline import replay

        return replay.clock_of(options.replay, options.replay_speed)
    if options.fixtures is None:
        return Clock()
    from mock_solusio.worlds import fixtures

    return fixtures.clock_of(fixtures.read(options.fixtures)) or Clock()
