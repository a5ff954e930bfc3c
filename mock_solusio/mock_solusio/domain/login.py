"""Login with email address and password, and a limit on failed attempts."""

from collections import OrderedDict

from mock_solusio.domain import activity, allowed_ips, passwords
from mock_solusio.domain.errors import Invalid, TooMany
from mock_solusio.domain.records.user import USERS, User, email_key
from mock_solusio.domain.world import World
from mock_solusio.moment import MINUTE, SECOND, Micros

WRONG = "These credentials do not match our records."
"""The message for any wrong email address or password (observed)."""


class LoginThrottle:
    """Counts failed logins per email address and client address, as Laravel does (limits assumed).

    After `attempts` failures, every login is refused until `window` after the first of them. The counts are
    not part of the state, since a failed request changes none. Memory is bounded: above `most` pairs, the
    oldest one is dropped.
    """

    def __init__(self, attempts: int = 5, window: Micros = MINUTE, most: int = 10_000) -> None:
        self.attempts = attempts
        self.window = window
        self.most = most
        self._failures: OrderedDict[tuple[str, str], tuple[Micros, int]] = OrderedDict()

    def check(self, key: tuple[str, str], now: Micros) -> None:
        """Raise TooMany if this pair has failed too often."""
        since, count = self._of(key, now)
        if count >= self.attempts:
            seconds = -(-(since + self.window - now) // SECOND)
            raise TooMany(seconds, f"Too many login attempts. Please try again in {seconds} seconds.")

    def failed(self, key: tuple[str, str], now: Micros) -> None:
        """Count a failure."""
        since, count = self._of(key, now)
        self._failures[key] = (since, count + 1)
        if len(self._failures) > self.most:
            self._failures.popitem(last=False)

    def clear(self, key: tuple[str, str]) -> None:
        """Forget the failures of a pair."""
        self._failures.pop(key, None)

    def reset(self) -> None:
        """Forget everything."""
        self._failures.clear()

    def __len__(self) -> int:
        return len(self._failures)

    def _of(self, key: tuple[str, str], now: Micros) -> tuple[Micros, int]:
        since, count = self._failures.get(key, (now, 0))
        # A clock that was set back must not extend the wait.
        if not since <= now < since + self.window:
            self._failures.pop(key, None)
            return now, 0
        return since, count


def login(world: World, throttle: LoginThrottle, email: str, password: str, ip: str) -> User:
    """Return the user with this email address and password; `ip` is the client's address.

    Raises:
        TooMany: this pair of email and IP address has failed too often.
        Invalid: no user has this email address and password.
        AddressNotAllowed: the user may not log in from this address.
    """
    key = (email_key(email), ip)
    throttle.check(key, world.now)
    user = world[USERS].first(email_key=email_key(email))
    # An unknown user takes as long as a known one.
    if not passwords.matches(password, user.password_hash if user else None) or user is None:
        throttle.failed(key, world.now)
        raise Invalid({"email": [WRONG]}, WRONG)
    throttle.clear(key)
    allowed_ips.check(user, ip)
    activity.record(world, activity.USER_LOGIN, user=user, data={"ip": ip})
    return user
