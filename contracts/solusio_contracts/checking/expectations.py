"""Expectations that many rules share, about the response to one more request."""

from collections.abc import Iterable, Iterator
from dataclasses import replace

from solusio_contracts.checking.price import difference, same_price
from solusio_contracts.checking.rule import SAME_PRICE, Expect
from solusio_contracts.checking.target import Target
from solusio_contracts.contract.clauses import Level
from solusio_contracts.http.exchange import FORM_TYPE, Exchange, FailureKind, Request
from solusio_contracts.http.server_page import server_of

ENOUGH = 2
"""Time-outs within one rule after which it skips its other cases."""

Case = tuple[str, Request]
"""A request, preceded by its description."""


def refusals(target: Target, cases: Iterable[Case], *, clause: str = "", note: str = "") -> Iterator[Expect]:
    """Send each case, and expect neither a price nor a server error."""
    late = 0
    for description, request in cases:
        exchange = target.send(request, description)
        yield Expect.refused(description, exchange, clause=clause, hint=note)
        late += exchange.failure is FailureKind.TIMEOUT
        if late >= ENOUGH or (late and target.impatient):
            return


def unharmed(exchange: Exchange, *, clause: str = "") -> Expect:
    """Expect a price or a refusal: the endpoint need not understand the request."""
    fine = exchange.failure is None and not exchange.server_error
    expected = "a price or a refusal (4xx)"
    return Expect.that(fine, exchange.description, expected, exchange.summary, exchange, clause=clause)


def advice_if_foreign(expect: Expect) -> Expect:
    """Return the expectation; if a web server's own 500 page does not meet it, only as advice.

    ModSecurity answers so to a body that it cannot parse, and the program never sees the request. For a form,
    such a page may mean that the program could not start.
    """
    exchange = expect.exchange
    if expect.ok or exchange is None or _is_form(exchange.request):
        return expect
    foreign = exchange.status == 500 and server_of(exchange) is not None
    return replace(expect, level=Level.SHOULD) if foreign else expect


def _is_form(request: Request) -> bool:
    return any(
        name.lower() == "content-type" and value.lower().startswith(FORM_TYPE)
        for name, value in request.headers
    )


def same(
    first: Exchange, again: Exchange, subject: str, *, clause: str = "", repeat: int = 1, only: str = ""
) -> Expect:
    """Expect the same price as in the first response."""
    ok = again.priced and same_price(first, again)
    actual = "the same" if ok else difference(first, again)
    expect = Expect.that(ok, subject, SAME_PRICE, actual, again, clause=clause)
    return replace(expect, repeat=repeat, only=only)


def raw_parameter(target: Target, *, leave_out: str, instead: bytes) -> Request:
    """Return the valid request with one parameter replaced by raw form text."""
    rest = Request.form(target.parameters(leave_out=leave_out)).body
    return Request(instead + b"&" + rest)
