"""What a long response costs is spent once, and what is not judged is said."""

import json
import urllib.parse
from collections.abc import Callable
from typing import Any

import pytest
from msgspec.structs import replace

from solusio_contracts.checking.log import BODIES, KEPT_BYTES, LARGE, ExchangeLog, SharedBodies
from solusio_contracts.checking.price import LONGEST_LIST
from solusio_contracts.checking.runner import run
from solusio_contracts.checking.target import Target, TargetSettings
from solusio_contracts.fuzzing.oracle import Oracle
from solusio_contracts.http.exchange import Exchange, FailureKind, Request
from solusio_contracts.http.json_body import read_json
from solusio_contracts.rules import all_rules
from solusio_contracts.rules.security import _without_customer_texts
from support.endpoint import Asked, Response, endpoint
from support.pricing import vendor_example

ENTRY = {"name": "Loyal", "description": "", "multipler": 1}


def priced(**changes: Any) -> bytes:
    return json.dumps(vendor_example() | changes).encode()


def serving(body: bytes) -> Callable[[Asked], Response]:
    def answer(asked: Asked) -> Response:
        form = dict(urllib.parse.parse_qsl(asked.body.decode("latin-1")))
        known = form.get("userid") == "1" and form.get("action") == "GetTokenPricing"
        return (200, {"Content-Type": "application/json"}, body) if known else (404, {}, b"")

    return answer


def settings(url: str = "http://127.0.0.1:8000/") -> TargetSettings:
    return TargetSettings(url, (1,))


def exchange(content: bytes, number: int = 1) -> Exchange:
    return Exchange(
        number=number, request=Request(b""), status=200, received=content, body=content, content=content
    )


@pytest.mark.parametrize(
    ("changes", "subject"),
    [
        ({"discounts": [ENTRY] * 1200}, "user 1: discounts"),
        (
            {"taxes": {"compound": False, "rates": [{"label": "VAT", "rate": 0}] * 1200}},
            "user 1: taxes.rates",
        ),
    ],
)
def test_a_list_that_no_customer_has_is_a_warning_of_its_own(changes, subject):
    chosen = [rule for rule in all_rules() if rule.area in ("fields", "values")]
    with endpoint(serving(priced(**changes))) as server:
        report = run(Target(settings(server.url)), chosen)
    assert report.failed == ()
    (found,) = [one for result in report.results for one in result.findings if one.clause == "TP-072"]
    assert (found.subject, found.level) == (subject, "should")
    assert found.actual == "1,200 entries, of which the first 1,000 are judged"
    # The rules about one entry have judged just these.
    judged = {result.rule: result.checks for result in report.results}
    rules = ("discount-key",) if "discounts" in changes else ("tax-rate-members",)
    parts = {"discount-key": 2, "tax-rate-members": 4}
    assert {rule: judged[rule] for rule in rules} == {rule: parts[rule] * LONGEST_LIST for rule in rules}


def test_generated_requests_judge_the_same_entries():
    wrong = [ENTRY] * LONGEST_LIST + [{"multipler": "1"}] * 10
    oracle = Oracle(Target(settings()), token_required=False)
    clauses = {one.clause for one in oracle(exchange(priced(discounts=wrong)))}
    assert not clauses & {"TP-041", "TP-042", "TP-043"}
    clauses = {one.clause for one in oracle(exchange(priced(discounts=wrong[10:])))}
    assert {"TP-042", "TP-043"} <= clauses


def test_equal_large_responses_are_kept_once():
    bodies = SharedBodies()
    log = ExchangeLog(bodies)
    body = b"x" * (LARGE + 1)
    kept = [bodies.without_copies(exchange(bytes(bytearray(body)), number)) for number in range(20)]
    for one in kept:
        log.add(one)
    assert len({id(one.content) for one in kept} | {id(one.body) for one in kept}) == 1
    assert {len(one.received) for one in kept} == {LARGE}
    assert len(log.exchanges) == 20


@pytest.mark.parametrize("content", [b"", b"x" * (LARGE + 1)])
def test_what_failed_late_keeps_the_beginning_of_what_was_received(content):
    failed = replace(exchange(content), received=b"y" * 40 * LARGE, failure=FailureKind.TOO_LARGE)
    kept = SharedBodies().without_copies(failed)
    assert (kept.received, kept.body, kept.content) == (b"y" * LARGE, content, content)


def test_different_large_responses_are_bounded():
    bodies = SharedBodies()
    log = ExchangeLog(bodies)
    size = KEPT_BYTES // 20
    for number in range(BODIES + 30):
        body = b"%d" % number + b"x" * size
        log.add(bodies.without_copies(exchange(body, number)))
    apart = [one for one in log.exchanges if one.number >= BODIES]
    assert sum(len(one.content) + len(one.received) for one in apart) <= KEPT_BYTES
    assert log.exchanges[-1].number == BODIES + 29


def test_equal_documents_are_read_once():
    one, other = priced(), bytes(bytearray(priced()))
    assert one is not other
    assert read_json(one) is read_json(other)


def test_texts_of_the_customer_are_taken_out_and_nothing_else():
    discounts = [{"name": "SQLSTATE[42000]", "description": 'a "quoted" €', "multipler": 0.95}]
    for escaped in (True, False):
        body = json.dumps(vendor_example() | {"discounts": discounts, "note": "Fatal"}, ensure_ascii=escaped)
        shown = json.loads(_without_customer_texts(exchange(body.encode())).content)
        assert shown["discounts"] == [{"name": "", "description": "", "multipler": 0.95}]
        assert shown["note"] == "Fatal"
        assert shown["currency"]["code"] == vendor_example()["currency"]["code"]
