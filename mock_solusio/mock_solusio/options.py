"""What a mock is started with."""

from dataclasses import dataclass
from pathlib import Path

from mock_solusio.clock import Clock

SPEED = 3600.0
"""How fast a timeline is played unless told otherwise: an hour a second."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Options:
    """What a mock is started with; every option of `mock-solusio serve` that is not about the socket."""

    clock: Clock | None = None
    """None: the time goes on where the state file left it, or follows the machine."""
    file: Path | None = None
    """State file; None keeps the state in memory."""
    seed: str | None = None
    """All randomness follows from it; None draws one."""
    fixtures: Path | None = None
    """A world to begin with, in TOML or JSON. A state file that is not new keeps its own."""
    replay: Path | None = None
    """A timeline to play on the clock, which begins where the timeline does unless `clock` says else."""
    replay_speed: float = SPEED
    """How many times as fast as real time that clock goes."""
    billing_url: str | None = None
    """The billing endpoint; switches the billing integration on."""
    billing_token: str | None = None
    """Authorization token that the billing endpoint is sent."""
    admin_token: str | None = None
    """Access token of the administrator; None draws one."""
    strict: bool = False
    """Hold every answer of ours to the OpenAPI document; one that differs becomes a 500 that says so."""
    control_from_anywhere: bool = False
    """Serve `/_mock` to clients of other machines, too."""
    recorded: Path | None = None
    """A recording to answer from before anything else."""
    recorded_only: bool = False
    """Refuse a request to the API that the recording cannot answer."""
    recorded_seed: str | None = None
    """The secret of the recording, to recognise requests with the real values."""
