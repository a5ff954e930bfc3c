"""Pending changes and the stored accounts."""

from dataclasses import replace

import pytest

from solusio_reference.accounts.accounts import Accounts
from solusio_reference.accounts.wanted import Account, Profile, WantedAccounts
from solusio_reference.errors import StoreError
from solusio_reference.solusio.client import SolusioError

ANN = "ann@example.com"


# Sync


def test_sync_applies_all_pending_changes(accounts, users, solusio, database, requests):
    wanted = WantedAccounts(database)
    for number in range(1, 6):
        accounts.ensure(number, Profile(f"user{number}@example.com"))
    accounts.lock(4)
    solusio.call("DELETE", f"users/{accounts.find(1).solusio_user_id}")
    solusio.call("PUT", f"users/{accounts.find(2).solusio_user_id}", {"email": "eve@example.com"})
    wanted.change(3, lambda noted: replace(noted, removed=True))
    wanted.set_profiles([(6, Profile("user6@example.com")), (5, Profile("five@example.com"))])
    requests()
    results = list(accounts.sync())
    assert [(account.customer_id, account.status, problem) for account, problem in results] == [
        (1, "active", None),
        (2, "active", None),
        (3, "removed", None),
        (4, "locked", None),
        (5, "active", None),
        (6, "active", None),
    ]
    assert sorted(users()) == [
        (1, "user1@example.com", "active"),
        (2, "user2@example.com", "active"),
        (4, "user4@example.com", "locked"),
        (5, "five@example.com", "active"),
        (6, "user6@example.com", "active"),
    ]
    solusio.journal.clear()
    # The second sync only reads one page of all users.
    assert all(problem is None for _, problem in accounts.sync())
    assert requests() == ["GET 200"]


def test_a_conflict_of_one_customer_does_not_hold_up_the_others(accounts, users, solusio, database):
    solusio.create_user(email="user2@example.com")
    emails = {number: f"user{number}@example.com" for number in (1, 2, 3)}
    WantedAccounts(database).set_profiles((number, Profile(email)) for number, email in emails.items())
    results = list(accounts.sync())
    assert [problem is None for _, problem in results] == [True, False, True]
    assert "adopt the user" in results[1][1].message
    assert [user[0] for user in users()] == [1, 3]
    # The change stays pending: it is applied once the conflict is resolved.
    assert [problem for _, problem in accounts.sync(adopt=True)] == [None] * 3
    assert sorted(user[0] for user in users()) == [1, 2, 3]


def test_sync_stops_when_solusio_fails(accounts, solusio, database, requests):
    emails = {number: f"user{number}@example.com" for number in range(1, 50)}
    WantedAccounts(database).set_profiles((number, Profile(email)) for number, email in emails.items())
    fault = {"kind": "status", "status": 403, "operation": "createUser", "times": None}
    solusio.client.post(f"{solusio.url}/_mock/faults", json=fault).raise_for_status()
    requests()
    with pytest.raises(SolusioError, match="answers 403"):
        list(accounts.sync())
    assert requests().count("POST 403") == 1


def test_sync_reports_two_users_with_one_billing_user_id(accounts, solusio):
    made = accounts.ensure(7, Profile(ANN))
    page = {
        "data": [
            {"id": number, "email": ANN, "status": "active", "billing_user_id": 7}
            for number in (made.solusio_user_id, 999)
        ],
        "links": {"next": None},
    }
    fault = {"kind": "status", "status": 200, "body": page, "operation": "listUsers"}
    solusio.client.post(f"{solusio.url}/_mock/faults", json=fault).raise_for_status()
    [(_, problem)] = accounts.sync()
    assert "and 999 all have the billing_user_id 7" in problem.message


# The stored accounts


def test_accounts_are_ordered_by_customer(database):
    wanted = WantedAccounts(database)
    wanted.set_profiles((number, Profile(ANN)) for number in (30, 4, 100))
    assert [account.customer_id for account in wanted.all()] == [4, 30, 100]


def test_setting_addresses_is_all_or_nothing(database):
    wanted = WantedAccounts(database)
    with pytest.raises(ValueError, match=r"expected an e-mail address such as .*, got 'nobody'"):
        wanted.set_profiles([(4, Profile(ANN)), (5, Profile("nobody"))])
    assert wanted.all() == []


def test_setting_an_address_restores_a_removed_account_and_keeps_a_suspension(database):
    wanted = WantedAccounts(database)
    wanted.set_profiles([(4, Profile(ANN)), (5, Profile(ANN))])
    wanted.change(4, lambda noted: Account(4, noted.email, solusio_user_id=9, suspended=True))
    wanted.change(5, lambda noted: Account(5, noted.email, solusio_user_id=10, suspended=True, removed=True))
    wanted.set_profiles([(4, Profile("a@b.c")), (5, Profile("d@e.f"))])
    assert [(one.email, one.solusio_user_id, one.status) for one in wanted.all()] == [
        ("a@b.c", 9, "suspended"),
        ("d@e.f", 10, "active"),
    ]


def test_a_later_change_is_not_reverted(database):
    wanted = WantedAccounts(database)
    before, after = wanted.change(7, lambda _: Account(7, ANN))
    assert before is None
    wanted.change(7, lambda _: Account(7, "ann@example.org"))
    wanted.revert(before, after)
    assert wanted.get(7) == Account(7, "ann@example.org")


def test_a_database_that_fails_is_a_store_error(database, api):
    accounts = Accounts(database, api)
    with database.writing() as connection:
        connection.exec_driver_sql("DROP TABLE solusio_accounts")
    with pytest.raises(StoreError, match="no such table"):
        accounts.ensure(7, Profile(ANN))
