"""Reports built by hand."""

from collections.abc import Callable
from typing import Any

import pytest

from solusio_contracts.reporting.report import ClauseText, Fact, Finding, Outcome, Report, Result

MakeFinding = Callable[..., Finding]
MakeResult = Callable[..., Result]
MakeReport = Callable[..., Report]


@pytest.fixture
def make_finding() -> MakeFinding:
    """Return a factory of findings: a misspelt discount key, changed by keyword."""

    def make(**changes: Any) -> Finding:
        members: dict[str, Any] = {
            "clause": "TP-041",
            "level": "must",
            "subject": "discounts[0]",
            "expected": "the key `multipler`",
            "actual": "`multiplier` instead",
            "hint": "rename `multiplier` to `multipler`",
            "question": "a valid request for user 1",
            "curl": (
                "curl -sS -i http://127.0.0.1:8000/solusio/api/ -H 'Accept: application/json' "
                "-H 'Content-Type: application/x-www-form-urlencoded' "
                '--data-binary "token=${MOCK_SOLUSIO_TOKEN}&action=GetTokenPricing&userid=1"'
            ),
            "request": "POST /solusio/api/ HTTP/1.1\nHost: 127.0.0.1:8000\n\naction=GetTokenPricing",
            "response": 'HTTP 200 OK\nContent-Type: application/json\n\n{"discounts": []}',
        }
        return Finding(**(members | changes))

    return make


@pytest.fixture
def make_result() -> MakeResult:
    """Return a factory of results: a rule that passed, changed by keyword."""

    def make(**changes: Any) -> Result:
        members: dict[str, Any] = {
            "rule": "discount-key",
            "area": "fields",
            "title": "discounts use the key SolusIO reads",
            "outcome": Outcome.PASS,
            "clauses": ("TP-041",),
            "checks": 1,
        }
        return Result(**(members | changes))

    return make


@pytest.fixture
def make_report() -> MakeReport:
    """Return a factory of reports without results, changed by keyword."""

    def make(**changes: Any) -> Report:
        members: dict[str, Any] = {
            "tool_version": "0.1.0",
            "target": "http://127.0.0.1:8000/solusio/api/",
            "started": "2026-03-01T12:00:00Z",
            "seconds": 1.4,
            "seed": 7,
            "requests": 62,
            "users": (1, 2),
            "clauses": (
                ClauseText(
                    id="TP-041",
                    level="must",
                    provenance="documented",
                    source="step 6",
                    text="Each discount carries its factor under the key `multipler` (sic).",
                    why=(
                        "SolusIO reads `multipler` (sic). Any other spelling drops the discount "
                        "without a word, and your customer sees a price that is too high."
                    ),
                    fix="Send the factor as `multipler`, exactly as the vendor's example spells it.",
                ),
                ClauseText(
                    id="TP-060",
                    level="should",
                    provenance="assumed",
                    source="The vendor's own example does not add up, so it cannot be a must.",
                    text="The user's price follows from base price, discounts and taxes.",
                    why="Customers recalculate the price from the discounts and taxes shown.",
                    fix="Multiply the base price by every multipler, then apply the taxes.",
                ),
                ClauseText(
                    id="TP-091",
                    level="must",
                    provenance="assumed",
                    source="No sane service gives prices for a wrong token.",
                    text="A wrong authorization token is refused.",
                    why="Anybody who finds the URL can read the prices of all your customers.",
                    fix="Compare the whole token with hash_equals() and answer 403.",
                ),
            ),
        }
        return Report(**(members | changes))

    return make


@pytest.fixture
def mixed_report(make_report: MakeReport, make_result: MakeResult, make_finding: MakeFinding) -> Report:
    """Return a whole run: 3 rules passed, 1 warns, 2 failed, 1 undecided, 2 skipped."""
    discount = make_finding()
    second = make_finding(subject="discounts[1]")
    prefix = make_finding(
        clause="TP-091",
        subject="the token's first half",
        expected="a refusal (4xx) without a price",
        actual="status 200 with a price",
        hint="",
        question="a valid request with the first half of the token",
        curl="curl -sS -i http://127.0.0.1:8000/solusio/api/ --data-binary 'token=hal&userid=1'",
    )
    sums = make_finding(
        clause="TP-060",
        level="should",
        subject="user_token_unit_cost",
        expected="1.37637 (1.34 × 0.95, then + 6 %, then + 2 %)",
        actual="1.0812",
        hint="1.0812 is what the taxes alone give",
    )
    no_token = "no authorization token is configured (--token)"
    return make_report(
        facts=(Fact(name="authorization token", text="required: without one, the answer is 403"),),
        results=(
            make_result(rule="answers-200", area="http", title="a valid request returns 200"),
            make_result(
                rule="in-time",
                area="http",
                title="answers come in time",
                checks=62,
                notes=("the slowest answer: 0.31 s",),
            ),
            make_result(rule="is-json", area="body", title="the body is JSON"),
            make_result(outcome=Outcome.FAIL, checks=3, findings=(discount, second)),
            make_result(
                rule="arithmetic",
                area="values",
                title="the user's price follows from base price, discounts and taxes",
                outcome=Outcome.WARN,
                clauses=("TP-060",),
                findings=(sums,),
            ),
            make_result(
                rule="token-prefix",
                area="authorization",
                title="a part of the token does not open the door",
                outcome=Outcome.FAIL,
                clauses=("TP-091",),
                findings=(prefix,),
                seconds=0.25,
            ),
            make_result(
                rule="token-empty",
                area="authorization",
                outcome=Outcome.SKIP,
                clauses=("TP-091",),
                checks=0,
                reason=no_token,
            ),
            make_result(
                rule="token-array",
                area="authorization",
                outcome=Outcome.SKIP,
                clauses=("TP-091",),
                checks=0,
                reason=no_token,
            ),
            make_result(
                rule="fifty-at-once",
                area="robustness",
                title="fifty calls at once are all answered",
                outcome=Outcome.ERROR,
                clauses=("TP-091",),
                checks=0,
                reason="the rule itself failed: OSError: too many open files",
            ),
        ),
    )
