"""What became of users, judged without a SolusIO."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest

from solusio_contracts.adapter.verdict import Verdict, name_causes
from solusio_contracts.users.customers import PRICING, UserCustomer
from solusio_contracts.users.scenario import CustomerEvent, ExpectedUser, parse_scenario
from solusio_contracts.users.state import SolusioUser, Users, changes
from solusio_contracts.users.verdict import (
    OpenedLink,
    Stage,
    StepReport,
    judge_absent,
    judge_links,
    judge_others,
    judge_settings,
    judge_step,
    judge_users,
)

URL = "http://127.0.0.1:8008"
ANN = UserCustomer(billing_user_id=7, name="Ann", email="ann@example.com", pricing=PRICING)


def user(number: int = 10, **more: Any) -> SolusioUser:
    members: dict[str, Any] = {
        "id": number,
        "email": "ann@example.com",
        "status": "active",
        "billing_user_id": 7,
        "roles": ("CLIENT",),
        "language": "en_US",
        "limit_group": "",
    }
    return SolusioUser(**(members | more))


STAFF = user(1, email="admin@example.com", billing_user_id=None, roles=("ADMIN",))
JOANN = user(2, email="joann@example.com", billing_user_id=77)
STAGE = Stage(url=URL, customers={"ann": ANN}, bystanders=frozenset({1, 2}))


def by_id(*users: SolusioUser) -> dict[int, SolusioUser]:
    return {one.id: one for one in users}


def found(verdict: Verdict) -> list[tuple[str, str, str]]:
    return [(one.clause, one.expected, one.actual) for one in verdict.findings]


@pytest.mark.parametrize(
    ("expected", "actual", "finding"),
    [
        ({}, {}, None),
        ({"status": ("active", "locked")}, {"status": "locked"}, None),
        ({"status": "suspended"}, {}, ("UM-043", "suspended", "active")),
        ({}, {"email": "ANN@example.com"}, None),
        ({}, {"email": "old@example.com"}, ("UM-042", "ann@example.com", "old@example.com")),
        ({"email": "*"}, {"email": "old@example.com"}, None),
        ({}, {"email": "ann%40example.com"}, ("UM-049", "ann@example.com", "ann%40example.com")),
        ({}, {"roles": ("ADMIN",)}, ("UM-050", "a role of customers", "ADMIN")),
        ({}, {"roles": ("Support",)}, None),
        (
            {"servers": "suspended"},
            {"servers": (("web", "running"), ("db", "suspended"))},
            ("UM-043", "all suspended", "running, suspended"),
        ),
    ],
)
def test_a_user_is_compared_with_what_is_expected(expected, actual, finding):
    verdict = Verdict()
    judge_users([ExpectedUser(as_="ann", **expected)], STAGE, by_id(user(**actual)), verdict, question="x")
    assert found(verdict) == ([] if finding is None else [finding])
    assert verdict.checks == 1


def test_a_customer_without_a_user_is_missed_unless_that_is_right_as_well():
    verdict = Verdict()
    judge_users([ExpectedUser(as_="ann")], STAGE, by_id(JOANN), verdict, question="x")
    assert found(verdict) == [("UM-040", "a user with billing_user_id 7", "none")]
    optional = Verdict()
    judge_users([ExpectedUser(as_="ann", optional=True)], STAGE, by_id(JOANN), optional, question="x")
    assert optional.findings == []


@pytest.mark.parametrize(
    ("before", "after", "clause", "actual", "cause"),
    [
        (
            JOANN,
            {"status": "suspended"},
            "UM-041",
            "the status changed from active to suspended",
            "filter[search]",
        ),
        (
            STAFF,
            {"billing_user_id": 7},
            "UM-047",
            "billing_user_id changed from none to 7",
            "something that others",
        ),
        (
            user(2, billing_user_id=None),
            {"password": "x"},
            "UM-046",
            "the password changed",
            "by mail address alone",
        ),
        (
            user(2, email="mixed@example.net", billing_user_id=12),
            {"servers": (("web", "suspended"),)},
            "UM-041",
            "the servers changed from none to web suspended",
            "mix up the two ids",
        ),
        (JOANN, None, "UM-041", "they were deleted", "filter[search]"),
    ],
)
def test_a_bystander_who_changed_is_named_with_the_probable_cause(before, after, clause, actual, cause):
    verdict = Verdict()
    later = by_id() if after is None else by_id(replace(before, **after))
    stage = Stage(url=URL, customers={"ann": ANN}, bystanders=frozenset({before.id}))
    judge_others(stage, by_id(before), later, verdict)
    name_causes([verdict])
    (finding,) = verdict.findings
    assert (finding.clause, finding.actual) == (clause, actual)
    assert finding.expected == f"{before.described} is unchanged"
    assert cause in finding.hint


def test_new_users_are_those_of_customers():
    verdict = Verdict()
    before = by_id(STAFF, JOANN)
    judge_others(STAGE, before, by_id(STAFF, JOANN, user()), verdict)
    assert verdict.findings == []
    second = user(11, email="7-ann@example.com", billing_user_id=8)
    judge_others(STAGE, before, by_id(STAFF, JOANN, user(), second), verdict)
    assert [one.clause for one in verdict.findings] == ["UM-040"]


def test_language_and_limit_group_warn():
    verdict = Verdict()
    wanted = {"ann": ("de_DE", "large")}
    judge_settings(["ann"], STAGE, by_id(user(limit_group="large")), wanted, verdict)
    (finding,) = verdict.findings
    assert (finding.clause, finding.level, finding.actual) == ("UM-051", "should", "en_US")


def test_who_is_gone_has_no_user():
    for gone, clause in (({"ann"}, "UM-044"), (set(), "UM-046")):
        verdict = Verdict()
        judge_absent(["ann"], gone, STAGE, by_id(user()), verdict)
        assert found(verdict) == [(clause, "none", "ann@example.com (id 10, billing_user_id 7)")]


SCENARIO = """
id = "made-up"
area = "login"
reason = "For a test."
clauses = ["UM-040"]
[customers.ann]
[[timeline]]
do = "customer.{step}"
as = "ann"
must = "{must}"
[expect]
"""


POSTED = "POST /api/v1/users {} -> 201"
SEARCHED = "GET /api/v1/users?filter%5Bsearch%5D=ann%40example.com -> 200"


@pytest.mark.parametrize(
    ("others", "exchanges", "clause", "cause"),
    [
        ([], "", "UM-040", ""),
        ([user(11, billing_user_id=None)], POSTED, "UM-002", "do not send billing_user_id"),
        ([], "POST /api/v1/users {} -> 422", "UM-040", "take a refused POST /users for a success"),
        ([], SEARCHED, "UM-040", "take the first user that filter[search] finds"),
        ([user(2, billing_user_id=55)], SEARCHED, "UM-040", "look users up by mail address alone"),
    ],
)
def test_a_creation_without_a_user_has_a_probable_cause(others, exchanges, clause, cause):
    verdict = step("done", users=by_id(JOANN, *others), step="create", exchanges=exchanges)
    name_causes([verdict])
    (finding,) = verdict.findings
    assert (finding.clause, finding.expected) == (clause, "a user with billing_user_id 7")
    assert cause in finding.hint
    assert bool(cause) == bool(finding.hint)


@pytest.mark.parametrize(
    ("name", "actual", "finding"),
    [
        ("suspend", {"status": "suspended"}, None),
        ("suspend", {}, ("UM-043", "status suspended", "status active")),
        ("lock", {"status": "suspended"}, None),
        ("lock", {}, ("UM-043", "status locked or suspended", "status active")),
        ("unsuspend", {"status": "locked"}, None),
        ("unsuspend", {"status": "suspended"}, ("UM-043", "status active or locked", "status suspended")),
        ("unlock", {"status": "locked"}, ("UM-043", "status active or suspended", "status locked")),
        ("update", {"email": "old@example.com"}, ("UM-042", "ann@example.com", "old@example.com")),
        ("update", {"email": "ann&#64;example.com"}, ("UM-049", "ann@example.com", "ann&#64;example.com")),
        ("delete", {}, ("UM-044", "no user", "ann@example.com (id 10, billing_user_id 7)")),
        ("create", {}, None),
    ],
)
def test_a_step_that_is_done_has_its_effect(name, actual, finding):
    verdict = step("done", users=by_id(user(**actual)), step=name)
    assert found(verdict) == ([] if finding is None else [finding])


def step(must: str, users: Users | None = None, **report: Any) -> Verdict:
    scenario = parse_scenario(SCENARIO.format(step=report.get("step", "login"), must=must), "made-up.toml")
    given = {"customer": "ann", "step": "login", "command": "php login", "done": True, **report}
    verdict = Verdict()
    (event,) = scenario.timeline
    assert isinstance(event, CustomerEvent)
    judge_step(scenario, event, StepReport(**given), STAGE, users or by_id(STAFF, JOANN, user()), verdict)
    return verdict


def link(**opened: Any) -> dict[str, Any]:
    return {"link": f"{URL}/auth/by_token/secret", "opened": OpenedLink(**{"status": 303, **opened})}


@pytest.mark.parametrize(
    ("must", "report", "clause", "actual"),
    [
        ("done", link(user_id=10), None, ""),
        ("done", link(user_id=2), "SSO-012", "joann@example.com (id 2, billing_user_id 77) is logged in"),
        ("done", link(user_id=1), "SSO-012", "admin@example.com (id 1, an administrator) is logged in"),
        ("done", link(user_id=None, status=404), "SSO-011", "status 404, nobody is logged in"),
        ("done", {"link": ""}, "SSO-010", "nothing"),
        ("done", {"link": f"{URL}/api/v1/auth/by_token/x"}, "SSO-010", f"{URL}/api/v1/auth/by_token/***"),
        ("failed", link(user_id=10), "SSO-013", f"the link {URL}/auth/by_token/***"),
        ("failed", {"done": False, "failure": "exit code 1"}, None, ""),
        ("either", {"done": False, "failure": "exit code 1"}, None, ""),
        ("either", {"done": False, "failure": "killed", "ended": False}, "UM-045", "killed"),
        ("done", {"done": False, "failure": "exit code 1"}, "SSO-010", "exit code 1"),
        ("done", {"step": "suspend", "done": False, "failure": "exit code 1"}, "UM-043", "exit code 1"),
        ("failed", {"step": "create"}, "UM-045", "it reports that it is done"),
        ("done", {"step": "create", "requests": 13}, "CL-036", "13 requests"),
        ("done", {"step": "create", "requests": 12}, None, ""),
    ],
)
def test_a_step_is_judged_by_its_report(must, report, clause, actual):
    verdict = step(must, **report)
    assert [(one.clause, one.actual) for one in verdict.findings] == ([(clause, actual)] if clause else [])
    assert "secret" not in repr(verdict)


def test_a_failed_update_of_a_user_who_is_there_has_a_probable_cause():
    verdict = step("done", step="update", done=False, failure="exit code 1", exchanges=SEARCHED)
    name_causes([verdict])
    (finding,) = verdict.findings
    assert "look for the user with the new mail address" in finding.hint


def test_each_click_gets_a_link_of_its_own():
    verdict = Verdict()
    judge_links(["a", "b"], verdict)
    assert (verdict.checks, verdict.findings) == (1, [])
    judge_links(["a", "b", "a"], verdict)
    assert found(verdict) == [("SSO-011", "3 different ones for 3 clicks", "1 link came again")]


def test_a_user_who_is_the_same_has_no_changes():
    assert list(changes(JOANN, JOANN)) == []
