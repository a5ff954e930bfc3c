"""What a handler gets and gives: a `Call`, a `Reply`, and the table of operations.

A handler is a plain function: it runs inside one transaction, changes the state, and returns a `Reply` whose
body is rendered afterwards, perhaps twice (when a price had to be asked for first).
"""

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from typing import Any, TypeVar
from urllib.parse import urlencode

import msgspec

from mock_solusio.api.cache import NEVER, OVERHEAD, VersionedCache
from mock_solusio.domain.errors import Forbidden, Unauthenticated
from mock_solusio.domain.login import LoginThrottle
from mock_solusio.domain.permissions import Permission
from mock_solusio.domain.prices import Pricing
from mock_solusio.domain.records.credentials import AccessToken
from mock_solusio.domain.records.user import User
from mock_solusio.domain.role_permissions import permissions_of
from mock_solusio.domain.world import Kind, Record, World
from mock_solusio.moment import Micros

T = TypeVar("T", bound=Record)

MOST_PER_PAGE = 100
"""Most rows that a page has (assumed; one client asks for 100)."""


class Call:
    """One API request that is being answered."""

    __slots__ = (
        "_actor",
        "_price",
        "access_token",
        "base_url",
        "body",
        "client",
        "fresh_until",
        "path",
        "permissions",
        "query",
        "raw_path",
        "raw_query",
        "rows",
        "throttle",
        "world",
    )

    def __init__(
        self,
        world: World,
        *,
        actor: User | None = None,
        access_token: AccessToken | None = None,
        path: dict[str, Any] | None = None,
        raw_path: str = "",
        body: dict[str, Any] | None = None,
        base_url: str = "",
        client: str = "",
        throttle: LoginThrottle | None = None,
        price: Callable[[int], Pricing | None] | None = None,
    ) -> None:
        self.world = world
        self._actor = actor
        self.access_token = access_token
        self.path = path or {}
        """Path parameters by the names of the document; integers are integers."""
        self.raw_path = raw_path
        """The path as it was asked for, such as `/api/v1/users`."""
        self.query: dict[str, Any] = {}
        """The document's query parameters: typed, and with their defaults."""
        self.raw_query: dict[str, str] = {}
        """Every query parameter as it was sent, for links; empty ones are left out."""
        self.body = body or {}
        """The JSON object of the request, valid by the document's schema; empty when there is none."""
        self.base_url = base_url
        """Scheme and host by which the client reached us."""
        self.client = client
        """Address of the client."""
        self.throttle = LoginThrottle() if throttle is None else throttle
        """Who has failed to log in how often."""
        self.permissions = permissions_of(world, actor) if actor else frozenset()
        self._price = price
        self.rows: Rows | None = None
        """Where records are kept as they were rendered for this and other answers; None: nowhere."""
        self.fresh_until: Micros | None = None
        """When this answer changes by itself; None: never. 0: it is not to be kept at all."""

    @property
    def now(self) -> Micros:
        """The moment of the request."""
        return self.world.now

    @property
    def actor(self) -> User:
        """Whose access token the request carries.

        Raises:
            Unauthenticated: a public operation, and the request carries none.
        """
        if self._actor is None:
            raise Unauthenticated
        return self._actor

    @property
    def actor_id(self) -> int | None:
        """Id of the actor; None when the request carries no access token."""
        return None if self._actor is None else self._actor.id

    @property
    def filters(self) -> dict[str, Any]:
        """The document's `filter[...]` parameters by name, apart from the search."""
        return {
            name[7:-1]: value
            for name, value in self.query.items()
            if name.startswith("filter[") and name != "filter[search]"
        }

    @property
    def search(self) -> str:
        """The text to search for; empty for none."""
        text: str = self.query.get("filter[search]", "")
        return text

    def may(self, permission: Permission) -> bool:
        """Tell whether the actor's roles permit something."""
        return permission in self.permissions

    def require(self, permission: Permission) -> None:
        """Raise Forbidden unless the actor's roles permit something."""
        if permission not in self.permissions:
            raise Forbidden

    def set_price(self, price: Callable[[int], Pricing | None]) -> None:
        """Say who knows the prices. For the dispatcher."""
        self._price = price

    def price(self, billing_user_id: int | None) -> Pricing | None:
        """Return what the billing endpoint says of a customer; None when there is no price to show."""
        if billing_user_id is None or self._price is None:
            return None
        return self._price(billing_user_id)

    def expires(self, at: Micros) -> None:
        """Say that this answer changes by itself at a moment."""
        self.fresh_until = at if self.fresh_until is None else min(self.fresh_until, at)

    @property
    def holds_until(self) -> Micros:
        """The moment until which this answer holds, as far as is known; 0: it is not to be kept."""
        return NEVER if self.fresh_until is None else self.fresh_until

    def uncached(self) -> None:
        """Say that this answer changes with every moment."""
        self.fresh_until = 0


@dataclass(frozen=True, slots=True)
class Reply:
    """Status, and how to render the body once the transaction is over; None is no body."""

    status: int
    render: Callable[[], Any] | None = None
    headers: tuple[tuple[bytes, bytes], ...] = ()


View = Callable[[Call, T], Any]

Rows = VersionedCache[tuple[Any, int, int | None, str], msgspec.Raw]
"""Rendered records by view, id, who looks, and base URL: beside the state a view depends on nothing else."""


def row(call: Call, view: View[T], record: T, render: View[T] | None = None) -> Any:
    """Render a record, or take what `view` has rendered of it at this state.

    `render`: how to do what `view` does with what is known of other rows of the answer.
    """
    make = view if render is None else render
    if call.rows is None:
        return make(call, record)
    key = (view, record.id, call.actor_id, call.base_url)
    kept = call.rows.get(key)
    if kept is not None:
        shown, until = kept
    else:
        before, call.fresh_until = call.fresh_until, None
        text = msgspec.json.encode(make(call, record))
        shown = msgspec.Raw(text)
        until = call.holds_until
        call.fresh_until = before
        if until:
            call.rows.set(key, shown, until, OVERHEAD + len(text))
    if until != NEVER:
        call.expires(until)
    return shown


def shown(call: Call, view: View[T], record: T, status: int = 200) -> Reply:
    """Return a record in the envelope that clients expect: `{"data": ...}`."""
    return Reply(status, lambda: {"data": row(call, view, record)})


def nothing() -> Reply:
    """Return 204: done, and nothing to say."""
    return Reply(204)


def listed_plain(call: Call, view: View[T], records: Iterable[T]) -> Reply:
    """Return a list without pages: `{"data": [...]}`."""
    kept = list(records)
    return Reply(200, lambda: {"data": [row(call, view, record) for record in kept]})


def listed(call: Call, kind: Kind[T], view: View[T], where: Mapping[str, Any] | None = None) -> Reply:
    """Return a page of a list, with `links` and `meta` (facts, section 2).

    The page is read when it is rendered. Conditions: see `domain.world.Table`.
    """

    def render() -> Any:
        number, per_page = requested_page(call)
        page = call.world[kind].page(number, per_page, where or {}, call.search)
        return paged(call, [row(call, view, record) for record in page.items], page.total)

    return Reply(200, render)


def listed_from(call: Call, view: Callable[[Call, Any], Any], items: list[Any]) -> Reply:
    """Return a page of a list that is at hand as a whole."""

    def render() -> Any:
        number, per_page = requested_page(call)
        chosen = items[(number - 1) * per_page : number * per_page]
        return paged(call, [view(call, item) for item in chosen], len(items))

    return Reply(200, render)


def requested_page(call: Call, most: int = MOST_PER_PAGE) -> tuple[int, int]:
    """Return the number of the requested page and its size in rows."""
    return call.query["page"], min(call.query["per_page"], most)


def paged(call: Call, rows: list[Any], total: int, most: int = MOST_PER_PAGE) -> dict[str, Any]:
    """Return the envelope of a page.

    An empty list has page 1 of 1: with 0 the Go SDK would never end (facts, 0.11). Links keep the filters.
    """
    number, per_page = requested_page(call, most)
    last = max(1, -(-total // per_page))
    path = f"{call.base_url}{call.raw_path}"
    filters = urlencode([(name, value) for name, value in call.raw_query.items() if name != "page"])
    start = f"{path}?{filters}&page=" if filters else f"{path}?page="

    def link(page: int) -> str:
        return f"{start}{page}"

    first_row = (number - 1) * per_page + 1
    return {
        "data": rows,
        "links": {
            "first": link(1),
            "last": link(last),
            "prev": link(min(number - 1, last)) if number > 1 else None,
            "next": link(number + 1) if number < last else None,
        },
        "meta": {
            "current_page": number,
            "from": first_row if rows else None,
            "last_page": last,
            "path": path,
            "per_page": per_page,
            "to": first_row + len(rows) - 1 if rows else None,
            "total": total,
        },
    }


# The table of operations

Handler = Callable[[Call], Reply]


@dataclass(frozen=True, slots=True)
class Operation:
    """How an operation of the document is answered."""

    id: str
    handler: Handler
    permission: Permission | None
    public: bool


OPERATIONS: dict[str, Operation] = {}
"""All handlers by operationId, complete once `api.handlers` is imported."""


def operation(
    operation_id: str, *, permission: Permission | None = None, public: bool = False
) -> Callable[[Handler], Handler]:
    """Register the handler of an operation.

    `permission` is required of the actor; without one, anybody with an access token may call. `public`: no
    access token is needed.
    """

    def register(handler: Handler) -> Handler:
        if operation_id in OPERATIONS:
            raise ValueError(f"two handlers of {operation_id}")
        OPERATIONS[operation_id] = Operation(operation_id, handler, permission, public)
        return handler

    return register
