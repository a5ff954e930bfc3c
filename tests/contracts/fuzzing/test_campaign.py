"""Fuzzing real servers: correct ones in several styles, and ones with a planted fault."""

import urllib.parse
from collections.abc import Callable
from dataclasses import dataclass

import pytest

from solusio_contracts.fuzzing import campaign, oracle
from solusio_contracts.fuzzing.oracle import CLAUSES
from solusio_contracts.reporting.report import Outcome
from solusio_contracts.rules import all_rules
from support.fuzzing import (
    INVALID,
    PRICE,
    TOKEN,
    UNKNOWN,
    USERS,
    Form,
    Judge,
    Reply,
    correct,
    findings,
    float_cast,
    form_of,
    refused,
    run,
)

# Correct endpoints, in different styles


def python_int(form: Form) -> Reply:
    """int() accepts spaces, signs, underscores, leading zeros and digits of all scripts."""
    if form.get("token", [""])[-1].strip() != TOKEN:
        return refused(403)
    if form.get("action", [""])[-1].strip().lower() != "gettokenpricing":
        return refused()
    try:
        user = int(form.get("userid", [""])[-1])
    except ValueError:
        return refused(422)
    return (200, PRICE) if user in USERS else refused(404)


def everybody_exists(form: Form) -> Reply:
    """A large installation: every positive id belongs to a customer."""
    if form.get("token") != [TOKEN] or form.get("action") != ["GetTokenPricing"]:
        return refused(401)
    userid = form.get("userid", [""])[0]
    exists = userid.isascii() and userid.isdigit() and 0 < int(userid) < 2**31
    return (200, PRICE) if exists and int(userid) != UNKNOWN else refused(404)


def first_counts(form: Form) -> Reply:
    """The first of repeated parameters counts; JavaScript's Number() also reads 0x7, 7.0 and 7e0."""
    if form.get("token", [""])[0] != TOKEN or form.get("action", [""])[0] != "GetTokenPricing":
        return refused(401)
    text = form.get("userid", [""])[0].strip()
    try:
        user = float(int(text, 16)) if text[:2] in ("0x", "0X") else float(text)
    except ValueError:
        return refused(404)
    return (200, PRICE) if user in USERS else refused(404)


def error_with_200(form: Form) -> Reply:
    """A 200 without a price is not a price."""
    status, answer = correct(form)
    return (200, answer) if status == 200 else (200, {"error": answer["error"], "code": status})


def no_token_needed(form: Form) -> Reply:
    """Only the check has a token, not the endpoint."""
    return correct({**form, "token": [TOKEN]})


STYLES = (correct, python_int, everybody_exists, first_counts, error_with_200, no_token_needed)


@pytest.mark.parametrize("seed", [1, 2])
@pytest.mark.parametrize("judge", STYLES, ids=lambda judge: judge.__name__)
def test_a_correct_endpoint_passes(serve, judge, seed):
    endpoint = serve(judge)
    results = run(endpoint.target(seed=seed), examples=40)
    assert [result.outcome for result in results.values()] == [Outcome.PASS, Outcome.PASS], results
    assert [result.checks for result in results.values()] == [16, 24]
    # 0.4 and 0.6 of 40, each sent once, and one per family to find out whether a token is required.
    valid, invalid = endpoint.bodies[:17], endpoint.bodies[17:]
    assert (len(set(valid)), len(set(invalid)), len(invalid)) == (17, 25, 25)


def test_without_a_token_none_is_asked_for(serve):
    endpoint = serve(no_token_needed)
    results = run(endpoint.target(token=None), examples=30)
    assert findings(results) == {}
    assert sum(result.checks for result in results.values()) == 30 == len(endpoint.bodies)


# Planted faults: the clause that is named, and the shortest example


@dataclass(frozen=True)
class Planted:
    """A fault, and what must be reported about it."""

    judge: Judge
    clauses: set[str]
    field: str
    value: Callable[[str], bool]
    """Whether the shrunk value of the field still shows the fault, and hardly more."""


def server_error_on_unicode(form: Form) -> Reply:
    userid = form.get("userid", [""])[0]
    return correct(form) if userid.isascii() else (500, {"error": "internal"})


def sign_dropped(form: Form) -> Reply:
    return correct({**form, "userid": [value.lstrip("-") for value in form.get("userid", [])]})


def leading_digits(form: Form) -> Reply:
    """PHP's (int) and JavaScript's parseInt()."""
    digits = ""
    for letter in form.get("userid", [""])[0]:
        if letter not in "0123456789":
            break
        digits += letter
    return correct({**form, "userid": [digits]})


def any_action(form: Form) -> Reply:
    return correct({**form, "action": ["GetTokenPricing"]})


def array_is_one(form: Form) -> Reply:
    array = any(name.startswith("userid[") for name in form)
    return correct({**form, "userid": [str(USERS[0])]} if array else form)


def cut_to_32_bits(form: Form) -> Reply:
    userid = form.get("userid", [""])[0]
    if userid.isascii() and userid.isdigit():
        return correct({**form, "userid": [str(int(userid) % 2**32)]})
    return correct(form)


def any_user(form: Form) -> Reply:
    userid = form.get("userid", [""])[0]
    known = userid.isascii() and userid.isdigit() and 0 < int(userid) < 2**31
    return correct({**form, "userid": [str(USERS[0])]} if known else form)


def token_behind_prefix(form: Form) -> Reply:
    token = form.get("token", [""])[0]
    return correct({**form, "token": [token[: len(TOKEN)]]})


def missing_token_passes(form: Form) -> Reply:
    return correct(form if "token" in form else {**form, "token": [TOKEN]})


PLANTED = {
    # One letter beyond ASCII is the shortest example.
    "TP-401": Planted(
        server_error_on_unicode,
        {"TP-401"},
        "userid",
        lambda value: len(value) <= 2 and not value.isascii(),
    ),
    "TP-205": Planted(sign_dropped, {"TP-205"}, "userid", lambda value: value in ("-7", "-12")),
    # The shortest fraction after a known id.
    "TP-204": Planted(float_cast, {"TP-204"}, "userid", lambda value: value[:-1] in ("7.", "12.")),
    "TP-207": Planted(
        leading_digits,
        {"TP-204", "TP-207"},
        "userid",
        lambda value: value.startswith(("7", "12")) and len(value) <= 3,
    ),
    # No longer than the fixed one.
    "TP-214": Planted(any_action, {"TP-213", "TP-214"}, "action", lambda value: len(value) <= 3),
    "TP-206": Planted(
        cut_to_32_bits,
        {"TP-206"},
        # 2^32 + 7 and 2^32 + 12, or 2^64 more.
        "userid",
        lambda value: int(value) % 2**32 in USERS,
    ),
    "TP-211": Planted(any_user, {"TP-211"}, "userid", lambda value: value == str(UNKNOWN)),
}


@pytest.mark.parametrize("clause", PLANTED)
def test_a_planted_fault_is_found_named_and_shrunk(serve, clause):
    planted = PLANTED[clause]
    families = (campaign.VALID,) if clause == "TP-211" else INVALID
    found = findings(run(serve(planted.judge).target(seed=3), examples=100, families=families))
    assert set(found) == planted.clauses
    form = form_of(found[clause])
    assert planted.value(form[planted.field][0]), form
    # Only SolusIO's three parameters remain of the generated form.
    assert set(form) == {"token", "action", "userid"}
    assert found[clause].level == "must"


def test_a_price_for_an_array_is_found(serve):
    found = findings(run(serve(array_is_one).target(seed=3), examples=100, families=INVALID))
    assert set(found) == {"TP-210"}
    (name,) = (name for name in form_of(found["TP-210"]) if name.startswith("userid["))
    assert len(name) <= len("userid[]") + 1


def test_a_token_with_something_behind_it_is_found_and_masked(serve):
    found = findings(run(serve(token_behind_prefix).target(seed=3), examples=100, families=INVALID))
    assert set(found) == {"TP-104"}
    shown = found["TP-104"]
    for text in (shown.curl, shown.request, shown.response, shown.subject, shown.actual, shown.question):
        assert TOKEN not in text
        assert urllib.parse.quote_plus(TOKEN) not in text
    (token,) = form_of(shown)["token"]
    # The variable, followed by the shortest generated text.
    assert token.startswith("${MOCK_SOLUSIO_TOKEN}")
    assert len(token) == len("${MOCK_SOLUSIO_TOKEN}") + 1
    assert "${MOCK_SOLUSIO_TOKEN}" in shown.curl


def test_a_missing_token_that_opens_the_door_is_found(serve):
    found = findings(run(serve(missing_token_passes).target(seed=3), examples=100, families=INVALID))
    # Without `token`, `token[]` also gets in.
    assert set(found) == {"TP-102", "TP-107"}
    assert "token" not in form_of(found["TP-102"])


def test_a_malformed_price_is_mapped_to_the_clause_of_its_member(serve):
    def judge(form: Form) -> Reply:
        status, answer = correct(form)
        if status == 200 and form["userid"] == ["12"]:
            # The misspelt key of many integrators, and an amount as text.
            discount = {"name": "Friend", "description": "", "multiplier": 0.95}
            return 200, {**PRICE, "discounts": [discount], "user_token_unit_cost": "1.08"}
        return status, answer

    results = run(serve(judge).target(seed=3), examples=100)
    assert results["fuzz-valid-data"].outcome is Outcome.FAIL
    valid = {one.clause: one for one in results["fuzz-valid-data"].findings}
    assert set(valid) == {"TP-031", "TP-041"}
    assert valid["TP-031"].actual == 'the string "1.08"'
    assert valid["TP-041"].hint == "rename `multiplier` to `multipler`"
    assert form_of(valid["TP-041"])["userid"] == ["12"]
    assert set(form_of(valid["TP-041"])) == {"token", "action", "userid"}


def test_a_stack_trace_beside_a_server_error_is_a_finding_of_its_own(serve):
    def judge(form: Form) -> Reply:
        if "'" in form.get("userid", [""])[0] or not form.get("userid", [""])[0].isascii():
            return 500, b'Traceback (most recent call last):\n  File "/srv/app/pricing.py", line 3\n'
        return correct(form)

    found = findings(run(serve(judge).target(seed=3), examples=60, families=INVALID))
    assert set(found) == {"TP-401", "TP-502", "TP-503"}
    assert all("HTTP 500" in one.response and "Traceback" in one.response for one in found.values())


def test_several_failures_are_all_reported(serve):
    def judge(form: Form) -> Reply:
        if not form.get("action", [""])[0].isascii():
            return None
        if form.get("userid", [""])[0].startswith("-"):
            return 503, {}
        return float_cast(form)

    found = findings(run(serve(judge).target(seed=3), examples=90, families=INVALID))
    assert set(found) == {"TP-204", "TP-401", "TP-402"}
    assert form_of(found["TP-401"])["userid"][0].startswith("-")
    # Altered or appended to, it needs one character.
    assert len(form_of(found["TP-402"])["action"][0].removeprefix("GetTokenPricing")) <= 2


def test_the_same_seed_sends_the_same_requests_and_finds_the_same(serve):
    def once(seed: int) -> tuple[list[bytes], list[str]]:
        endpoint = serve(float_cast)
        results = run(endpoint.target(seed=seed), examples=60)
        return endpoint.bodies, [one.request.partition("\n\n")[2] for one in findings(results).values()]

    first, again, other = once(11), once(11), once(12)
    assert first == again
    assert first[0] != other[0]


def test_a_family_can_be_run_as_a_rule(serve):
    endpoint = serve(float_cast)
    result = run(endpoint.target(), examples=30, families=INVALID)["fuzz-invalid-data"]
    assert (result.outcome, [one.clause for one in result.findings]) == (Outcome.FAIL, ["TP-204"])
    # One request finds out whether a token is required; the 30 and the shrinking are judged.
    assert result.checks == len(endpoint.bodies) - 1 >= 30
    assert result.notes == ()


def test_a_family_without_time_is_not_a_passed_rule(serve):
    result = run(serve(correct).target(), seconds=0.0)["fuzz-valid-data"]
    assert (result.outcome, result.reason) == (Outcome.SKIP, "the time is up")


def test_both_families_cite_every_clause_a_violation_may_name():
    for rule in all_rules():
        if rule.area == "fuzz":
            assert tuple(clause.id for clause in rule.clauses) == CLAUSES
    assert {"TP-041", "TP-101", "TP-211", "TP-401", "TP-504"} <= set(CLAUSES)


@pytest.mark.parametrize(
    ("change", "clause", "subject"),
    [
        ({"base_token_unit_cost": 0}, "TP-060", "base_token_unit_cost"),
        ({"user_token_unit_cost": None}, "TP-031", "user_token_unit_cost"),
        ({"currency": []}, "TP-032", "currency"),
        ({"currency": {**PRICE["currency"], "code": "gbp"}}, "TP-062", "currency.code"),  # type: ignore[dict-item]
        ({"discounts": {}}, "TP-040", "discounts"),
        (
            {"discounts": [{"name": "", "description": "", "multipler": "1"}]},
            "TP-043",
            "discounts[0].multipler",
        ),
        ({"taxes": None}, "TP-050", "taxes"),
        ({"taxes": {"rates": []}}, "TP-051", "taxes.compound"),
        ({"taxes": {"compound": "no", "rates": []}}, "TP-051", "taxes.compound"),
        (
            {"taxes": {"compound": True, "rates": [{"label": 1, "rate": 6}]}},
            "TP-053",
            "taxes.rates[0].label",
        ),
    ],
)
def test_each_member_has_its_clause(serve, change, clause, subject):
    target = serve(lambda _: (200, {**PRICE, **change})).target()
    judge = oracle.Oracle(target, token_required=False)
    (violation,) = judge(target.price_of(USERS[0]))
    assert (violation.clause, violation.subject) == (clause, subject)


@pytest.mark.parametrize("taxes", [[], {}, {"compound": False, "rates": []}])
def test_no_taxes_may_be_written_in_three_ways(serve, taxes):
    target = serve(lambda _: (200, {**PRICE, "taxes": taxes})).target()
    assert oracle.Oracle(target, token_required=False)(target.price_of(USERS[0])) == []
