"""Robustness: many, large and slow requests must not break the endpoint."""

from collections.abc import Iterator

from solusio_contracts.checking.expectations import advice_if_foreign, same
from solusio_contracts.checking.price import difference, same_price
from solusio_contracts.checking.rule import Expect, SkipRule, rule
from solusio_contracts.checking.target import Target
from solusio_contracts.contract.clauses import Level
from solusio_contracts.http.exchange import FailureKind, Request

CROWD = 50
"""Number of concurrent requests (TP-404)."""
QUEUE = 8.0
"""Extra seconds for connections that do not fit into the server's queue: systems retry after 1, 3 and 7 s."""
LARGE = (16 * 1024, 64 * 1024, 1024 * 1024)
"""Sizes of an extra parameter in bytes (TP-405)."""
UNREPEATED = (
    "Look for it in the proxy's error log. Where a proxy keeps connections to the program open, it must "
    "close an idle one before the program does (nginx `keepalive_timeout`, Node `server.keepAliveTimeout`)."
)
SLOW_PIECES = 5
SLOW_PAUSE = 0.08
"""Seconds between the pieces of a slow request: 0.4 s in total (TP-406)."""


@rule("TP-404", title="all of fifty concurrent requests get a response", crowd=True)
def crowd(target: Target) -> Iterator[Expect]:
    """Locks, connection limits and worker limits only show on a busy morning."""
    users = target.priced_users()
    size = target.crowd(CROWD)
    if size < 2:
        raise SkipRule("--concurrency and --rate leave no two requests at once")
    owners = [users[place % len(users)] for place in range(size)]
    slowest = max(target.first_response(user).seconds for user in users)
    # A server that takes one request after another needs fifty times as long, which is allowed.
    patience = min(60.0, target.settings.timeout + size * slowest * 1.5 + QUEUE)
    requests = [
        (Request.form(target.parameters(user)), f"user {user}, one of {size} concurrent requests")
        for user in owners
    ]
    for owner, exchange in zip(owners, target.send_concurrently(requests, timeout=patience), strict=True):
        yield same(target.first_response(owner), exchange, f"{size} concurrent requests")


@rule("TP-405", title="a large body is accepted or refused")
def large_body(target: Target) -> Iterator[Expect]:
    """A limit is fine; a failure is not."""
    user = target.priced_users()[0]
    first = target.first_response(user)
    for size in LARGE:
        pairs = (*target.parameters(user), ("filler", "x" * size))
        exchange = target.ask(pairs, f"a valid request with {size // 1024} KiB of filler")
        # A server may refuse by closing while we are still sending; then its response can get lost.
        closed = exchange.failure is FailureKind.CUT and size == LARGE[-1] and target.price_of(user).priced
        answered = exchange.priced and same_price(first, exchange)
        yield Expect.that(
            answered or exchange.refused or closed,
            f"{size // 1024} KiB of filler",
            "the price, or a refusal such as 413",
            difference(first, exchange),
            exchange,
        )


@rule("TP-406", title="a slow client gets a response", waits=True)
def slow_client(target: Target) -> Iterator[Expect]:
    """A slow network, or a proxy that forwards pieces as they arrive."""
    user = target.priced_users()[0]
    first = target.first_response(user)
    request = Request.form(target.parameters(user))
    length = len(first.sent)
    body = len(request.body)
    cuts = [length - body + body * piece // SLOW_PIECES for piece in range(SLOW_PIECES)]
    exchange = target.send(request, "a valid request, sent slowly in pieces", pieces=cuts, pause=SLOW_PAUSE)
    yield same(first, exchange, f"the body in {SLOW_PIECES} pieces over {SLOW_PIECES * SLOW_PAUSE:.1f} s")


@rule(
    "TP-401",
    title="no request got a server error",
    needs_price=False,
    looks_back=True,
)
def no_server_error(target: Target) -> Iterator[Expect]:
    """A 5xx means that the program failed where it should have refused."""
    watch = target.watch
    for error in (*watch.broken, *watch.unrepeated):
        # One in a whole run may be a proxy that reused a connection which the program was closing.
        single = error in watch.unrepeated and len(watch.unrepeated) == 1
        yield Expect.that(
            False,
            error.description,
            "any status below 500",
            f"{error.summary}: one of {target.requests_sent} requests, and not when it was repeated"
            if single
            else error.summary,
            error,
            hint=UNREPEATED if single else "",
            level=Level.SHOULD if single else None,
        )
    for exchange in list(target.exchanges):
        met = not exchange.server_error
        description, summary = exchange.description, exchange.summary
        yield advice_if_foreign(Expect.that(met, description, "any status below 500", summary, exchange))


@rule("TP-402", title="every request got a response", needs_price=False, looks_back=True)
def no_silence(target: Target) -> Iterator[Expect]:
    """Connections that hung, or closed without a response."""
    for exchange in list(target.exchanges):
        large = len(exchange.request.body) > LARGE[1]
        silent = (
            exchange.failure in (FailureKind.TIMEOUT, FailureKind.CUT, FailureKind.PROTOCOL) and not large
        )
        # TP-011 checks a close on a connection that was kept open.
        if exchange.failure is FailureKind.CUT and "same connection" in exchange.description:
            silent = False
        yield Expect.that(
            not silent, exchange.description, "a complete HTTP response", exchange.summary, exchange
        )


@rule("TP-403", title="the endpoint is still up", needs_price=False, looks_back=True)
def still_up(target: Target) -> Iterator[Expect]:
    """If one odd request can end the program, everyone loses their prices."""
    up = target.is_up()
    exchanges = list(target.exchanges)
    refused = [place for place, one in enumerate(exchanges) if one.failure is FailureKind.UNREACHABLE]
    # The request right before the first refused connection is the likely cause.
    cause = exchanges[refused[0] - 1] if refused and refused[0] else exchanges[-1]
    fine = up and not refused
    yield Expect.that(
        fine,
        "the endpoint" if fine else f"the endpoint after {cause.description}",
        "the endpoint accepts connections during the whole run",
        f"it refused connections {len(refused)} times" if up else "it no longer accepts connections",
        cause,
    )
