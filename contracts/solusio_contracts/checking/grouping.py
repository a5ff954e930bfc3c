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
    CHARACTERS,
    CHUNKED,
    CUT,
    INT_CAST,
    LEAK,
    MIXED_UP,
    NO_PRICE,
    NOT_UTF8,
    PIECES,
    SAME_BYTES,
    SQL,
    STRIPPED,
    TIMEOUT,
    TOKEN_IGNORED,
    TOKEN_LOOSE,
    USERID_IGNORED,
    Cause,
)
from solusio_contracts.checking.price import differing_member, is_error, same_price
from solusio_contracts.checking.rule import Expect
from solusio_contracts.http.exchange import ACTION, Exchange, FailureKind
from solusio_contracts.http.first_line import first_line
from solusio_contracts.http.masking import Mask
from solusio_contracts.http.refusal import refusal
from solusio_contracts.http.server_page import BUSY
from solusio_contracts.reporting.report import Finding, Result

CROWD = "too-many-at-once"
"""The id of the cause that only many requests at once show."""
FEW = 3
"""Rules below which a refusal that names no reason is taken for several faults, not one."""

_PRICE_WANTED = ("the same price", "the price", "a price or", "a price", "status 200")
_LEAKS = frozenset({"TP-502", "TP-503", "TP-504"})
_TOKEN = frozenset(f"TP-{number}" for number in range(101, 111))
_RESEMBLING = frozenset({"TP-104", "TP-105", "TP-106", "TP-109"})
_USERID = frozenset(f"TP-{number}" for number in range(201, 212))
_SPELLING = "TP-222"
_ACTION = frozenset({"TP-213", "TP-214"})
_DOCUMENT = frozenset(f"TP-{number:03}" for number in (2, 3, *range(20, 72)))
_STATUS_OF_REFUSALS = "TP-112"
# Clauses whose violation follows from that of another: a wrong unit makes a wrong sum.
_FOLLOWS = {
    "TP-070": ("TP-068", "TP-069", "TP-061", "TP-066", "TP-067"),
    **dict.fromkeys(("TP-030", "TP-031", "TP-032", "TP-040", "TP-050"), ("TP-024",)),
    "TP-025": ("TP-020",),
    "TP-402": ("TP-403", "TP-005"),
}


def cause_of(expect: Expect, clause: str, priced: Mapping[int, Exchange]) -> Cause | None:
    """Return the cause that an unmet expectation shows on its own, or None.

    `priced` has the first response for each user who gets a price.
    """
    exchange = expect.exchange
    if expect.cause is not None or exchange is None:
        return expect.cause
    if clause in _LEAKS:
        return LEAK
    wanted_price = expect.expected.startswith(_PRICE_WANTED)
    if exchange.priced:
        if wanted_price:
            return _other_price(exchange, priced)
        return _undue_price(exchange, clause, priced)
    if _unread_chunks(exchange):
        return CHUNKED
    if clause == _STATUS_OF_REFUSALS:
        return None
    if clause == "TP-008" and exchange.failure is FailureKind.TIMEOUT:
        return TIMEOUT
    if exchange.summary not in expect.actual:
        # A detail of the response, which only matters if that was meant to be a price.
        return _no_answer(exchange) if clause in _DOCUMENT else None
    in_pieces = PIECES if wanted_price and exchange.pieces > 1 and exchange.refused else None
    return (
        _crowd(exchange)
        or _no_answer(exchange)
        or in_pieces
        or _unwanted_status(
            exchange,
            wanted_price=wanted_price,
            valid=wanted_price and not expect.expected.startswith("a price or"),
        )
    )


def _crowd(exchange: Exchange) -> Cause | None:
    if exchange.concurrent == 1 or (exchange.status is not None and not exchange.server_error):
        return None
    what = f"status {exchange.status}" if exchange.status is not None else "no answer"
    return Cause(
        id=CROWD,
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


def _unwanted_status(exchange: Exchange, *, wanted_price: bool, valid: bool) -> Cause | None:
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
    if valid:
        return Cause(
            id=f"broken-{status}-{said:08x}",
            title=f"a valid request makes the program fail with status {status}",
            fix="The error log at the time of the curl line says where.",
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
        return TOKEN_LOOSE if clause in _RESEMBLING else TOKEN_IGNORED
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

_UNDUE = (TOKEN_LOOSE, TOKEN_IGNORED, ACTION_IGNORED, USERID_IGNORED, INT_CAST, STRIPPED, SQL, MIXED_UP)


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
    for clause, firsts in _FOLLOWS.items():
        first = next((one for one in firsts if one in leading), None)
        if first is not None:
            leading[clause] = leading[first]

    def with_cause(result: Result, finding: Finding) -> Finding:
        cause = final.get(finding.cause, finding.cause)
        follows = any(first in leading for first in _FOLLOWS.get(finding.clause, ()))
        if (follows and not cause) or result.area == "fuzz":
            cause = leading.get(finding.clause, cause)
        if cause in (TIMEOUT.id, CUT.id):
            # A wrong or missing length makes clients wait.
            cause = leading.get("TP-005", cause)
        if cause == CUT.id:
            cause = leading.get("TP-403", cause)
        if finding.clause == "TP-005" and CHARACTERS.id in leading.values():
            cause = CHARACTERS.id
        return msgspec.structs.replace(finding, cause="" if cause == result.rule else cause)

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
    if {ACTION_IGNORED.id, USERID_IGNORED.id} <= rules.keys() and _alike(exchanges):
        return {one.id: SAME_BYTES.id for one in _UNDUE}
    final = {id_: "" for id_, seen in rules.items() if id_.startswith("refused-") and len(seen) < FEW}
    for cause in (LEAK, ACTION_IGNORED, USERID_IGNORED, TOKEN_IGNORED, TOKEN_LOOSE):
        if len(rules.get(cause.id, ())) == 1:
            final[cause.id] = ""
    for cause, decisive in ((PIECES, "TP-010"), (STRIPPED, "TP-207")):
        if decisive not in clauses.get(cause.id, ()):
            final[cause.id] = ""
    if "TP-101" in clauses.get(TOKEN_IGNORED.id, ()):
        final[TOKEN_LOOSE.id] = TOKEN_IGNORED.id
    if MIXED_UP.id in rules:
        final |= {id_: MIXED_UP.id for id_ in rules if id_.startswith("unsteady-")}
    if CHARACTERS.id in rules:
        final[CUT.id] = CHARACTERS.id
    refused = next((id_ for id_ in rules if id_.startswith("refused-") and id_ not in final), "")
    if refused:
        final[PIECES.id] = refused
    return final | _wider_casts(rules, clauses) | _wider_failures(rules, clauses)


def _wider_casts(rules: Mapping[str, set[str]], clauses: Mapping[str, set[str]]) -> dict[str, str]:
    """Return which readings of a userid are part of wider ones."""
    if len(clauses.get(USERID_IGNORED.id, ())) >= FEW:
        return {one.id: USERID_IGNORED.id for one in (INT_CAST, STRIPPED, SQL)}
    if "TP-207" in clauses.get(STRIPPED.id, ()):
        return {INT_CAST.id: STRIPPED.id}
    if clauses.get(INT_CAST.id, set()) <= {_SPELLING}:
        return {INT_CAST.id: ""}
    if clauses[INT_CAST.id] <= {"TP-208", _SPELLING}:
        return {INT_CAST.id: SQL.id if SQL.id in rules else ""}
    return {}


def _wider_failures(rules: Mapping[str, set[str]], clauses: Mapping[str, set[str]]) -> dict[str, str]:
    """Return which failures of the program are part of wider ones."""
    wider: dict[str, str] = {}
    failed = [id_ for id_ in rules if id_.startswith("failed-")]
    wide = next((id_ for id_ in failed if len(rules[id_]) >= FEW), "")
    if wide:
        wider[NOT_UTF8.id] = wide
    elif NOT_UTF8.id in rules:
        # Whatever else fails in the same way is one more such input.
        wider |= dict.fromkeys(failed, NOT_UTF8.id)
    wider |= {
        id_: id_.replace("failed-", "broken-") for id_ in failed if id_.replace("failed-", "broken-") in rules
    }
    if not clauses.get(CROWD, set()) & {"TP-303", "TP-404"}:
        # Requests that fail alone fail in a crowd as well.
        alone = next((id_ for id_ in (TIMEOUT.id, CUT.id, *failed) if id_ in rules), "")
        wider |= {CROWD: alone} if alone else {}
    return wider


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
