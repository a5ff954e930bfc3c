"""HTTP: the response comes from exactly that URL, complete, typed, in time, on any connection."""

from collections.abc import Iterator

from solusio_contracts.checking.cause import DOUBLE_GZIP
from solusio_contracts.checking.expectations import ENOUGH, same
from solusio_contracts.checking.pace import UndecidedError
from solusio_contracts.checking.price import difference, is_error, same_price
from solusio_contracts.checking.rule import Expect, SkipRule, rule
from solusio_contracts.checking.target import Target
from solusio_contracts.http.exchange import Exchange, FailureKind, Request
from solusio_contracts.http.refusal import refusal

LINGER = 0.05
"""Seconds to wait for bytes after the end of a response."""
PAUSE = 0.03
"""Seconds between the pieces of a request."""
TURNS = 5
"""Requests on one connection."""
SLOW = 1.0
"""Seconds after which a response is slow (TP-009)."""
COMPRESSION = (("Accept-Encoding", "gzip, deflate"),)


@rule("TP-001", "TP-002", title="a valid request returns status 200", needs_price=False)
def answered(target: Target) -> Iterator[Expect]:
    """Everything else depends on this request, sent just as SolusIO sends it."""
    for user, exchange in target.first_responses():
        redirected = exchange.status is not None and 300 <= exchange.status < 400
        where = exchange.header("location") or "nowhere"
        yield Expect.that(
            exchange.status == 200 and refusal(exchange) is None and not is_error(exchange),
            f"user {user}",
            "a response at exactly this URL" if redirected else "status 200 with a price",
            f"status {exchange.status}, a redirect to {where}" if redirected else exchange.summary,
            exchange,
            clause="TP-002" if redirected else "",
            hint="" if refusal(exchange) is not None else _refusal_hint(target, exchange),
        )


def _refusal_hint(target: Target, exchange: Exchange) -> str:
    """Return what may be wrong where the response names no reason itself."""
    if exchange.status in (401, 403):
        if target.token is None:
            return "If the endpoint requires an authorization token, set MOCK_SOLUSIO_TOKEN, or give --token."
        without = target.ask(target.parameters(leave_out="token"), "the same request without a token")
        if (without.status, without.content) == (exchange.status, exchange.content):
            return (
                "without a token the answer is the same, so the token is not what is refused: look for "
                "a list of allowed addresses, a login of the web server or a firewall"
            )
        return "the endpoint refuses the authorization token from MOCK_SOLUSIO_TOKEN or --token"
    if exchange.status in (404, 422):
        return "does this user exist in the billing system, and is the URL correct?"
    if exchange.status in (400, 405, 411, 415):
        return "read the form fields `action` and `userid` (and `token`) of a POST"
    return ""


def _answers(target: Target) -> list[tuple[int, Exchange]]:
    found = [(user, one) for user, one in target.first_responses() if one.status == 200]
    if not found:
        raise UndecidedError("no valid request returned status 200")
    return found


@rule("TP-003", "TP-004", title="the response is declared as JSON in UTF-8", needs_price=False)
def content_type(target: Target) -> Iterator[Expect]:
    """PHP sends text/html by default. This is the most common mistake of all."""
    for user, exchange in _answers(target):
        subject = f"user {user}"
        declared = exchange.header("content-type")
        kind, _, rest = (declared or "").partition(";")
        plain = kind.strip().lower()
        yield Expect.that(
            plain == "application/json" or (plain.startswith("application/") and plain.endswith("+json")),
            subject,
            "Content-Type: application/json",
            declared or "no Content-Type",
            exchange,
        )
        repeated = {value for name, value in exchange.headers if name.lower() == "content-type"}
        if len(repeated) > 1:
            yield Expect.that(False, subject, "one Content-Type", " and ".join(sorted(repeated)), exchange)
        charset = next(
            (
                value.strip().strip("\"'").lower()
                for name, _, value in (part.partition("=") for part in rest.split(";"))
                if name.strip().lower() == "charset"
            ),
            None,
        )
        if charset is not None:
            yield Expect.that(
                charset in ("utf-8", "utf8"),
                subject,
                "charset=utf-8, or none",
                declared or "",
                exchange,
                clause="TP-004",
            )


@rule("TP-005", title="the response is complete, and nothing follows it", needs_price=False, waits=True)
def complete_message(target: Target) -> Iterator[Expect]:
    """A length counted in characters instead of bytes works until the first £."""
    heard = 0
    requests = [(f"user {user}", target.parameters(user)) for user in target.users]
    requests.append(("an unknown user", target.parameters(target.settings.unknown_user)))
    for subject, pairs in requests:
        exchange = target.send(Request.form(pairs), f"a valid request for {subject}", linger=LINGER)
        if exchange.status is None and exchange.failure is not FailureKind.PROTOCOL:
            continue
        heard += 1
        length = exchange.header("content-length")
        actual = "complete"
        if exchange.failure is not None:
            actual = exchange.failure_text
            if length is not None:
                actual += f"; Content-Length is {length}, received {len(exchange.body)} bytes of body"
            elif "chunked" in (exchange.header("transfer-encoding") or "").lower():
                actual += "; Transfer-Encoding is chunked, but the last chunk (size 0) is missing"
        elif exchange.leftover:
            actual = f"{len(exchange.leftover)} bytes or more after the end: {exchange.leftover[:40]!r}"
            if length is not None:
                actual += f" (Content-Length is {length})"
        if length is not None and exchange.header("transfer-encoding") is not None:
            yield Expect.that(
                False, subject, "one way to find the end", "Content-Length and Transfer-Encoding", exchange
            )
        yield Expect.that(
            exchange.failure is None and not exchange.leftover,
            subject,
            "a complete HTTP response and nothing after it",
            actual,
            exchange,
        )
    if not heard:
        raise UndecidedError("no request got a response")


@rule("TP-006", "TP-011", "TP-012", title="a connection that stays open serves the next request", long=True)
def kept_connection(target: Target) -> Iterator[Expect]:
    """Behind a proxy, an unread body or state of the previous request spoils the next one."""
    user = target.priced_users()[0]
    first = target.first_response(user)
    kept = broken = 0
    for opener, request in _openers(target, user):
        if broken >= ENOUGH:
            break
        with target.session() as session:
            opening = session.send(request, f"{opener}, on a connection to be kept open")
            if opening.failure is not None or not opening.reusable:
                continue
            kept += 1
            second = session.send(
                Request.form(target.parameters(user)),
                f"a valid request after {opener} on the same connection",
            )
        subject = f"after {opener}"
        if second.failure is FailureKind.CUT and not second.received:
            promised = "keep-alive" in (opening.header("connection") or "").lower()
            said = "Connection: keep-alive" if promised else "nothing"
            yield Expect.that(
                False,
                subject,
                "Connection: close, if the server closes the connection",
                f"the headers say {said} about it, but the server closed the connection",
                opening,
                clause="TP-012" if promised else "TP-011",
            )
            continue
        expect = same(first, second, subject)
        broken += not expect.ok
        yield expect
    if not kept:
        raise SkipRule("the server closes the connection after each response, which is fine")
    if not broken:
        yield from _long_talk(target)


def _long_talk(target: Target) -> Iterator[Expect]:
    """Send requests for several users in turn on one connection, as a proxy does."""
    users = target.priced_users()
    with target.session() as session:
        for turn in range(max(TURNS, len(users))):
            user = users[turn % len(users)]
            words = f"a valid request for user {user}, number {turn + 1} on the same connection"
            exchange = session.send(Request.form(target.parameters(user)), words)
            if exchange.status is None and turn:
                return  # closed in between, which TP-011 and TP-012 check
            yield same(
                target.first_response(user), exchange, f"user {user}, number {turn + 1} on one connection"
            )
            if not exchange.reusable:
                return


def _openers(target: Target, user: int) -> Iterator[tuple[str, Request]]:
    """Yield first requests on a connection: some program answers each of these before it reads the body."""
    parameters = target.parameters(user)
    yield "a valid request", Request.form(parameters)
    yield "an unknown user", Request.form(target.parameters(target.settings.unknown_user))
    yield "a missing userid", Request.form(target.parameters(user, leave_out="userid"))
    yield "an unknown action", Request.form(target.parameters(user, action="NoSuchAction"))
    yield "a JSON body", Request(b'{"userid": 1}', (("Content-Type", "application/json"),))
    yield "a body of plain text", Request(b"some text", (("Content-Type", "text/plain"),))
    yield "an empty body", Request(b"")
    yield "64 KiB of filler", Request.form((*parameters, ("filler", "x" * 65_536)))


@rule("TP-013", title="an idle connection does not block others")
def idle_connection(target: Target) -> Iterator[Expect]:
    """A single worker that waits for the next request on an open connection serves nobody else."""
    user = target.priced_users()[0]
    first = target.first_response(user)
    with target.session() as session:
        opening = session.send(
            Request.form(target.parameters(user)), "a valid request on a connection to be kept open"
        )
        if opening.failure is not None or not opening.reusable:
            raise SkipRule("the server closes the connection after each response, which is fine")
        other = target.price_of(user, "a valid request while another connection is open but idle")
    yield same(first, other, "next to an idle connection", only="while another connection is open and idle")


@rule(
    "TP-007", "TP-005", title="the response is compressed only on request, and correctly", needs_price=False
)
def compression(target: Target) -> Iterator[Expect]:
    """Scripts that print gzip themselves forget to check whether the client accepts it."""
    for user, exchange in _answers(target):
        subject = f"user {user}"
        packed = exchange.content[:2] == b"\x1f\x8b"
        yield Expect.that(
            exchange.decode_problem is None and not packed,
            subject,
            "a response without compression, since the request accepts none",
            exchange.decode_problem or ("gzip without Content-Encoding" if packed else "not compressed"),
            exchange,
        )
        offered = target.ask(
            target.parameters(user),
            f"{subject}, with Accept-Encoding: gzip, deflate",
            headers=COMPRESSION,
        )
        subject = f"{subject}, gzip and deflate accepted"
        if offered.failure is not None and exchange.failure is None:
            length = offered.header("content-length") or "missing"
            actual = f"{offered.failure_text}; Content-Length is {length}, received {len(offered.body)} bytes"
            yield Expect.that(False, subject, "a complete response", actual, offered, clause="TP-005")
        elif offered.decode_problem is None and offered.content[:2] == b"\x1f\x8b":
            actual = "gzip within gzip: decompressed once, it is still compressed"
            yield Expect.that(
                False, subject, "a response compressed once", actual, offered, cause=DOUBLE_GZIP
            )
        elif exchange.decode_problem is None and not packed:
            yield Expect.that(
                offered.decode_problem is None and same_price(exchange, offered),
                subject,
                "the same price, compressed or not",
                offered.decode_problem or difference(exchange, offered),
                offered,
            )


@rule("TP-008", "TP-009", title="the response arrives in time", needs_price=False)
def in_time(target: Target) -> Iterator[Expect]:
    """The customer's page waits for each price."""
    limit = target.settings.timeout
    for user, exchange in target.first_responses():
        late = exchange.failure is FailureKind.TIMEOUT
        yield Expect.that(
            not late,
            f"user {user}",
            f"a complete response within {limit:g} s",
            exchange.failure_text if late else f"{exchange.seconds:.2f} s",
            exchange,
        )
        if not late:
            yield Expect.that(
                exchange.seconds <= SLOW,
                f"user {user}",
                f"a response within {SLOW:g} s",
                f"{exchange.seconds:.2f} s",
                exchange,
                clause="TP-009",
            )


@rule("TP-010", title="a request may arrive in pieces", waits=True)
def pieces(target: Target) -> Iterator[Expect]:
    """Only on the developer's machine does Node's first 'data' event, or one recv(), hold the whole body."""
    user = target.priced_users()[-1]
    first = target.first_response(user)
    request = Request.form(target.parameters(user))
    size = len(request.body)
    # Offsets from the end of the message: the whole body, its middle, its last byte, the end of the head.
    cuts = {
        "the head, then the body": (size,),
        "the body in two halves": (size - size // 2,),
        "all but the last byte, then that byte": (1,),
        "three pieces, one inside the head": (size + 9, size - 3),
    }
    length = len(first.sent)
    for words, from_end in cuts.items():
        exchange = target.send(
            request,
            f"a valid request in pieces: {words}",
            pieces=[length - offset for offset in from_end],
            pause=PAUSE,
        )
        yield same(first, exchange, words)


@rule("TP-221", title="a charset in the form's Content-Type does not matter")
def form_charset(target: Target) -> Iterator[Expect]:
    """Some HTTP clients add it on their own."""
    user = target.priced_users()[0]
    headers = (("Content-Type", "application/x-www-form-urlencoded; charset=utf-8"),)
    exchange = target.ask(target.parameters(user), "a form with a charset", headers=headers)
    yield same(target.first_response(user), exchange, "a form with a charset")


@rule("TP-407", title="valid requests get a price, however many there are", looks_back=True)
def valid_requests(target: Target) -> Iterator[Expect]:
    """A rate limit or a ban that stops this check will stop SolusIO too."""
    if target.interference is not None:
        raise UndecidedError(str(target.interference))
    yield Expect.that(True, "valid requests", "a price for each", "a price for each")
