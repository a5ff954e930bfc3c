"""Every scenario has power: a billing system with a mistake planted for it does not pass."""

from __future__ import annotations

import pytest

from mock_solusio.users.run import CustomerSystem, Settings, numbered, run
from solusio_contracts.reporting.report import Outcome
from solusio_contracts.users.scenario import load_scenarios
from support.customer_system import MISTAKES
from support.customer_system import CustomerSystem as Planted

PLANTED = {
    "no-number": "create customer-comes-back",
    "admin": "create create-three-customers user-deleted-by-hand",
    "empty-password": "create-two-at-one-moment name-in-arabic name-with-emoji",
    "one-password": "passwords-differ",
    "twice-fails": (
        "create-twice create-twice-at-one-moment mail-with-capitals mail-changes-twice name-changes"
        " user-of-the-customer-exists created-and-answer-cut created-and-html suspended-and-answer-lost"
        " suspend-twice lock-and-back"
    ),
    "defaults": ("language-of-the-customer limit-group-of-the-customer language-changes limit-group-changes"),
    "cuts-mail": "long-mail",
    "escapes": "mail-with-ampersand mail-with-apostrophe mail-with-umlaut",
    "unencoded": "mail-with-plus mail-with-percent",
    "int32": "number-near-2-31",
    "precision-14": "number-near-2-53",
    "no-update": (
        "mail-changes mail-changes-with-servers two-customers-swap-mails mail-changes-to-a-taken-one"
        " mail-change-lost"
    ),
    "mail-alone": (
        "mail-changes-and-back mail-changed-by-hand mail-swapped-by-hand user-exists-with-another-mail"
        " suspend-one-of-two-with-one-mail suspend-with-mail-of-staff login-after-mail-changed-by-hand"
    ),
    "first-row": "mail-changes-in-case similar-mail login-with-a-similar-mail lost-with-a-similar-mail",
    "update-activates": "mail-changes-of-a-locked mail-changes-of-a-suspended",
    "suspends-only": "lock lock-with-servers login-of-a-locked",
    "no-way-back": (
        "suspend-and-back lock-suspend-and-all-back lock-suspend-unsuspend suspend-with-servers-and-back"
        " unsuspend-while-down"
    ),
    "locks-only": "lock-then-suspend suspend suspend-with-servers suspend-two-at-one-moment",
    "no-suspend": "suspend-then-lock search-is-html",
    "suspends-all": "suspend-one-of-two",
    "create-activates": "order-of-a-suspended",
    "no-delete": "delete delete-a-suspended delete-one-of-two delete-with-servers deleted-and-answer-lost",
    "falls-back": (
        "suspend-without-a-user delete-twice delete-without-a-user deleted-by-hand-before"
        " suspend-after-deleted-by-hand login-after-deleted-by-hand login-without-a-user"
    ),
    "remembers": "user-deleted-by-hand customer-comes-back failed-before-created",
    "lasting-link": "login login-long-after-the-order",
    "kept-link": "login-twice login-after-a-while",
    "link-anyway": "login-answer-is-html login-answer-lost login-refused",
    "login-creates": "login-of-a-deleted",
    "login-of-admin": "two-clicks-at-one-moment two-customers-click-at-one-moment",
    "api-link": "login-of-a-suspended",
    "login-first-row": "login-of-the-second-with-one-mail login-with-mail-of-staff",
    "takes-over": "mail-of-a-stranger mail-of-another-customer mail-of-staff two-customers-with-one-mail",
    "creates-anyway": "mail-of-a-user-made-by-hand",
    "never-looks": "invalid created-and-502 created-and-cut created-and-timed-out",
    "reports-nothing": "suspend-refused suspend-while-down forbidden",
    "retries-at-once": "access-token-refused too-many-requests",
    "blind": "one-fails-of-two page-instead-of-creation",
    "unzips-nothing": "compressed-answer",
    "impatient": "slow-answer",
    "asks-often": "search-fails",
    "all-pages": "users-1001-create users-1001-find",
    "first-page": "mails-1001-alike",
}
"""The scenarios that must fail a billing system with one mistake; for each scenario there is one."""

SCENARIOS = {one.id: one for one in load_scenarios()}


def test_there_is_a_mistake_for_each_scenario():
    planted = {scenario for scenarios in PLANTED.values() for scenario in scenarios.split()}
    assert planted == set(SCENARIOS)


@pytest.mark.parametrize("mistake", PLANTED)
def test_a_scenario_fails_who_makes_its_mistake(mistake):
    chosen = numbered((SCENARIOS[one] for one in PLANTED[mistake].split()), 700_001)
    system = CustomerSystem(steps=Planted(frozenset({mistake})).steps, described=MISTAKES[mistake])
    report = run(system, chosen, Settings(access_token="t" * 30, jobs=2))
    passed = [one.rule for one in report.results if one.outcome not in (Outcome.FAIL, Outcome.WARN)]
    assert not passed, MISTAKES[mistake]
