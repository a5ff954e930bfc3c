"""Rules about how a client finds the user of a customer."""

from collections import deque
from collections.abc import Hashable, Iterator
from typing import Final

import msgspec

from solusio_contracts.users.conduct.exchange import NO_RESPONSE, ClientExchange, ShownUser
from solusio_contracts.users.conduct.rule import Problem, Recent, conduct_rule

RESPONSES: Final = 32
"""How many responses with users are kept unread."""
LARGEST: Final = 64 * 1024
"""Bytes of a response that is remembered."""
REMEMBERED: Final = 256
"""How many users, customers and callers each rule remembers."""
UNDECIDED: Final = frozenset({500, 502, 504})
"""Responses after which the user may exist or not."""
WALK: Final = 3
"""From how many pages on, a walk through all users is long."""

ACTIONS: Final = frozenset({"replaceUser", "updateUser", "deleteUser", "createUserToken"})
"""Operations on one user."""
ABOUT_USERS: Final = ACTIONS | {"listUsers", "getUser", "createUser"}


@conduct_rule("CL-021", applies=lambda operation: operation.id == "createUser")
def created_with_billing_user_id(exchange: ClientExchange) -> Problem | None:
    """If the second request fails, the user is nobody's."""
    if not exchange.accepted or exchange.fields.get("billing_user_id"):
        return None
    return Problem("the new user has no billing_user_id")


class SeenUser(msgspec.Struct, frozen=True):
    """A user as a client last saw them, and where."""

    number: int
    """Of the exchange."""
    search: str
    """The text that the client searched for; empty if it did not search."""
    user: ShownUser


class SeenUsers:
    """The users in the latest responses. These are parsed only when somebody asks for a user."""

    def __init__(self) -> None:
        self._unread: deque[ClientExchange] = deque(maxlen=RESPONSES)
        self._users: Recent[Hashable, SeenUser] = Recent(REMEMBERED)

    def see(self, exchange: ClientExchange) -> None:
        """Remember a response with users."""
        if exchange.accepted and 0 < len(exchange.response_body) <= LARGEST:
            self._unread.append(exchange)

    def find(self, exchange: ClientExchange) -> SeenUser | None:
        """Return the user that a request is for, as its caller last saw them."""
        while self._unread:
            seen = self._unread.popleft()
            search = seen.filters.get("filter[search]", "")
            for user in seen.users:
                self._users.put((seen.caller, user.id), SeenUser(seen.number, search, user))
        return self._users.get((exchange.caller, exchange.user_id))


@conduct_rule("CL-022", applies=lambda operation: operation.id in ABOUT_USERS)
class FoundByMail:
    """Two people may have one address, and one may contain the other."""

    def __init__(self) -> None:
        self._users = SeenUsers()
        self._has_searched = False
        """Whether a client has searched. Before, it does not matter who is seen."""

    def __call__(self, exchange: ClientExchange) -> Problem | None:
        """Compare the user who is acted on with the one that was searched for."""
        if not self._has_searched:
            if not exchange.filters.get("filter[search]"):
                return None
            self._has_searched = True
        problem = None
        if exchange.operation in ACTIONS and exchange.accepted:
            seen = self._users.find(exchange)
            problem = None if seen is None else _mistake(exchange, seen)
        if exchange.operation not in ("createUserToken", "deleteUser"):
            self._users.see(exchange)
        return problem


def _mistake(exchange: ClientExchange, seen: SeenUser) -> Problem | None:
    owner, wanted = seen.user.billing_user_id, exchange.fields.get("billing_user_id")
    mail = str(seen.user.email)
    if seen.search.isdigit() and str(owner) != seen.search:
        text = f"a search for {seen.search} found {mail}, who is not customer {seen.search}"
        return Problem(text, (seen.number,))
    if "@" not in seen.search:
        return None
    if owner is None:
        text = f"the user {mail}, found by their email address, belongs to no customer"
    elif wanted and str(wanted) != str(owner):
        text = f"the user {mail}, found by their email address, belongs to customer {owner}, not {wanted}"
    elif mail.casefold() != seen.search.casefold():
        text = f"a search for {seen.search} found {mail}, who is another user"
    else:
        return None
    return Problem(text, (seen.number,))


@conduct_rule("CL-023", applies=lambda operation: operation.id in ("createUser", "listUsers"))
class CreatedBlindly:
    """The first request may have made the user."""

    def __init__(self) -> None:
        self._open: Recent[str, tuple[int, str]] = Recent(REMEMBERED)

    def __call__(self, exchange: ClientExchange) -> Problem | None:
        """Remember creations of which nobody knows the result, until somebody looks."""
        if exchange.operation == "listUsers":
            if self._open and exchange.status == 200:
                self._look(exchange)
            return None
        key = exchange.customer
        before = self._open.pop(key, None)
        if exchange.is_lost:
            self._open.put(key, (exchange.number, "got no response"))
        elif exchange.status in UNDECIDED:
            self._open.put(key, (exchange.number, f"got {exchange.status}"))
        elif exchange.is_unreadable:
            self._open.put(key, (exchange.number, "got a response that is not JSON"))
        if before is None:
            return None
        number, what = before
        return Problem(
            f"the user was created again after a request that {what}, without a look whether they exist",
            (number,),
        )

    def _look(self, exchange: ClientExchange) -> None:
        searched = {value.casefold() for value in exchange.filters.values()}
        for key in tuple(self._open):
            if not searched or key in searched or any("@" in value for value in searched):
                del self._open[key]


class _Walk(msgspec.Struct):
    numbers: list[int]
    pages: int = 1
    customers: set[str] = msgspec.field(default_factory=set)

    @property
    def problem(self) -> Problem | None:
        if self.pages < WALK or len(self.customers) != 1:
            return None
        text = f"{self.pages} pages of users were read for one customer"
        return Problem(text, tuple(self.numbers), "listUsers", is_past=True)


@conduct_rule(
    "CL-024", applies=lambda operation: operation.id in ACTIONS or operation.id in ("createUser", "listUsers")
)
class AllForOne:
    """With every new customer, each request for one of them takes longer."""

    def __init__(self) -> None:
        self._walks: Recent[tuple[str, bytes], _Walk] = Recent(REMEMBERED)

    def __call__(self, exchange: ClientExchange) -> Problem | None:
        """Count the pages of users that were read, and the customers that it was for."""
        walk = self._walks.get(exchange.caller)
        if exchange.operation != "listUsers":
            if walk is not None:
                if not walk.customers:
                    walk.numbers.append(exchange.number)
                walk.customers.add(exchange.customer or str(exchange.user_id))
            return None
        if exchange.filters or exchange.status in (NO_RESPONSE, 429):
            return None
        if exchange.page > 1:
            if walk is not None:
                walk.pages += 1
                walk.numbers[1:] = [exchange.number]
            return None
        self._walks.put(exchange.caller, _Walk([exchange.number]))
        return None if walk is None else walk.problem

    def unfinished(self) -> Iterator[Problem]:
        """Yield the latest walks that were for one customer."""
        yield from [problem for walk in self._walks.values() if (problem := walk.problem) is not None]
