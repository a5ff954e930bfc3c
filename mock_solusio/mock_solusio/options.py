"""The options of a mock."""

from pathlib import Path
from typing import TYPE_CHECKING

import msgspec

from mock_solusio.clock import Clock

if TYPE_CHECKING:
    from solusio_contracts.contract.overlay import Overlay

SPEED = 3600.0
"""Default speed of a replay: an hour per second."""


class Options(msgspec.Struct, frozen=True, kw_only=True):
    """Every option of `mock-solusio serve` except those of the socket."""

    clock: Clock | None = None
    """None: the time continues from the state file, or follows the machine."""
    file: Path | None = None
    """State file; None keeps the state in memory."""
    snapshot: bytes | None = None
    """What a state in memory begins with (`Store.snapshot`); None is a fresh installation."""
    seed: str | None = None
    """The seed of all randomness; None chooses one."""
    fixtures: Path | None = None
    """Initial data, in TOML or JSON. An existing state file keeps its own."""
    replay: Path | None = None
    """A timeline to replay on the clock, which starts at the timeline's beginning unless `clock` is set."""
    replay_speed: float = SPEED
    """How many times as fast as real time that clock runs."""
    billing_url: str | None = None
    """The billing endpoint; enables billing integration."""
    billing_token: str | None = None
    """Authorization token to send to the billing endpoint."""
    admin_token: str | None = None
    """Access token of the administrator; None creates one."""
    strict: bool = False
    """Check every response of the API against the OpenAPI document; one that differs becomes a 500."""
    overlay: "Overlay | None" = None
    """What one's own SolusIO showed of the document; `strict` then checks against that."""
    cors: tuple[str, ...] = ()
    """Origins whose pages may call the API from a browser, such as `http://localhost:3000`; `*` is any."""
    control_from_anywhere: bool = False
    """Also serve `/_mock` to other machines."""
    webhooks_anywhere: bool = False
    """Send webhooks to any host, not only to this machine."""
    recorded: Path | None = None
    """A recording to answer from where it can."""
    recorded_only: bool = False
    """Refuse API requests that the recording cannot answer."""
    recorded_seed: str | None = None
    """The secret of the recording, to recognise requests with the real values."""
