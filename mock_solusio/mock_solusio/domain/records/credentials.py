"""How users prove who they are: access tokens, login sessions and SSH keys."""

from mock_solusio.domain.world import Kind, Record
from mock_solusio.moment import Micros


class AccessToken(Record, frozen=True, kw_only=True):
    """A credential of a user."""

    user_id: int
    digest: str
    """SHA-256 of the secret, in hex."""
    uuid: str | None
    """The id in `/api_tokens/{id}`, which has only those that are neither for one time nor from a login."""
    one_time: bool
    from_login: bool
    """Created by a login, not by a request for a token."""
    name: str
    created_at: Micros
    expires_at: Micros | None
    """None: it is valid until it is revoked."""

    def is_valid(self, now: Micros) -> bool:
        """Return whether it has not expired."""
        return self.expires_at is None or now < self.expires_at


ACCESS_TOKENS = Kind(
    "access_tokens",
    AccessToken,
    index=("user_id", "one_time", "from_login", "name"),
    unique=("digest", "uuid"),
    search=("name",),
)


class LoginSession(Record, frozen=True, kw_only=True):
    """A browser that has logged in to the user area; only the SHA-256 of its cookie's secret is stored."""

    user_id: int
    digest: str
    expires_at: Micros


SESSIONS = Kind("sessions", LoginSession, index=("user_id",), unique=("digest",))


class SshKey(Record, frozen=True, kw_only=True):
    """A public key of a user."""

    name: str
    body: str
    user_id: int


SSH_KEYS: Kind[SshKey] = Kind("ssh_keys", SshKey, noun="SSH key", index=("name", "user_id"), search=("name",))
