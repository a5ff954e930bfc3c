"""Rules about the access tokens with which customers log in (step 9)."""

import re
from typing import Final

import msgspec

from solusio_contracts.users.conduct.credentials import ADMINISTRATOR, is_administrator
from solusio_contracts.users.conduct.customers import ABOUT_USERS, SeenUsers
from solusio_contracts.users.conduct.exchange import ClientExchange
from solusio_contracts.users.conduct.rule import Problem, Recent, conduct_rule

TOKENS: Final = 256
"""How many access tokens of customers are remembered."""
LINK: Final = "/auth/by_token/"
SUBJECT: Final = "login link"
LOOKED_AT: Final = 64 * 1024
"""Bytes of a body in which access tokens are looked for."""

_LONG_WORD = re.compile(rb"[A-Za-z0-9._~-]{20,}")


class _Token(msgspec.Struct):
    number: int
    one_time: bool
    used: int = 0
    """Number of the exchange that used it for a login."""


def _secret_in_link(exchange: ClientExchange) -> str:
    """Return the access token of a login link; empty for any other request."""
    if exchange.kind != "ui" or exchange.method != "GET" or not exchange.path.startswith(LINK):
        return ""
    return exchange.path.removeprefix(LINK).strip("/")


class _Tokens:
    """The access tokens of customers that were made."""

    def __init__(self) -> None:
        self.known: Recent[str, _Token] = Recent(TOKENS)

    def learn(self, exchange: ClientExchange) -> None:
        """Remember the access token that a response has."""
        secret = exchange.new_access_token
        if secret:
            one_time = exchange.fields.get("is_one_time") is True
            self.known.put(secret, _Token(exchange.number, one_time))


@conduct_rule(
    "CL-051", kinds=("api", "ui"), applies=lambda operation: operation.id in ("", "createUserToken")
)
class PermanentLink:
    """A link stays in histories and logs."""

    def __init__(self) -> None:
        self._tokens = _Tokens()

    def __call__(self, exchange: ClientExchange) -> Problem | None:
        """Compare the access token of a login with how it was made."""
        if exchange.operation:
            self._tokens.learn(exchange)
            return None
        token = self._tokens.known.get(_secret_in_link(exchange))
        if token is None or token.one_time:
            return None
        return Problem(
            "a login link has an access token that was made without is_one_time", (token.number,), SUBJECT
        )


@conduct_rule(
    "CL-052", kinds=("api", "ui"), applies=lambda operation: operation.id in ("", "createUserToken")
)
class SecondClick:
    """The second click leads nowhere."""

    def __init__(self) -> None:
        self._tokens = _Tokens()

    def __call__(self, exchange: ClientExchange) -> Problem | None:
        """Count the logins with each one-time access token."""
        if exchange.operation:
            self._tokens.learn(exchange)
            return None
        token = self._tokens.known.get(_secret_in_link(exchange))
        if token is None or not token.one_time:
            return None
        before, token.used = token.used, exchange.number
        return (
            Problem("a login link was used a second time", (token.number, before), SUBJECT)
            if before
            else None
        )


@conduct_rule("CL-053", kinds=("api", "ui"))
class TokenElsewhere:
    """A customer's access token is for their browser alone."""

    def __init__(self) -> None:
        self._tokens = _Tokens()

    def __call__(self, exchange: ClientExchange) -> Problem | None:
        """Look for known access tokens in the URL and body of each request."""
        if exchange.operation == "createUserToken":
            self._tokens.learn(exchange)
        if not self._tokens.known:
            return None
        places = {"query": exchange.query, "body": exchange.body[:LOOKED_AT]}
        if not exchange.path.startswith(LINK):
            places["path"] = exchange.path.encode("utf-8", "surrogatepass")
        for place, text in places.items():
            for word in _LONG_WORD.findall(text) if text else ():
                token = self._tokens.known.get(word.decode("ascii"))
                if token is not None:
                    return Problem(f"the {place} of a request has a customer's access token", (token.number,))
        return None


@conduct_rule("CL-054", applies=lambda operation: operation.id in ABOUT_USERS)
class AdministratorsLink:
    """Who opens the link rules the installation."""

    def __init__(self) -> None:
        self._users = SeenUsers()

    def __call__(self, exchange: ClientExchange) -> Problem | None:
        """Look for the role of the user for which a one-time access token was made."""
        if exchange.operation not in ("createUserToken", "deleteUser"):
            self._users.see(exchange)
            return None
        if not exchange.new_access_token or exchange.fields.get("is_one_time") is not True:
            return None
        seen = self._users.find(exchange)
        if seen is None or not is_administrator(seen.user.roles):
            return None
        text = f"a login link was made for {seen.user.email}, who has the role {ADMINISTRATOR}"
        return Problem(text, (seen.number,))
