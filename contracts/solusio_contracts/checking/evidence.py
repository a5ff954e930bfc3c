"""Turns an unmet expectation into a finding: masked texts, the exchange, a curl line."""

from solusio_contracts.checking.rule import Expect
from solusio_contracts.checking.target import Target
from solusio_contracts.contract.clauses import Clause, Level
from solusio_contracts.http.curl import curl
from solusio_contracts.http.exchange import Exchange
from solusio_contracts.http.masking import CUT, Mask, shortened
from solusio_contracts.reporting.report import Finding

BODY_SHOWN = 1200
"""Characters of a body that a finding shows."""


def finding(expect: Expect, clause: Clause, level: Level, target: Target) -> Finding:
    """Return the finding for an unmet expectation."""
    exchange = expect.exchange
    mask = target.mask
    return Finding(
        clause=clause.id,
        level=level,
        subject=mask(expect.subject),
        expected=mask(expect.expected),
        actual=mask(expect.actual),
        hint=mask(expect.hint),
        question=mask(exchange.description) if exchange else "",
        curl=curl(exchange.request, target.settings.url, mask) if exchange else "",
        request=_shown(exchange.sent, mask, 2 * BODY_SHOWN) if exchange else "",
        response=response_text(exchange, mask) if exchange else "",
    )


def response_text(exchange: Exchange, mask: Mask) -> str:
    """Return the answer as text, masked: head, and the beginning of the decoded body."""
    if exchange.status is None:
        received = _shown(exchange.received, mask, BODY_SHOWN)
        return mask(exchange.failure_text) + (f"\n{received}" if received else "")
    head = [f"HTTP {exchange.status} {exchange.reason}".rstrip()]
    head += [f"{name}: {value}" for name, value in exchange.headers]
    text = mask("\n".join(head)) + "\n\n" + _shown(exchange.content, mask, BODY_SHOWN)
    if exchange.leftover:
        text += f"\n… then {mask(repr(exchange.leftover))[:80]} after the end of the answer"
    if exchange.failure is not None:
        text += f"\n… then: {mask(exchange.failure_text)}"
    return text


def _shown(data: bytes, mask: Mask, limit: int) -> str:
    text, cut = shortened(data, mask, limit)
    return f"{text}{CUT}\n{CUT} {len(data)} bytes in all" if cut else text
