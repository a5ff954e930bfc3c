"""The progress of a timeline: what its names stand for, and how far it has been played.

Both are part of the state, so that a snapshot, a reset or a restart finds them consistent with the rest.
"""

from mock_solusio.domain.world import Kind, Record
from mock_solusio.moment import Micros


class PlayedName(Record, frozen=True, kw_only=True):
    """What a name in a timeline stands for."""

    name: str
    """With its kind, such as `server web`."""
    key: int
    """Id of the record; 0: its creation was refused."""


class Playback(Record, frozen=True, kw_only=True):
    """How far a timeline has been played. There is a single record."""

    timeline: str
    """Identifies the timeline."""
    offset: int = 0
    """Where in the file the next line begins, in bytes."""
    line: int = 0
    """Number of the last line played."""
    moment: Micros
    """The moment of the last event played; before the first one, where the timeline begins."""
    events: int = 0
    """How many events were played."""
    refused: int = 0
    """How many of them SolusIO refused, because its state no longer matched the timeline."""
    refusal: str = ""
    """The last of them, and why."""
    error: str = ""
    """Why it cannot continue."""
    is_over: bool = False


PLAYED_NAMES: Kind[PlayedName] = Kind("played_names", PlayedName, unique=("name",))
PLAYBACKS: Kind[Playback] = Kind("playbacks", Playback)
