"""Names what several findings share, so that the reader fixes one thing instead of forty. Pure.

A finding gets its cause when it is made (`cause_of`), from its own exchange. What only shows when all
results are there, such as a cast that four rules met, is decided at the end (`explained`).
"""

import re
import urllib.parse
from collections.abc import Iterable, Mapping, Sequence
from zlib import crc32

import msgspec

from solusio_contracts.checking.cause import (
    ACTION_IGNORED,
    CHUNKED,
    CUT,
    INT_CAST,
    LEAK,
    MIXED_UP,
    NO_PRICE,
    NOT_UTF8,
    SAME_BYTES,
    SQL,
    STRIPPED,
    TIMEOUT,
    TOKEN_IGNORED,
    USERID_IGNORED,
    Cause,
)
from solusio_contracts.checking.price import differing_member, is_error, same_price
from solusio_contracts.checking.rule import SAME_PRICE, Expect
from solusio_contracts.http.exchange import ACTION, Exchange, FailureKind
from solusio_contracts.http.first_line import first_line
from solusio_contracts.http.masking import Mask
from solusio_contracts.http.refusal import refusal
from solusio_contracts.http.server_page import BUSY
from solusio_contracts.reporting.report import Finding, Result

FEW = 3
"""Rules below which a refusal that names no reason is taken for several faults, not one."""

_LEAKS = frozenset({"TP-502", "TP-503", "TP-504"})
_TOKEN = frozenset(f"TP-{number}" for number in range(101, 111))
_USERID = frozenset(f"TP-{number}" for number in range(201, 212))
_SPELLING = "TP-222"
_ACTION = frozenset({"TP-213", "TP-214"})
_DOCUMENT = frozenset(f"TP-{number:03}" for number in (2, 3, *range(20, 72)))
_UNITS = frozenset({"TP-068", "TP-069"})


def cause_of(expect: Expect, clause: str, priced: Mapping[int, Exchange]) -> Cause | None:
    """Return the cause that an unmet expectation shows on its own, or None.

    `priced` has the first response for each user who gets a price.
    """
    exchange = expect.exchange
    if expect.cause is not None or exchange is None:
        return expect.cause
    if clause in _LEAKS:
        return LEAK
    if exchange.priced:
        if expect.expected == SAME_PRICE:
            return _other_price(exchange, priced)
        return _undue_price(exchange, clause, priced)
    if _unread_chunks(exchange):
        return CHUNKED
    if exchange.summary not in expect.actual:
        # A detail of the response, which only matters if that was meant to be a price.
        return _no_answer(exchange) if clause in _DOCUMENT else None
    return (
        _crowd(exchange)
        or _no_answer(exchange)
        or _unwanted_status(exchange, wanted_price=expect.expected == SAME_PRICE)
    )


def _crowd(exchange: Exchange) -> Cause | None:
    if exchange.concurrent == 1 or (exchange.status is not None and not exchange.server_error):
        return None
    what = f"status {exchange.status}" if exchange.status is not None else "no answer"
    return Cause(
        id="crowd",
        title=f"of {exchange.concurrent} requests at once, some get {what}",
        fix=f"{BUSY}. If no limit was reached, look for a lock: SQLite, PHP sessions, files.",
    )


def _unread_chunks(exchange: Exchange) -> bool:
    chunked = any(name.lower() == "transfer-encoding" for name, _ in exchange.request.headers)
    return chunked and (exchange.failure is not None or exchange.server_error)


_NO_UTF8 = re.compile(rb"%(?:F[0-9A-F]|FE|80|ZZ)|%(?:&|$)", re.IGNORECASE)


def _no_answer(exchange: Exchange) -> Cause | None:
    found = refusal(exchange)
    if found is not None:
        return Cause(id=found.name, title=found.text, fix=found.fix)
    if exchange.failure is FailureKind.TIMEOUT:
        return TIMEOUT
    if exchange.failure is FailureKind.CUT:
        return CUT
    return NO_PRICE if is_error(exchange) else None


def _unwanted_status(exchange: Exchange, *, wanted_price: bool) -> Cause | None:
    status = exchange.status
    if status is None or status < 400:
        return None
    said = crc32(re.sub(r"\d+", "", first_line(exchange.content, Mask())).encode(errors="replace"))
    if status < 500:
        if not wanted_price:
            return None
        return Cause(
            id=f"refused-{status}-{said:08x}",
            title=f"valid requests are refused with status {status}",
            fix="What these requests have in common is what the endpoint does not accept.",
        )
    if _NO_UTF8.search(exchange.request.body):
        return NOT_UTF8
    return Cause(
        id=f"failed-{status}-{said:08x}",
        title=f"the program fails with status {status} instead of refusing",
        fix="The error log at the time of the curl line says where. Check each parameter before you use it "
        "(is it there, is it a string, is it digits?), and refuse the rest with a 4xx status.",
    )


def _other_price(exchange: Exchange, priced: Mapping[int, Exchange]) -> Cause | None:
    values = _values(exchange, "userid")
    owner = next((user for user in priced if values == [str(user)]), None)
    if owner is None:
        return None
    others = (user for user in priced if user != owner and not same_price(priced[owner], priced[user]))
    if any(same_price(priced[user], exchange) for user in others):
        return MIXED_UP
    member = differing_member(priced[owner], exchange)
    return Cause(
        id=f"unsteady-{member}",
        title=f"`{member}` differs between answers to the same question",
        fix="Compute it from what is stored for the user alone: not from a counter, the time or what an "
        "earlier request left behind.",
    )


def _undue_price(exchange: Exchange, clause: str, priced: Mapping[int, Exchange]) -> Cause | None:
    if clause in _TOKEN:
        return TOKEN_IGNORED
    if clause in _ACTION:
        return ACTION_IGNORED
    values = _values(exchange, "userid")
    if clause == _SPELLING:
        return INT_CAST if len(values) == 1 and _LEADING_DIGITS.match(values[0]) else None
    if clause not in _USERID:
        return None
    if len(values) != 1:
        return USERID_IGNORED if not values and clause == "TP-201" else None
    for pattern, cause in ((_LEADING_DIGITS, INT_CAST), (_ANY_DIGITS, STRIPPED)):
        number = "".join(pattern.findall(values[0]))[:20]
        first = priced.get(int(number)) if number else None
        if first is not None and same_price(first, exchange):
            return cause
    if clause == "TP-208" and "'" in values[0]:
        return SQL
    return USERID_IGNORED


_LEADING_DIGITS = re.compile(r"^\s*\+?([0-9]+)(?=[^0-9])")
_ANY_DIGITS = re.compile(r"[0-9]")


def _values(exchange: Exchange, name: str) -> list[str]:
    pairs = urllib.parse.parse_qsl(exchange.request.body.decode("latin-1"), keep_blank_values=True)
    return [value for key, value in pairs if key == name]


# What only all results together show

_UNDUE = (TOKEN_IGNORED, ACTION_IGNORED, USERID_IGNORED, INT_CAST, STRIPPED, SQL, MIXED_UP)


def explained(
    results: Sequence[Result], causes: Mapping[str, Cause], exchanges: Iterable[Exchange]
) -> tuple[tuple[Result, ...], tuple[Cause, ...]]:
    """Return the results with their final causes, and these causes.

    `causes` are those of the findings by id, `exchanges` the exchanges of the run. Generated requests say
    nothing new about a clause that a rule has shown to be violated: they join the cause of that rule.
    """
    final = _final_ids(results, exchanges)
    leading: dict[str, str] = {}
    for result in results:
        for finding in result.findings:
            if result.area != "fuzz":
                leading.setdefault(finding.clause, final.get(finding.cause, finding.cause) or result.rule)
    for unit in _UNITS & leading.keys():
        # The wrong unit is also why the sum is wrong.
        leading["TP-070"] = leading[unit]

    def with_cause(result: Result, finding: Finding) -> Finding:
        joins = result.area == "fuzz" or finding.clause == "TP-070"
        cause = final.get(finding.cause, finding.cause)
        if joins and leading.get(finding.clause, result.rule) != result.rule:
            cause = leading[finding.clause]
        return msgspec.structs.replace(finding, cause=cause)

    judged = tuple(
        msgspec.structs.replace(result, findings=tuple(with_cause(result, one) for one in result.findings))
        for result in results
    )
    used = {finding.cause for result in judged for finding in result.findings}
    return judged, tuple(cause for id_, cause in {**causes, SAME_BYTES.id: SAME_BYTES}.items() if id_ in used)


def _final_ids(results: Sequence[Result], exchanges: Iterable[Exchange]) -> dict[str, str]:
    """Return the ids that change: to a wider cause, or to none where the rule itself says more."""
    rules: dict[str, set[str]] = {}
    clauses: dict[str, set[str]] = {}
    for result in results:
        for finding in result.findings:
            if result.area != "fuzz":
                rules.setdefault(finding.cause, set()).add(result.rule)
                clauses.setdefault(finding.cause, set()).add(finding.clause)
    final = {id_: "" for id_, seen in rules.items() if id_.startswith("refused-") and len(seen) < FEW}
    final |= {one.id: "" for one in (LEAK, ACTION_IGNORED) if len(rules.get(one.id, ())) < 2}
    if "TP-101" not in clauses.get(TOKEN_IGNORED.id, ()):
        final[TOKEN_IGNORED.id] = ""
    if {ACTION_IGNORED.id, USERID_IGNORED.id} <= rules.keys() and _alike(exchanges):
        return final | {one.id: SAME_BYTES.id for one in _UNDUE}
    by_number = clauses.get(INT_CAST.id, set())
    if len(clauses.get(USERID_IGNORED.id, ())) >= FEW:
        final |= {one.id: USERID_IGNORED.id for one in (INT_CAST, STRIPPED, SQL)}
    elif STRIPPED.id in rules:
        final[INT_CAST.id] = STRIPPED.id
    elif by_number == {_SPELLING}:
        final[INT_CAST.id] = ""
    elif by_number <= {"TP-208", _SPELLING}:
        final[INT_CAST.id] = SQL.id if SQL.id in rules else ""
    wide = next((id_ for id_, seen in rules.items() if id_.startswith("failed-") and len(seen) >= FEW), "")
    return final | ({NOT_UTF8.id: wide} if wide else {})


def _alike(exchanges: Iterable[Exchange]) -> bool:
    """Whether wrong actions and missing users got exactly the bytes of a valid request."""
    valid: set[bytes] = set()
    odd: set[bytes] = set()
    for exchange in exchanges:
        if exchange.priced:
            names = [key for key, _ in urllib.parse.parse_qsl(exchange.request.body.decode("latin-1"))]
            right = _values(exchange, "action") == [ACTION] and "userid" in names
            (valid if right else odd).add(exchange.content)
    return len(valid) == 1 and odd == valid
