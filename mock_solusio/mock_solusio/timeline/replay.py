"""Plays a timeline on the clock of a mock: events are due like tasks.

Each event is played at its own moment, after everything that was due before it, no matter whether a request,
a change of the clock or the tick of `serve` finds it due. An event and the position after it are one
transaction, so a replay continues after `kill -9` with the next event.

An event that is refused, for example because the billing system has deleted the user meanwhile, is recorded
and skipped. An error in the timeline itself ends the replay; the mock continues.
"""

import hashlib
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any, Final

from msgspec.structs import replace

from mock_solusio.clock import Clock
from mock_solusio.domain.errors import DomainError
from mock_solusio.domain.records.playback import PLAYBACKS, Playback
from mock_solusio.domain.tasks import next_due
from mock_solusio.moment import Micros, micros, rfc3339
from mock_solusio.options import SPEED
from mock_solusio.store.store import Store
from mock_solusio.timeline.player import Player, refuse, settle
from solusio_contracts.timeline import EventLine, TimelineError, TimelineHeader, header, read

FINGERPRINTED: Final = 4096
"""Bytes at the beginning of a file that identify a timeline."""


def clock_of(file: Path, speed: float = SPEED) -> Clock:
    """Return a clock that begins with a timeline.

    Raises:
        TimelineError: the file cannot be read, or its first line is not that of a timeline.
        ValueError: the speed is out of range.
    """
    return Clock(micros(header(file).begin), speed=speed)


class Replay:
    """Plays a timeline into a store.

    Raises:
        TimelineError: the file cannot be read, its first line is not that of a timeline, or the state is in
            the middle of another timeline.
    """

    def __init__(self, store: Store, file: Path, *, report: Callable[[str], None] = lambda _: None) -> None:
        self.file = file
        self.header: TimelineHeader = header(file)
        self._store = store
        self._report = report
        self._player = Player()
        self._timeline = _fingerprint(file)
        self._lines: Iterator[EventLine] | None = None
        self._next: EventLine | None = None
        self._at = -1
        known = self._known()
        if known is not None and known.timeline != self._timeline:
            raise TimelineError("The state is in the middle of another timeline.")

    @property
    def playback(self) -> Playback:
        """The position in the timeline."""
        begin = micros(self.header.begin)
        return self._known() or Playback(timeline=self._timeline, moment=begin)

    @property
    def reached(self) -> Micros:
        """The moment of the last event, but not before the timeline begins."""
        return max(self.playback.moment, micros(self.header.begin))

    def catch_up(self, until: Micros, most: int | None = None) -> bool:
        """Play all events up to a moment, or the next `most`; return whether no more are due."""
        done = self._play_until(until, most)
        if done:
            due = next_due(self._store)
            if due is not None and due <= until:
                with self._store.transaction() as world:
                    settle(world, until)
        return done

    def _play_until(self, until: Micros, most: int | None) -> bool:
        count = 0
        while True:
            playback = self.playback
            if playback.is_over:
                return True
            try:
                line = self._line(playback)
                if line is not None and micros(line.event.at) > until:
                    return True
                if count == most:
                    return False
                if line is None:
                    self._note(replace(playback, is_over=True))
                else:
                    self._play(playback, line)
            except TimelineError as error:
                self._report(f"The replay of {self.file} ends: {error}")
                self._note(replace(playback, error=str(error), is_over=True))
            count += 1

    def shown(self) -> dict[str, Any]:
        """Return the position for the control API."""
        playback = self.playback
        return {
            "file": str(self.file),
            "moment": rfc3339(playback.moment),
            "line": playback.line,
            "events": playback.events,
            "refused": playback.refused,
            "last_refusal": playback.refusal or None,
            "error": playback.error or None,
            "is_over": playback.is_over,
        }

    def _known(self) -> Playback | None:
        # There is only one, so its id is 1, even after a reset.
        return self._store[PLAYBACKS].get(1)

    def _line(self, playback: Playback) -> EventLine | None:
        """Return the next line, by the position in the state, which a reset or restore may have changed."""
        if self._lines is None or self._at != playback.offset:
            self._lines = read(self.file, playback.offset, playback.line)
            self._next = None
            self._at = playback.offset
        if self._next is None:
            self._next = next(self._lines, None)
        return self._next

    def _play(self, playback: Playback, line: EventLine) -> None:
        done = replace(
            playback,
            offset=line.following,
            line=line.number,
            moment=micros(line.event.at),
            events=playback.events + 1,
        )
        try:
            with self._store.transaction() as world:
                self._player.play(world, line.event)
                self._put(done)
        except TimelineError as error:
            raise TimelineError(f"Line {line.number}: {error}.") from None
        except DomainError as error:
            text = f"Line {line.number}: {line.event.verb}: {error.message}"
            with self._store.transaction() as world:
                refuse(world, line.event)
                self._put(replace(done, refused=playback.refused + 1, refusal=text))
        self._at = line.following
        self._next = None

    def _note(self, playback: Playback) -> None:
        with self._store.transaction():
            self._put(playback)

    def _put(self, playback: Playback) -> None:
        table = self._store[PLAYBACKS]
        if playback.id:
            table.update(playback)
        else:
            table.add(playback)


def _fingerprint(file: Path) -> str:
    try:
        with file.open("rb") as source:
            return hashlib.sha256(source.read(FINGERPRINTED)).hexdigest()
    except OSError as error:
        raise TimelineError(f"{file}: {error.strerror}.") from error
