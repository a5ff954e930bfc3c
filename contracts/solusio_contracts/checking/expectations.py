"""What rules ask again and again: expectations on the answer to one more question."""

from collections.abc import Iterable, Iterator

from solusio_contracts.checking.price import difference, same_price
from solusio_contracts.checking.rule import Expect
from solusio_contracts.checking.target import Target
from solusio_contracts.http.exchange import Exchange, FailureKind, Request

ENOUGH = 2
"""Time-outs within one rule after which its other cases are left out."""

Case = tuple[str, Request]
"""What is asked, in words, and the request."""


def refusals(target: Target, cases: Iterable[Case], *, clause: str = "", note: str = "") -> Iterator[Expect]:
    """Ask each case and expect an answer with neither a price nor a server error."""
    late = 0
    for words, request in cases:
        exchange = target.send(request, words)
        yield Expect.refused(words, exchange, clause=clause, hint=note)
        late += exchange.failure is FailureKind.TIMEOUT
        if late >= ENOUGH:
            return


def unharmed(exchange: Exchange, *, clause: str = "") -> Expect:
    """Expect any answer but a server error: whether the question is understood is open."""
    fine = exchange.failure is None and not exchange.server_error
    expected = "a price or a refusal (4xx)"
    return Expect.that(fine, exchange.description, expected, exchange.summary, exchange, clause=clause)


def same(first: Exchange, again: Exchange, subject: str, *, clause: str = "") -> Expect:
    """Expect the price that was given at first."""
    return Expect.that(
        again.priced and same_price(first, again),
        subject,
        "the same price as for the plain request",
        difference(first, again),
        again,
        clause=clause,
    )


def raw_question(target: Target, *, leave_out: str, instead: bytes) -> Request:
    """Return the valid question with one parameter replaced by raw form text."""
    rest = Request.form(target.question(leave_out=leave_out)).body
    return Request(instead + b"&" + rest)
