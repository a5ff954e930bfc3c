"""Scenarios, played with billing systems in this process."""

from __future__ import annotations

import dataclasses
from collections.abc import Callable

import pytest
from msgspec.structs import replace

from mock_solusio.server.tls import Authority
from mock_solusio.users.run import conduct_clauses
from solusio_contracts.adapter.steps import BillingError, UnreachableError
from solusio_contracts.reporting.report import Exit, Outcome
from solusio_contracts.users.job import CustomerJob
from solusio_contracts.users.scenario import load_scenarios
from support.customer_system import CustomerSystem, Step

CREATE = """
[[timeline]]
do = "customer.create"
as = "ann"
"""
END = '[expect]\nusers = [{ as = "ann" }]\n'
CLAUSES = frozenset(conduct_clauses())


def findings(report, rule="made-up"):
    (result,) = [one for one in report.results if one.rule == rule]
    return result.findings


def clauses_of(report, rule="made-up"):
    return {finding.clause for finding in findings(report, rule)}


def test_a_right_billing_system_conforms_in_every_scenario(check):
    report = check(*(one.id for one in load_scenarios()), jobs=4, conduct=CLAUSES)
    wrong = {
        one.rule: [finding.actual for finding in one.findings] or one.reason
        for one in report.results
        if one.outcome is not Outcome.PASS
    }
    assert wrong == {}
    assert report.exit is Exit.CONFORMANT
    assert len(report.results) == len(load_scenarios()) + len(CLAUSES)


def test_what_the_adapter_does_not_offer_is_skipped_by_name(check):
    steps = {name: step for name, step in CustomerSystem().steps.items() if name in ("create", "login")}
    report = check("create", "suspend", "lock-suspend-unsuspend", "login", steps=steps)
    reasons = {one.rule: one.reason for one in report.results if one.outcome is Outcome.SKIP}
    assert reasons == {
        "suspend": "the adapter has no --suspend",
        "lock-suspend-unsuspend": "the adapter has no --lock",
    }
    assert report.exit is Exit.CONFORMANT


def test_to_skip_everything_is_no_pass(check):
    report = check("suspend", steps={"create": CustomerSystem().steps["create"]})
    assert report.exit is Exit.INCONCLUSIVE


@dataclasses.dataclass(frozen=True)
class Calls:
    """A step that calls a function."""

    function: Callable[[CustomerJob], bytes]

    def run(self, job):
        return self.function(job)

    def shown(self, _job):
        return "calls"


@dataclasses.dataclass(frozen=True)
class Says:
    """A step that only reports."""

    output: bytes = b""
    error: Exception | None = None

    def run(self, _job):
        if self.error is not None:
            raise self.error
        return self.output

    def shown(self, _job):
        return "says"


def test_a_billing_system_that_never_calls_the_mock_is_not_judged(check):
    report = check("create", "create-twice", steps={"create": Says()}, conduct=CLAUSES)
    assert report.exit is Exit.INCONCLUSIVE
    assert [one.outcome for one in report.results] == [Outcome.ERROR, Outcome.ERROR]
    assert "never asked the mock SolusIO" in report.results[0].reason


def test_one_that_cannot_be_reached_ends_the_run(check):
    report = check("create", "create-twice", steps={"create": Says(error=UnreachableError("no such file"))})
    assert report.exit is Exit.INCONCLUSIVE
    assert [one.reason for one in report.results] == ["no such file", "no such file"]


def test_one_that_does_not_take_in_its_customers_leaves_the_scenario_undecided(check):
    steps = {**CustomerSystem().steps, "prepare": Says(error=BillingError("exit code 1", "no database"))}
    report = check("create", "login", steps=steps)
    assert {one.reason for one in report.results} == {"--prepare failed: no database"}


def test_a_crash_is_a_finding_even_where_a_failure_is_allowed(check):
    crash = BillingError("did not end within 60 s", ended=False)
    steps = {**CustomerSystem().steps, "delete": Says(error=crash)}
    report = check("create", "delete-without-a-user", steps=steps)
    (finding,) = findings(report, "delete-without-a-user")
    assert (finding.clause, finding.actual) == ("UM-045", "did not end within 60 s")


def test_a_second_user_for_a_customer_is_found(check):
    def twice(job):
        CustomerSystem().steps["create"].run(job)
        other = replace(job.customer, email=f"2{job.customer.email}", billing_user_id=99)
        careless = CustomerSystem(frozenset({"no-number"}))
        return careless.steps["create"].run(dataclasses.replace(job, customer=other))

    report = check(CREATE + END, steps={"create": Calls(twice)})
    (finding,) = findings(report)
    assert (finding.clause, finding.subject) == ("UM-002", "new users")
    assert "2ann@example.com (id" in finding.actual
    assert finding.hint.startswith("You probably do not send billing_user_id")


def test_an_administrator_is_not_taken_over(check):
    timeline = """
[[timeline]]
do = "user.create"
as = "root"
email = "ann@example.com"
role = "ADMIN"
[[timeline]]
do = "customer.create"
as = "ann"
must = "failed"
[expect]
absent = ["ann"]
"""
    report = check(timeline, mistakes=("takes-over",))
    assert clauses_of(report) == {"UM-045", "UM-047"}
    taken = next(one for one in findings(report) if one.clause == "UM-047")
    assert taken.expected.startswith("ann@example.com (id ")
    assert "billing_user_id changed from none to 7000" in taken.actual
    assert "You probably look users up by mail address alone" in taken.hint
    assert check(timeline).exit is Exit.CONFORMANT


def test_what_people_change_by_hand_is_not_blamed_on_the_billing_system(check):
    timeline = """
[[timeline]]
do = "user.create"
as = "other"
email = "other@example.net"
[[timeline]]
do = "customer.create"
as = "ann"
[[timeline]]
do = "server.create"
as = "web"
on = "other"
[[timeline]]
do = "user.update"
on = "other"
status = "suspended"
[[timeline]]
do = "clock.advance"
minutes = 60
[[timeline]]
do = "user.delete"
on = "ann"
[expect]
absent = ["ann"]
"""
    assert check(timeline).exit is Exit.CONFORMANT


def test_but_what_it_changed_before_that_is(check):
    timeline = """
[[timeline]]
do = "user.create"
as = "other"
email = "other@example.net"
[[timeline]]
do = "customer.create"
as = "ann"
[[timeline]]
do = "customer.suspend"
as = "ann"
[[timeline]]
do = "clock.advance"
minutes = 60
[expect]
users = [{ as = "ann", status = "suspended" }]
"""
    report = check(timeline, mistakes=("suspends-all",))
    assert any(one.subject == "other@example.net" for one in findings(report))


def test_too_many_requests_are_a_warning(check):
    report = check("create", mistakes=("asks-often",))
    (finding,) = findings(report, "create")
    assert (finding.clause, finding.level, finding.expected) == ("CL-036", "should", "at most 8 requests")
    assert finding.actual == "31 requests"
    assert report.exit is Exit.CONFORMANT


def test_conduct_is_one_finding_for_all_scenarios(check):
    report = check("create", "create-twice", "delete", mistakes=("token-in-url",), conduct=CLAUSES)
    (finding,) = [one for one in findings(report, "cl-002") if one.subject == "listUsers"]
    assert finding.question == "create, create-twice and 1 more"
    assert "t" * 30 not in repr(report)
    assert "access_token=***" in finding.request


def test_conduct_that_a_scenario_cites_fails_the_scenario(check):
    report = check("passwords-differ", "create-three-customers", mistakes=("one-password",))
    outcomes = {one.rule: one.outcome for one in report.results}
    assert outcomes == {"passwords-differ": Outcome.FAIL, "create-three-customers": Outcome.PASS}


def test_conduct_of_logins_is_not_judged_without_logins(check):
    report = check("create", steps={"create": CustomerSystem().steps["create"]}, conduct=CLAUSES)
    skipped = {one.rule for one in report.results if one.outcome is Outcome.SKIP}
    assert skipped == {"cl-051", "cl-052", "cl-053", "cl-054"}


@pytest.mark.parametrize(
    ("printed", "said"),
    [
        (b"", "nothing"),
        (b"https://solus.example/auth/by_token/abc", "https://solus.example/auth/by_token/***"),
        (b"Warning: x\nhttp://127.0.0.1/", "Warning: x\nhttp://127.0.0.1/"),
    ],
)
def test_what_is_no_login_link_is_shown_without_secrets(check, printed, said):
    steps = {**CustomerSystem().steps, "login": Says(printed)}
    (finding,) = findings(check("login", steps=steps), "login")
    assert (finding.clause, finding.actual) == ("SSO-010", said)


def test_a_link_may_be_a_member_of_an_object(check):
    login = CustomerSystem().steps["login"]
    steps = {**CustomerSystem().steps, "login": Calls(lambda job: b'{"url": "%s"}' % login.run(job))}
    assert check("login", "login-twice", steps=steps).exit is Exit.CONFORMANT


# Certificates


def test_a_client_that_verifies_certificates_passes(check):
    report = check("create", "login", authority=Authority(), certificate=True)
    assert {one.rule: one.outcome for one in report.results} == {
        "create": Outcome.PASS,
        "login": Outcome.PASS,
        "certificate": Outcome.PASS,
    }


def test_one_that_does_not_is_caught_by_both_servers(check):
    class Trusting(Step):
        def run(self, job):
            return super().run(dataclasses.replace(job, ca_file=None))

    steps = {name: Trusting(CustomerSystem(), name) for name in CustomerSystem().steps}
    report = check("create", steps=steps, authority=Authority(), certificate=True, jobs=2)
    flaws = [(one.clause, one.subject) for one in findings(report, "certificate")]
    assert flaws == [
        ("CL-008", "a certificate of an unknown authority"),
        ("CL-008", "a certificate for another host"),
    ]


def test_one_that_calls_another_url_is_undecided(check):
    step = CustomerSystem().steps["create"]
    first = []

    def create(job):
        first.append(job.solusio_url)
        return step.run(dataclasses.replace(job, solusio_url=first[0]))

    report = check("create", steps={"create": Calls(create)}, authority=Authority(), certificate=True)
    (result,) = [one for one in report.results if one.rule == "certificate"]
    assert (result.outcome, result.reason) == (
        Outcome.ERROR,
        "the billing system did not call the URL that it was given",
    )


def test_without_tls_certificates_are_skipped(check):
    report = check("create", certificate=True)
    assert {one.rule: one.reason for one in report.results} == {
        "create": "",
        "certificate": "--tls is not given",
    }
