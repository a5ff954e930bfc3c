"""Rules about a single request: its credentials, its body, and what the operation does not have."""

import functools
import re
from typing import Final

from solusio_contracts.contract.documents import JSON
from solusio_contracts.suggestions import closest
from solusio_contracts.users.conduct.exchange import ClientExchange
from solusio_contracts.users.conduct.operations import facts_of
from solusio_contracts.users.conduct.rule import Problem, conduct_rule

SECRET_PARAMETERS: Final = frozenset(
    {"access_token", "api_key", "api_token", "apikey", "auth", "authorization", "bearer", "key", "pass"}
    | {"passwd", "password", "pwd", "secret", "token"}
)
"""Names of parameters, in lower case, whose values are credentials."""
SHORTEST: Final = 8
"""An access token with fewer characters may be in a URL by chance."""
FEW: Final = 8
"""How many names of parameters or members a text lists."""

_NOT_FOUND: Final = frozenset({404, 405})
_BRACKETS = re.compile(r"^filter|[\[\].]")


@conduct_rule("CL-001", applies=lambda operation: not operation.is_public)
def bearer_token(exchange: ClientExchange) -> Problem | None:
    """SolusIO takes an access token from this header alone."""
    if exchange.access_token:
        return None
    header = exchange.header.get(b"authorization")
    if header is None:
        return Problem("the request has no header Authorization")
    scheme = header.decode("latin-1").strip().partition(" ")[0]
    known = scheme if re.fullmatch("(?i)basic|digest|bearer|token", scheme) else "another text"
    return Problem(f"the header Authorization has {known} instead of Bearer and an access token")


@conduct_rule("CL-002", kinds=("api", "ui"))
def secrets_in_urls(exchange: ClientExchange) -> Problem | None:
    """Web servers and proxies log every URL."""
    if exchange.query:
        for name, value in exchange.parameters.items():
            if value and name.lower() in SECRET_PARAMETERS:
                return Problem(f"the query has the parameter {name}")
    secret = exchange.access_token
    if len(secret) < SHORTEST or exchange.kind != "api":
        return None
    if secret in exchange.path or (exchange.query and secret.encode("latin-1") in exchange.query):
        return Problem("the URL has the access token of the request")
    return None


@conduct_rule("CL-003", applies=lambda operation: operation.members is not None)
def json_body(exchange: ClientExchange) -> Problem | None:
    """SolusIO reads no fields from a body of another type."""
    if not exchange.body.strip():
        return None
    content_type = exchange.header.get(b"content-type", b"").decode("latin-1")
    if content_type != JSON and not re.search("[/+]json", content_type, re.IGNORECASE):
        if exchange.body.strip() in (b"{}", b"[]", b"null"):
            return None
        return Problem(
            f"the Content-Type is {content_type}" if content_type else "the body has no Content-Type"
        )
    # PHP writes an empty object as [].
    if isinstance(exchange.sent, dict) or exchange.body.strip() in (b"[]", b"null"):
        return None
    kinds: dict[type, str] = {list: "a list", str: "a string", type(None): "not valid JSON"}
    return Problem(f"the body is {kinds.get(type(exchange.sent), 'a single value')} instead of a JSON object")


@conduct_rule("CL-004", applies=lambda operation: not operation.id)
def known_operations(exchange: ClientExchange) -> Problem | None:
    """What is not there does nothing, and a real SolusIO answers with a page in HTML."""
    if exchange.status not in _NOT_FOUND:
        return None
    # A long word may be an access token.
    path = re.sub(r"(?<=/)(?:[0-9]+|[^/]{20,})(?=/|$)", "{id}", exchange.path)
    return Problem(f"the API has no operation {exchange.method} {path}", subject=f"{exchange.method} {path}")


@conduct_rule("CL-005", applies=lambda operation: bool(operation.id))
def known_parameters(exchange: ClientExchange) -> Problem | None:
    """A filter that does not exist restricts nothing, so the list has everybody."""
    if not exchange.query:
        return None
    known = facts_of(exchange.operation).parameters
    unknown = [name for name, value in exchange.parameters.items() if value and name not in known]
    if not unknown:
        return None
    text = f"{exchange.operation} has no query parameter {_few(unknown)}, so it changes nothing."
    return Problem(f"{text} {_meant(unknown[0], known)}")


@conduct_rule("CL-006", applies=lambda operation: operation.members is not None)
def known_members(exchange: ClientExchange) -> Problem | None:
    """SolusIO ignores a misspelled member, and answers as if all were well."""
    known = facts_of(exchange.operation).members or frozenset()
    unknown = [name for name in exchange.fields if name not in known]
    if not unknown:
        return None
    text = f"the body of {exchange.operation} has no member {_few(unknown)}, so it changes nothing."
    return Problem(f"{text} {_meant(unknown[0], known)}")


@conduct_rule("CL-007")
def user_agent(exchange: ClientExchange) -> Problem | None:
    """The operator of the installation sees who calls."""
    return (
        None
        if exchange.header.get(b"user-agent")
        else Problem("the request has no header User-Agent", subject="any")
    )


def _few(names: list[str]) -> str:
    more = f" and {len(names) - 3} more" if len(names) > 3 else ""
    return ", ".join(name[:60] for name in names[:3]) + more


@functools.lru_cache(256)
def _meant(name: str, known: frozenset[str]) -> str:
    """Return the names that are like an unknown one, or all if there are few."""
    if not known:
        return "The operation has none."
    bare = {_BRACKETS.sub("", one): one for one in sorted(known)}
    if near := closest(_BRACKETS.sub("", name), bare):
        return f"Did you mean: {', '.join(bare[one] for one in near)}?"
    return f"It has {', '.join(sorted(known))}." if len(known) <= FEW else "See the API reference."
