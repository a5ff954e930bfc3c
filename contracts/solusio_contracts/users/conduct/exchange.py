"""A request that a client sent to SolusIO, and the response it got."""

import functools
import re
from collections.abc import Callable, Mapping, Sequence
from typing import TYPE_CHECKING, Any, Final, Literal
from urllib.parse import parse_qsl

import msgspec

from solusio_contracts.users.conduct.operations import facts_of

NO_RESPONSE: Final = 0
"""The status of an exchange without a response."""

NO_CONTENT: Final = 204

Headers = Sequence[tuple[bytes, bytes]]

_USER_PATH = re.compile(r"/users/([0-9]{1,18})(?:/|$)")
_LAST_PAGE = re.compile(rb'"last_page"\s*:\s*([0-9]{1,9})')
_TAIL: Final = 2048
"""Bytes at the end of a list's response that have its `meta`."""


if TYPE_CHECKING:
    from functools import cached_property as once
else:

    class once:  # noqa: N801 - used like a property
        """`functools.cached_property` without its lock, which took longer than most of what it keeps."""

        def __init__(self, compute: Callable[[Any], Any]) -> None:
            self._compute = compute
            self._name = compute.__name__
            self.__doc__ = compute.__doc__

        def __get__(self, exchange: Any, _: type | None = None) -> Any:
            if exchange is None:
                return self
            value = exchange.__dict__[self._name] = self._compute(exchange)
            return value


class ShownUser(msgspec.Struct):
    """What the rules need of a user as the API shows them."""

    id: int
    email: Any = None
    billing_user_id: Any = None
    roles: Any = None


class _Shown(msgspec.Struct):
    data: list[ShownUser] | ShownUser


_SHOWN: Final = msgspec.json.Decoder(_Shown)
"""Reads only what is needed, which takes a fraction of the time."""


class ClientExchange(msgspec.Struct, kw_only=True, eq=False, dict=True):
    """One request to SolusIO with its response, as bytes; what rules need is parsed when they ask for it."""

    number: int
    """By which a violation names it; from 1, ascending."""
    kind: Literal["api", "ui"] = "api"
    """Whether it was for the API or for the user area."""
    method: str
    path: str
    """Decoded, without the query."""
    query: bytes = b""
    headers: Headers = ()
    """Names in lower case."""
    body: bytes = b""
    """After content decoding."""
    client: str = ""
    """Address of the client."""
    operation: str = ""
    """operationId in the API document; empty if the API has no such operation."""
    status: int
    """`NO_RESPONSE` if the connection was cut before the response."""
    response_headers: Headers = ()
    response_body: bytes = b""
    arrived: float = 0.0
    """Seconds on any clock that runs in real time, when the request was complete."""
    answered: float = 0.0
    """Seconds on the same clock, when the response was sent."""

    @once
    def header(self) -> Mapping[bytes, bytes]:
        """The headers of the request by name; the first of several with one name counts."""
        return dict(reversed(self.headers))

    @once
    def response_header(self) -> Mapping[bytes, bytes]:
        """The headers of the response by name, in lower case."""
        return {name.lower(): value for name, value in reversed(self.response_headers)}

    @once
    def caller(self) -> tuple[str, bytes]:
        """What requests of one program have in common: address and User-Agent."""
        return self.client, self.header.get(b"user-agent", b"")

    @once
    def access_token(self) -> str:
        """The access token in the header Authorization; empty if there is none."""
        return _bearer_token(self.header.get(b"authorization", b""))

    @once
    def parameters(self) -> Mapping[str, str]:
        """The parameters of the query."""
        if not self.query:
            return {}
        text = self.query.decode("latin-1").replace("%5B", "[").replace("%5D", "]")
        if "%" in text or "+" in text:
            return dict(parse_qsl(text, keep_blank_values=True, errors="replace"))
        # The same result, faster: nothing needs decoding.
        parts = (part.partition("=") for part in text.split("&"))
        return {name: value for name, _, value in parts}

    @once
    def filters(self) -> Mapping[str, str]:
        """The parameters of the query that restrict a list, apart from empty ones."""
        if not self.query:
            return {}
        return {
            name: value for name, value in self.parameters.items() if value and name.startswith("filter[")
        }

    @once
    def list_key(self) -> tuple[object, ...]:
        """What the requests of one client for all pages of one list have in common.

        Parameters that the operation does not have choose no list: a client may mean them to choose a page.
        """
        if not self.query:
            return self.caller, self.path
        sent = self.parameters
        chosen = [(one, sent[one]) for one in facts_of(self.operation).selecting if one in sent]
        return self.caller, self.path, *chosen

    @once
    def sent(self) -> Any:
        """The body of the request as JSON; None if there is none, or it is not JSON."""
        return _decoded(self.body)

    @property
    def fields(self) -> Mapping[str, Any]:
        """The members of the body; none if it is not a JSON object."""
        return self.sent if isinstance(self.sent, dict) else {}

    @once
    def data(self) -> Any:
        """`data` of the response; None if it has none."""
        value = _decoded(self.response_body)
        return value.get("data") if isinstance(value, dict) else None

    @once
    def users(self) -> Sequence[ShownUser]:
        """The users in the response; empty if it has none."""
        try:
            data = _SHOWN.decode(self.response_body).data
        except (msgspec.DecodeError, UnicodeDecodeError, RecursionError):
            return ()
        return data if isinstance(data, list) else (data,)

    @once
    def new_access_token(self) -> str:
        """The access token in the response; empty if there is none."""
        if not self.accepted or not isinstance(self.data, dict):
            return ""
        return str(self.data.get("access_token") or "")

    @property
    def user_id(self) -> int | None:
        """The id of the user in the path."""
        found = _USER_PATH.search(self.path)
        return int(found[1]) if found else None

    @property
    def customer(self) -> str:
        """Who a new or changed user is in the billing system: their id there, or else their email address."""
        number = self.fields.get("billing_user_id")
        return str(number) if number else str(self.fields.get("email") or "").casefold()

    @property
    def accepted(self) -> bool:
        """Whether the response says that the request was carried out."""
        return 200 <= self.status < 300

    @property
    def is_lost(self) -> bool:
        """Whether the client got no complete response."""
        if self.status == NO_RESPONSE:
            return True
        length = self.response_header.get(b"content-length", b"")
        if self.method == "HEAD" or not length.isdigit() or len(length) > 15:
            return False
        return int(length) > len(self.response_body)

    @property
    def is_unreadable(self) -> bool:
        """Whether the response claims success, but has none of the data that it should have."""
        plain = b"content-encoding" not in self.response_header
        claims_data = self.accepted and self.status != NO_CONTENT and plain
        return claims_data and not self.users and self.data is None

    @once
    def last_page(self) -> int:
        """How many pages a list has, according to its response; 1 if that does not say."""
        # `meta` comes last; to decode all rows would take longer than everything else.
        body = self.response_body
        found = _LAST_PAGE.match(body, body.rfind(b'"last_page"', -_TAIL))
        return int(found[1]) if found else 1

    @once
    def page(self) -> int:
        """The page of a list that the request asks for."""
        if not self.query:
            return 1
        text = self.parameters.get("page", "")
        return int(text) if text.isascii() and text.isdigit() and len(text) < 10 else 1

    @property
    def name(self) -> str:
        """The request in a few words: its operation, or else method and path."""
        return self.operation or f"{self.method} {self.path}"


@functools.lru_cache(256)
def _bearer_token(header: bytes) -> str:
    scheme, _, secret = header.decode("latin-1").strip().partition(" ")
    return secret.strip() if scheme.lower() == "bearer" else ""


def _decoded(body: bytes) -> Any:
    try:
        return msgspec.json.decode(body) if body else None
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError):
        return None
