"""What a user proves their identity with: access tokens, browser sessions and SSH keys."""

from mock_solusio.domain.world import Kind, Record
from mock_solusio.moment import Micros


class AccessToken(Record, frozen=True, kw_only=True):
    """A credential of a user."""

    user_id: int
    digest: str
    """Of the secret: SHA-256 in hex."""
    uuid: str
    """What `/api_tokens/{id}` calls it."""
    one_time: bool
    from_login: bool
    """Made by logging in, not on request."""
    name: str
    created_at: Micros
    expires_at: Micros | None
    """None: it holds until it is withdrawn."""

    def holds(self, now: Micros) -> bool:
        """Tell whether it has not expired."""
        return self.expires_at is None or now < self.expires_at


ACCESS_TOKENS = Kind(
    "access_tokens",
    AccessToken,
    index=("user_id", "one_time", "from_login", "name"),
    unique=("digest", "uuid"),
    search=("name",),
)


class LoginSession(Record, frozen=True, kw_only=True):
    """A browser that has logged in. Of the secret in its cookie only the SHA-256 is stored."""

    user_id: int
    digest: str
    expires_at: Micros
    ended: bool = False
    """Taken from the user, who may be told why. It never comes back, also when he is active again."""


SESSIONS = Kind("sessions", LoginSession, index=("user_id",), unique=("digest",))


class SshKey(Record, frozen=True, kw_only=True):
    """A public key (facts, section 9)."""

    name: str
    body: str
    user_id: int


SSH_KEYS: Kind[SshKey] = Kind("ssh_keys", SshKey, noun="SSH key", index=("name", "user_id"), search=("name",))
