"""What a handler gets and returns: a `Call` and a `Reply`."""

from collections.abc import Callable, Iterator
from typing import Any, TypeVar

import msgspec

from mock_solusio.api.cache import NEVER
from mock_solusio.api.rendered_records import RenderedRecords
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


class Call(msgspec.Struct, eq=False):
    """One API request while it is being answered."""

    world: World
    user: User | None = None
    """Whose access token the request carries; None: it carries none."""
    access_token: AccessToken | None = None
    path: dict[str, Any] = {}
    """Path parameters by their names in the document; integers are integers."""
    raw_path: str = ""
    """The path as it was requested, such as `/api/v1/users`."""
    query: dict[str, Any] = {}
    """The document's query parameters: typed, and with their defaults."""
    raw_query: dict[str, str] = {}
    """Every query parameter as it was sent, for links; empty ones are left out."""
    body: dict[str, Any] = {}
    """The JSON object of the request, valid by the document; empty if there is none."""
    base_url: str = ""
    """Scheme and host by which the client reached the mock."""
    client: str = ""
    """Address of the client."""
    throttle: LoginThrottle = msgspec.field(default_factory=LoginThrottle)
    """Counts failed logins."""
    rendered: RenderedRecords | None = None
    """Records that were rendered for earlier responses; None: render each record again, since a change is
    being made."""
    shown: list[tuple[Any, Record]] | None = None
    """The records, with their views, that the record shows which is being rendered; None: none is."""
    prices: Callable[[int], Pricing | None] | None = None
    """Returns the price of a customer of the billing system; None: there are no prices."""
    expires_at: Micros = NEVER
    """When the response becomes stale without a change of the state; 0: it must not be cached."""
    permissions: frozenset[str] = frozenset()
    """What the user's roles permit."""

    def __post_init__(self) -> None:
        if self.user is not None:
            self.permissions = permissions_of(self.world, self.user)

    @property
    def now(self) -> Micros:
        """The moment of the request."""
        return self.world.now

    @property
    def actor(self) -> User:
        """The user whose access token the request carries.

        Raises:
            Unauthenticated: the operation is public and the request carries none.
        """
        if self.user is None:
            raise Unauthenticated
        return self.user

    @property
    def actor_id(self) -> int | None:
        """Id of the actor; None if the request carries no access token."""
        return None if self.user is None else self.user.id

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
        """Whether the actor's roles permit something."""
        return permission in self.permissions

    def require(self, permission: Permission) -> None:
        """Raise Forbidden unless the actor's roles permit something."""
        if permission not in self.permissions:
            raise Forbidden

    def record(self, kind: Kind[T]) -> T:
        """Return the record that the path names: for `PLANS`, the one with the id `plan_id`.

        Raises:
            NotFound: there is no such record.
        """
        return self.world[kind].get_or_404(self.path[f"{kind.name.removesuffix('s')}_id"])

    def price(self, billing_user_id: int | None) -> Pricing | None:
        """Return the billing endpoint's price for a customer; None if there is no price to show."""
        if billing_user_id is None or self.prices is None:
            return None
        return self.prices(billing_user_id)

    def expires(self, at: Micros) -> None:
        """Declare that the response becomes stale at a moment."""
        self.expires_at = min(self.expires_at, at)

    def uncached(self) -> None:
        """Declare that the response must not be cached: it changes with every moment."""
        self.expires_at = 0


class Reply(msgspec.Struct, frozen=True, eq=False):
    """The result of a handler. The body is rendered after the handler's transaction; None: no body.

    It may be rendered twice: again once prices have arrived from the billing endpoint.
    """

    status: int
    render: Callable[[], Any] | None = None
    preparation: Iterator[None] | None = None
    """What must be done before it can be rendered: short steps, each within a transaction."""


View = Callable[[Call, T], Any]
"""Returns what the API shows of a record."""
