"""A timeline being played: what its names stand for, and how far it is."""

from mock_solusio.domain.world import Kind, Record
from mock_solusio.moment import Micros


class PlayedName(Record, frozen=True, kw_only=True):
    """What a name in a timeline stands for."""

    name: str
    """With its kind, such as `server web`."""
    key: int
    """Id of the record; 0: it was to be made, and was refused."""


class Playback(Record, frozen=True, kw_only=True):
    """How far a timeline is; there is one row."""

    timeline: str
    """What tells it from other timelines."""
    offset: int = 0
    """Where in the file the next line begins, in bytes."""
    line: int = 0
    """Number of the line played last."""
    moment: Micros
    """When the event played last happened; before the first one, where the time begins."""
    events: int = 0
    """How many were played."""
    refused: int = 0
    """How many of them the world refused, because it had gone another way."""
    refusal: str = ""
    """Which was the last of them, and why."""
    error: str = ""
    """Why it cannot go on."""
    is_over: bool = False


PLAYED_NAMES: Kind[PlayedName] = Kind("played_names", PlayedName, unique=("name",))
PLAYBACKS: Kind[Playback] = Kind("playbacks", Playback)
