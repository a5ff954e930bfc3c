"""From an API request to its response: find the operation, authenticate, validate, handle, render.

The response to a read that comes a second time is cached while nothing changes that it was derived from, and
until a moment that the view names. So a repeated read costs one dict lookup, and other pages and filters
reuse rendered records.
"""

import asyncio
import time
from collections.abc import Sequence
from contextlib import suppress
from typing import Any, Protocol

from mock_solusio.api.cache import OVERHEAD, Derived, DerivedCache
from mock_solusio.api.call import Call, Reply
from mock_solusio.api.handlers.registry import HANDLERS
from mock_solusio.api.operations import Handler
from mock_solusio.api.rendered_records import RenderedRecords
from mock_solusio.api.routes import PREFIX, Match, routes
from mock_solusio.api.validation import UnreadBody, read_body, read_query, response_problem
from mock_solusio.domain import access_tokens, allowed_ips
from mock_solusio.domain.errors import DomainError, Forbidden, TooMany, Unauthenticated
from mock_solusio.domain.login import LoginThrottle
from mock_solusio.domain.prices import Pricing
from mock_solusio.domain.records.credentials import ACCESS_TOKENS, AccessToken
from mock_solusio.domain.records.user import USERS, User
from mock_solusio.moment import Micros
from mock_solusio.server.messages import Headers, Request, Response, json_response
from mock_solusio.store.reads import Reads
from mock_solusio.store.store import Store
from solusio_contracts.contract.overlay import NO_OVERLAY, Overlay
from solusio_contracts.contract.signatures import Signature

RESPONSES_LIMIT = 4 * 1_048_576
"""Largest size of the cached responses in bytes."""

RECORDS_LIMIT = 16 * 1_048_576
"""Largest size of the cached records in bytes: some 8,000 users, or 1,800 servers."""

REMEMBERED_READS = 10_000
"""How many reads are remembered, to know which come again."""

SLICE = 0.02
"""Seconds for which a request is prepared before others have a turn."""

REMEMBERED_TOKENS = 1000
"""How many access tokens are remembered with their users."""


class Prices(Protocol):
    """The prices that the billing endpoint gives to customers."""

    def known(self, billing_user_id: int) -> tuple[Pricing | None, Micros] | None:
        """Return a known price and its expiry; None if the billing endpoint must be asked."""

    async def ask(self, billing_user_ids: Sequence[int]) -> dict[int, Pricing | None]:
        """Ask the billing endpoint for the prices of customers; never raises."""


class Api:
    """Answers requests below `/api/v1`.

    `strict`: a response that differs from the document, with its `overlay`, becomes a 500 that names the
    difference.
    """

    def __init__(
        self,
        store: Store,
        prices: Prices,
        *,
        throttle: LoginThrottle | None = None,
        strict: bool = False,
        overlay: Overlay = NO_OVERLAY,
    ) -> None:
        self._store = store
        self._prices = prices
        self._throttle = LoginThrottle() if throttle is None else throttle
        self._strict = strict
        self._overlay = overlay
        self._routes = routes()
        self._responses: DerivedCache[_Key, Response] = DerivedCache(store, RESPONSES_LIMIT)
        self._rendered = RenderedRecords(store, RECORDS_LIMIT)
        self._asked: set[int] = set()
        """Hashes of the reads that came lately."""
        self._actors: dict[bytes | None, tuple[AccessToken, User]] = {}

    def cached(self, request: Request) -> Response | None:
        """Return the cached response to a request; None if there is none."""
        if request.method != "GET":
            return None
        found = self._responses.get(_key(request))
        return None if found is None else found.value

    def match(self, request: Request) -> Match:
        """Return the operation that a request names."""
        method = "GET" if request.method == "HEAD" else request.method
        return self._routes.find(method, request.path.removeprefix(PREFIX))

    def has_access_token(self, request: Request) -> bool:
        """Return whether a request has a valid access token; a one-time token is not used up."""
        try:
            secret = bearer(request)
        except Unauthenticated:
            return False
        with self._store.transaction() as world:
            return access_tokens.find(world, secret) is not None

    async def answer(self, request: Request, match: Match | None = None) -> Response:
        """Answer any request; errors become responses. `match`: its operation, if it is already known."""
        route, values, methods = self.match(request) if match is None else match
        if route is None:
            return _not_found(request, methods)
        try:
            draft = self._drafted(request, route, values)
            while not draft.rendered:
                await asyncio.sleep(0)
                with self._store.transaction():
                    draft.render()
            if draft.wanted:
                await self._ask_prices(draft)
        except DomainError as error:
            return refusal(error, operation=route.id)
        response = draft.response(route.id)
        if request.method == "GET" and response.status == 200:
            self._keep(request, draft, response)
        if self._strict:
            problem = response_problem(route.id, response, self._overlay)
            if problem:
                return json_response(500, {"message": problem}, operation=route.id, notes=[problem])
        return response

    def _call(self, request: Request, route: Signature, handler: Handler, values: dict[str, Any]) -> Call:
        user = access_token = None
        if not handler.public:
            access_token, user = self._authenticated(request)
        call = Call(
            self._store,
            user=user,
            access_token=access_token,
            path=values,
            raw_path=request.path,
            base_url=request.base_url,
            client=request.client,
            throttle=self._throttle,
        )
        if handler.permission is not None:
            call.require(handler.permission)
        if request.method == "GET":
            call.rendered = self._rendered
        call.query, call.raw_query = read_query(route, request.query)
        if route.takes_body:
            content_type = request.header(b"content-type")
            call.body = read_body(
                route.id, request.body, None if content_type is None else content_type.decode("latin-1")
            )
        return call

    def _authenticated(self, request: Request) -> tuple[AccessToken, User]:
        header = request.header(b"authorization")
        known = self._actors.get(header)
        if known is not None and self._is_current(*known):
            allowed_ips.check(known[1], request.client)
            return known
        with self._store.transaction() as world:
            # Its own transaction: a one-time access token is spent even if the call fails afterwards.
            token, user = access_tokens.authenticate(world, bearer(request), request.client)
        if not token.one_time:
            if len(self._actors) >= REMEMBERED_TOKENS:
                self._actors.clear()
            self._actors[header] = (token, user)
        return token, user

    def _is_current(self, token: AccessToken, user: User) -> bool:
        # Records are immutable: while the store holds these very objects, nothing has changed.
        store = self._store
        return (
            store[ACCESS_TOKENS].get(token.id) is token
            and store[USERS].get(user.id) is user
            and (token.expires_at is None or token.is_valid(store.now))
        )

    def _drafted(self, request: Request, route: Signature, values: dict[str, Any]) -> "_Draft":
        """Handle a request, and render the reply with the prices that are known."""
        store = self._store
        version = store.version
        reads: Reads | None = [] if request.method == "GET" and self._is_repeated(request) else None
        store.reads = reads
        try:
            call = self._call(request, route, HANDLERS[route.id], values)
            draft = _Draft(call, self._prices)
            with store.transaction():
                draft.reply = HANDLERS[route.id].handle(call)
                if request.method == "GET":
                    draft.render()
            if request.method != "GET":
                # Only now: what is rendered before a change is committed may be rolled back.
                call.rendered = self._rendered
                with store.transaction():
                    draft.render()
        finally:
            store.reads = None
        if reads is not None and draft.rendered and version == store.version:
            draft.reads = reads
        return draft

    def _is_repeated(self, request: Request) -> bool:
        """Return whether a read came before. To keep what is read once costs time and memory for nothing."""
        key = hash(_key(request))
        if key in self._asked:
            return True
        if len(self._asked) >= REMEMBERED_READS:
            self._asked.clear()
        self._asked.add(key)
        return False

    async def _ask_prices(self, draft: "_Draft") -> None:
        draft.prices = await self._prices.ask(sorted(draft.wanted))
        # What the handler read, permissions included, may have changed in the meantime: this response is for
        # this request alone.
        draft.reads = None
        draft.call.rendered = RenderedRecords(self._store, RECORDS_LIMIT)
        # The change was made: if the record was deleted in the meantime, show it without prices.
        with suppress(DomainError), self._store.transaction():
            draft.render()

    def _keep(self, request: Request, draft: "_Draft", response: Response) -> None:
        call = draft.call
        token, until = call.access_token, call.expires_at
        if draft.reads is None or until == 0 or (token is not None and token.one_time):
            return
        if call.user is not None and call.user.allowed_ips:
            return  # the next request may come from another address
        if token is not None and token.expires_at is not None:
            until = min(until, token.expires_at)
        entry = Derived(self._store, response, until, draft.reads)
        self._responses.keep(_key(request), entry, OVERHEAD + len(response.body))


class _Draft:
    """A response to be: what a handler replied, and how it is rendered."""

    __slots__ = ("_known", "_value", "call", "prices", "reads", "rendered", "reply", "wanted")

    reply: Reply
    """What the handler replied."""

    def __init__(self, call: Call, prices: Prices) -> None:
        self.call = call
        self.rendered = False
        """Whether it has been rendered; if not, its preparation is unfinished."""
        self.reads: Reads | None = None
        """What it was derived from; None: it is for this request alone."""
        self.wanted: set[int] = set()
        """Customers of the billing system whose prices have to be asked for."""
        self.prices: dict[int, Pricing | None] = {}
        """Prices that were asked for."""
        self._known = prices.known
        self._value: Any = None
        call.prices = self._price

    def render(self) -> None:
        """Prepare the reply for up to `SLICE`, and render it if that was enough."""
        until = time.perf_counter() + SLICE
        for _ in self.reply.preparation or ():
            if time.perf_counter() >= until:
                return
        if self.reply.render is not None:
            self._value = self.reply.render()
        self.rendered = True

    def response(self, operation: str) -> Response:
        """Return what was rendered last."""
        if self.reply.render is None:
            return Response(self.reply.status, (), b"", operation)
        return json_response(self.reply.status, self._value, operation=operation)

    def _price(self, billing_user_id: int) -> Pricing | None:
        known = self._known(billing_user_id)
        if known is not None:
            self.call.expires(known[1])
            return known[0]
        if billing_user_id not in self.prices:
            self.wanted.add(billing_user_id)
        self.call.uncached()
        return self.prices.get(billing_user_id)


_Key = tuple[str, bytes, bytes | None, bytes | None, str]


def _key(request: Request) -> _Key:
    # Without the method: only responses to GET are cached, and looked up.
    authorization = host = None
    for name, value in request.headers:
        # The first of several headers with one name counts, as everywhere else.
        if name == b"authorization":
            authorization = value if authorization is None else authorization
        elif name == b"host":
            host = value if host is None else host
    return (request.path, request.query, authorization, host, request.scheme)


def _not_found(request: Request, methods: Sequence[str]) -> Response:
    # A real installation answers with an HTML page; naming what is missing helps more.
    if methods:
        allowed = ", ".join(sorted(methods))
        message = f"The {request.method} method is not supported for this route. Supported: {allowed}."
        return json_response(405, {"message": message}, [(b"allow", allowed.encode())])
    path = request.path.removeprefix(PREFIX)
    near = routes().nearest(request.method, path)
    hint = f" Did you mean: {'; '.join(near)}?" if near else ""
    message = f"The API has no operation {request.method} {PREFIX}{path}.{hint}"
    return json_response(404, {"message": message}, notes=[message])


def bearer(request: Request) -> str:
    """Return the access token of a request; the scheme is case-insensitive (facts, section 1).

    Raises:
        Unauthenticated: the request has no access token.
    """
    header = request.header(b"authorization") or b""
    scheme, _, secret = header.decode("latin-1").strip().partition(" ")
    if scheme.lower() != "bearer" or not secret.strip():
        raise Unauthenticated
    return secret.strip()


def refusal(error: DomainError, *, operation: str = "") -> Response:
    """Return the response to an error: `message`, and `errors` if fields are at fault."""
    value: dict[str, Any] = {"message": error.message}
    if error.errors is not None:
        value["errors"] = error.errors
    headers: Headers = ()
    if isinstance(error, TooMany):
        headers = [(b"retry-after", str(error.seconds).encode())]
    notes = [error.message] if isinstance(error, Forbidden | Unauthenticated | UnreadBody) else []
    return json_response(error.status, value, headers, operation=operation, notes=notes)
