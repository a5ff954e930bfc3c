"""From an API request to its response: find the operation, authenticate, validate, call, render.

Reads are rendered once per state: an answer is kept until anything changes, or until the moment it said it
expires at. So a repeated read costs a look into a dict, and another page or filter shows records that were
rendered before.
"""

import functools
from collections.abc import Mapping, Sequence
from contextlib import suppress
from typing import Any, Protocol, cast
from urllib.parse import parse_qsl

import jsonschema_rs
import msgspec

from mock_solusio.api.cache import OVERHEAD, Kept
from mock_solusio.api.call import OPERATIONS, Call, Operation, Reply, Rows
from mock_solusio.api.routes import PREFIX, Route, routes
from mock_solusio.api.validation import called, check, parameter, validator
from mock_solusio.domain import access_tokens
from mock_solusio.domain.errors import BadRequest, DomainError, Forbidden, Invalid, TooMany, Unauthenticated
from mock_solusio.domain.login import LoginThrottle
from mock_solusio.domain.prices import Pricing
from mock_solusio.domain.records.credentials import ACCESS_TOKENS, AccessToken
from mock_solusio.domain.records.user import USERS, User
from mock_solusio.moment import Micros
from mock_solusio.server.messages import Headers, Request, Response, json_response
from mock_solusio.store.store import Store
from solusio_contracts.contract import documents

KEPT = 32 * 1_048_576
"""Bytes of rendered answers that are kept, and as many of rendered records."""

ACTORS = 1000
"""How many access tokens are remembered with their users."""

BODY_LIMIT = 1_048_576
"""Bytes a request body may have (assumed; nothing that clients send comes near)."""


class Prices(Protocol):
    """What the dispatcher needs of the one who asks the billing endpoint."""

    def known(self, billing_user_id: int) -> tuple[Pricing | None, Micros] | None:
        """Return what was said of a customer and until when it holds; None if he must be asked for."""

    async def ask(self, billing_user_ids: Sequence[int]) -> dict[int, Pricing | None]:
        """Ask for customers and return what was said of each; never raises."""


class Api:
    """Answers requests below `/api/v1`.

    `strict`: every exchange is held to the document, and an answer of ours that differs becomes a 500 that
    says so.
    """

    def __init__(
        self, store: Store, prices: Prices, *, throttle: LoginThrottle | None = None, strict: bool = False
    ) -> None:
        # Imported for its effect: it fills the table of operations.
        from mock_solusio.api.handlers import registry  # noqa: F401

        self._store = store
        self._prices = prices
        self._throttle = LoginThrottle() if throttle is None else throttle
        self._strict = strict
        self._routes = routes()
        self._responses: Kept[_Key, Response] = Kept(store, KEPT)
        self._rows: Rows = Kept(store, KEPT)
        self._actors: dict[bytes | None, tuple[AccessToken, User]] = {}

    def kept(self, request: Request) -> Response | None:
        """Return the response to a read that was rendered before and still holds, or None."""
        found = self._responses.get(_key(request))
        return None if found is None else found[0]

    async def answer(self, request: Request) -> Response:
        """Answer a request, whatever it is."""
        path = request.path.removeprefix(PREFIX)
        method = "GET" if request.method == "HEAD" else request.method
        route, values, methods = self._routes.find(method, path)
        if route is None:
            return self._nowhere(request, path, methods)
        operation = OPERATIONS[route.id]
        try:
            call = self._call(request, route, operation, values)
            with self._store.transaction():
                reply = operation.handler(call)
            response = await self._render(request, route, call, reply)
        except DomainError as error:
            return refusal(error, operation=route.id)
        if self._strict:
            problem = nonconformity(route.id, response)
            if problem:
                return json_response(500, {"message": problem}, operation=route.id, notes=[problem])
        return response

    def _nowhere(self, request: Request, path: str, methods: Sequence[str]) -> Response:
        # A real installation answers an HTML page here; naming what is missing helps more.
        if methods:
            allowed = ", ".join(sorted(methods))
            message = f"The {request.method} method is not supported for this route. Supported: {allowed}."
            return json_response(405, {"message": message}, [(b"allow", allowed.encode())])
        near = self._routes.nearest(request.method, path)
        hint = f" Near to it: {'; '.join(near)}." if near else ""
        message = f"There is no operation {request.method} {PREFIX}{path} here.{hint}"
        return json_response(404, {"message": message}, notes=[message])

    def _call(self, request: Request, route: Route, operation: Operation, values: dict[str, Any]) -> Call:
        actor = access_token = None
        if not operation.public:
            access_token, actor = self._authenticated(request)
        call = Call(
            self._store,
            actor=actor,
            access_token=access_token,
            path=values,
            raw_path=request.path,
            base_url=request.base_url,
            client=request.client,
            throttle=self._throttle,
        )
        if operation.permission is not None:
            call.require(operation.permission)
        if request.method == "GET":
            call.rows = self._rows
        call.query = query_of(route, request.query)
        if route.takes_body:
            call.body = body_of(route, request.body)
        return call

    def _authenticated(self, request: Request) -> tuple[AccessToken, User]:
        header = request.header(b"authorization")
        known = self._actors.get(header)
        if known is not None and self._still(*known):
            return known
        with self._store.transaction() as world:
            # A transaction of its own: a one-time access token is used up even if the call then fails.
            token, user = access_tokens.authenticate(world, bearer(request))
        if not token.one_time:
            if len(self._actors) >= ACTORS:
                self._actors.clear()
            self._actors[header] = (token, user)
        return token, user

    def _still(self, token: AccessToken, user: User) -> bool:
        # Records never change: while the store has these very ones, all is as it was.
        store = self._store
        return (
            store[ACCESS_TOKENS].get(token.id) is token
            and store[USERS].get(user.id) is user
            and token.holds(store.now)
        )

    async def _render(self, request: Request, route: Route, call: Call, reply: Reply) -> Response:
        if reply.render is None:
            return Response(reply.status, list(reply.headers), b"", route.id)
        wanted: set[int] = set()
        asked: dict[int, Pricing | None] = {}

        def price(billing_user_id: int) -> Pricing | None:
            known = self._prices.known(billing_user_id)
            if known is not None:
                call.expires(known[1])
                return known[0]
            if billing_user_id not in asked:
                wanted.add(billing_user_id)
            call.uncached()
            return asked.get(billing_user_id)

        call.set_price(price)
        version = self._store.version
        with self._store.transaction():
            value = reply.render()
        if wanted:
            asked = await self._prices.ask(sorted(wanted))
            # What the handler has read, the right to read it included, may have changed while we asked: this
            # answer is for this request alone.
            call.uncached()
            call.rows = None
            # What was done is done: if somebody deleted it while we asked, it is shown without prices.
            with suppress(DomainError), self._store.transaction():
                value = reply.render()
        response = json_response(reply.status, value, reply.headers, operation=route.id)
        if request.method == "GET" and reply.status == 200:
            self._keep(request, call, version, response)
        return response

    def _keep(self, request: Request, call: Call, version: int, response: Response) -> None:
        token = call.access_token
        if call.fresh_until == 0 or version != self._store.version or (token is not None and token.one_time):
            return
        until = call.holds_until
        if token is not None and token.expires_at is not None:
            until = min(until, token.expires_at)
        self._responses.put(_key(request), response, until, OVERHEAD + len(response.body))


_Key = tuple[str, bytes, bytes | None, bytes | None, str]


def _key(request: Request) -> _Key:
    # The method is not in it: only answers to GET are kept, and only GETs are looked up.
    authorization = host = None
    for name, value in request.headers:
        # Of a header that came twice the first counts, as everywhere else.
        if name == b"authorization":
            authorization = value if authorization is None else authorization
        elif name == b"host":
            host = value if host is None else host
    return (request.path, request.query, authorization, host, request.scheme)


def bearer(request: Request) -> str:
    """Return the access token of a request; the scheme may be in any case (facts, section 1).

    Raises:
        Unauthenticated: there is none.
    """
    header = request.header(b"authorization") or b""
    scheme, _, secret = header.decode("latin-1").strip().partition(" ")
    if scheme.lower() != "bearer" or not secret.strip():
        raise Unauthenticated
    return secret.strip()


def query_of(route: Route, query: bytes) -> dict[str, str]:
    """Return the parameters of a query, those of the document held to their types; empty ones are absent.

    Raises:
        Invalid: a parameter is of another type, out of bounds, or missing.
    """
    if not query and not route.query:
        return {}
    encoded = query.decode("latin-1")
    if "%" in encoded or "+" in encoded:
        pairs = parse_qsl(encoded, keep_blank_values=True, errors="replace")
    else:
        # The same, where nothing needs decoding.
        parts = [part.partition("=") for part in encoded.split("&")]
        pairs = [(name, value) for name, _, value in parts]
    values = {name: value for name, value in pairs if value}
    errors: dict[str, list[str]] = {}
    for known in route.query:
        text = values.get(known.name)
        if text is None:
            if known.required:
                errors[known.name] = [f"The {called(known.name)} field is required."]
            continue
        try:
            parameter(known.schema, text)
        except ValueError as error:
            errors[known.name] = [f"The {called(known.name)} {error}"]
    if errors:
        raise Invalid(errors)
    return values


def body_of(route: Route, raw: bytes) -> dict[str, Any]:
    """Return the JSON object of a body, held to the document; no body, `null` and `[]` are an empty object.

    PHP clients write an empty object as `[]` (facts, 0.10).

    Raises:
        BadRequest: it is not JSON, or not an object.
        Invalid: it is not as the document says.
    """
    if len(raw) > BODY_LIMIT:
        raise BadRequest(f"The body has more than {BODY_LIMIT} bytes.")
    body: Any = {}
    if raw.strip():
        try:
            body = msgspec.json.decode(raw)
        except (msgspec.DecodeError, UnicodeDecodeError, RecursionError) as error:
            raise BadRequest(f"The body is not JSON: {error}.") from error
    if body is None or body == []:
        body = {}
    if not isinstance(body, dict):
        raise BadRequest("The body must be a JSON object.")
    if b"." in raw or b"e" in raw or b"E" in raw:
        body = _whole(body)
    check(_request_validator(route.id), body)
    return cast(dict[str, Any], body)


def _whole(value: Any) -> Any:
    # 7.0 is an integer in JSON, and to the schema; the domain wants it as one.
    if isinstance(value, float) and value.is_integer():
        return int(value)
    if isinstance(value, dict):
        return {key: _whole(one) for key, one in value.items()}
    if isinstance(value, list):
        return [_whole(one) for one in value]
    return value


@functools.cache
def _request_validator(operation_id: str) -> jsonschema_rs.Draft202012Validator:
    return validator(documents.request_schema(operation_id, documents.JSON))


@functools.cache
def _response_validator(operation_id: str, status: int) -> jsonschema_rs.Draft202012Validator:
    return validator(documents.response_schema(operation_id, status))


def nonconformity(operation_id: str, response: Response) -> str | None:
    """Return in what a response differs from the document, or None."""
    try:
        schema = _response_validator(operation_id, response.status)
    except documents.DocumentError as error:
        return f"The answer is not documented: {error}"
    if not response.body:
        return None
    for wrong in schema.iter_errors(msgspec.json.decode(response.body)):
        place = "/".join(map(str, wrong.instance_path))
        return f"The answer of {operation_id} differs from the document at /{place}: {wrong.message}"
    return None


def refusal(error: DomainError, *, operation: str = "") -> Response:
    """Return what the API answers to an error: `message`, and `errors` where fields are at fault."""
    value: dict[str, Any] = {"message": error.message}
    if error.errors is not None:
        value["errors"] = error.errors
    headers: Headers = ()
    if isinstance(error, TooMany):
        headers = [(b"retry-after", str(error.seconds).encode())]
    notes = [error.message] if isinstance(error, Forbidden | Unauthenticated) else []
    return json_response(error.status, value, headers, operation=operation, notes=notes)


def registered() -> Mapping[str, Operation]:
    """Return all operations that have a handler."""
    from mock_solusio.api.handlers import registry  # noqa: F401

    return OPERATIONS
