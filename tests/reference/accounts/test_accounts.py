"""The life of a customer's SolusIO user, against a mock over HTTP."""

from dataclasses import replace

import httpx
import pytest

from solusio_reference.accounts.accounts import AccountError, Accounts
from solusio_reference.accounts.wanted import Account, Profile, WantedAccounts
from solusio_reference.errors import StoreError
from solusio_reference.solusio.client import SolusioClient, SolusioError
from solusio_reference.solusio.responses import User
from solusio_reference.storage.database import Database

ANN = "ann@example.com"


@pytest.fixture
def api(solusio):
    with SolusioClient(solusio.url, solusio.admin_token, sleep=lambda _: None) as client:
        yield client


@pytest.fixture
def database(tmp_path):
    with Database.at(str(tmp_path / "billing.db")) as opened:
        yield opened


@pytest.fixture
def accounts(database, api):
    return Accounts(database, api)


@pytest.fixture
def users(solusio):
    """Return a function that lists the SolusIO users of customers."""

    def look():
        return [
            (user["billing_user_id"], user["email"], user["status"])
            for user in solusio.call("GET", "users?per_page=100")
            if user["billing_user_id"] is not None
        ]

    return look


def requests(solusio):
    """Return the requests since the last call."""
    found = [f"{entry.method} {entry.status}" for entry in solusio.journal.read() if entry.kind == "api"]
    solusio.journal.clear()
    return found


def test_a_customer_gets_one_user(accounts, users):
    made = accounts.ensure(7, Profile(ANN))
    assert users() == [(7, ANN, "active")]
    assert (made.customer_id, made.email, made.status) == (7, ANN, "active")
    assert made.solusio_user_id is not None
    assert accounts.find(7) == made
    assert accounts.find(8) is None


def test_repeating_a_call_changes_nothing(accounts, users, solusio):
    made = accounts.ensure(7, Profile(ANN))
    requests(solusio)
    assert accounts.ensure(7, Profile(ANN)) == made
    assert requests(solusio) == ["GET 200"]
    assert users() == [(7, ANN, "active")]


def test_an_address_is_edited(accounts, users):
    made = accounts.ensure(7, Profile(ANN))
    assert accounts.edit(7, Profile("ann@example.org")).solusio_user_id == made.solusio_user_id
    assert users() == [(7, "ann@example.org", "active")]
    # ensure does the same.
    accounts.ensure(7, Profile("ann@example.net"))
    assert users() == [(7, "ann@example.net", "active")]


def test_another_spelling_of_the_address_is_sent(accounts, users):
    accounts.ensure(7, Profile(ANN))
    accounts.edit(7, Profile("Ann@Example.com"))
    assert users() == [(7, "Ann@Example.com", "active")]


@pytest.mark.parametrize(
    ("steps", "status"),
    [
        (["lock"], "locked"),
        (["lock", "lock"], "locked"),
        (["lock", "unlock"], "active"),
        (["unlock"], "active"),
        (["suspend"], "suspended"),
        (["suspend", "suspend", "unsuspend"], "active"),
        (["unsuspend"], "active"),
        # A lock is the first step against a customer who does not pay, a suspension the next.
        (["suspend", "unlock"], "suspended"),
        (["lock", "unsuspend"], "locked"),
        (["lock", "suspend"], "suspended"),
        (["suspend", "lock"], "suspended"),
        (["suspend", "lock", "unsuspend"], "locked"),
        (["lock", "suspend", "unlock", "unsuspend"], "active"),
    ],
)
def test_locking_and_suspending(accounts, users, steps, status):
    accounts.ensure(7, Profile(ANN))
    for step in steps:
        account = getattr(accounts, step)(7)
    assert account.status == status
    assert users() == [(7, ANN, status)]


def test_the_servers_of_a_suspended_customer_are_suspended(accounts, solusio):
    server = solusio.create_server(user=accounts.ensure(7, Profile(ANN)).solusio_user_id)
    accounts.suspend(7)
    solusio.settle()
    assert solusio.call("GET", f"servers/{server['id']}")["is_suspended"]
    accounts.unsuspend(7)
    solusio.settle()
    assert not solusio.call("GET", f"servers/{server['id']}")["is_suspended"]


def test_a_customer_is_removed_and_stays_removed(accounts, users):
    accounts.ensure(7, Profile(ANN))
    assert accounts.remove(7).status == "removed"
    assert accounts.remove(7).solusio_user_id is None
    assert users() == []
    assert [(account.status, problem) for account, problem in accounts.sync()] == [("removed", None)]
    assert users() == []


def test_a_removed_customer_may_come_back(accounts, users):
    accounts.ensure(7, Profile(ANN))
    accounts.suspend(7)
    accounts.remove(7)
    assert accounts.ensure(7, Profile("ann@example.org")).status == "active"
    assert users() == [(7, "ann@example.org", "active")]


def test_a_customer_with_servers_is_not_removed_and_stays_unchanged(accounts, users, solusio):
    solusio.create_server(user=accounts.ensure(7, Profile(ANN)).solusio_user_id)
    accounts.suspend(7)
    with pytest.raises(AccountError, match="If they have servers, delete those first") as caught:
        accounts.remove(7)
    assert "they have 1 server" in str(caught.value)  # SolusIO's own message
    assert caught.value.status == 409
    assert users() == [(7, ANN, "suspended")]
    assert accounts.find(7).status == "suspended"


@pytest.mark.parametrize("step", ["lock", "unlock", "suspend", "unsuspend", "remove", "login_link"])
def test_a_customer_who_never_had_a_user(accounts, users, step):
    with pytest.raises(AccountError, match=r"^customer 7 has never had a SolusIO user$"):
        getattr(accounts, step)(7)
    assert accounts.find(7) is None
    assert users() == []


@pytest.mark.parametrize("step", ["lock", "unlock", "suspend", "unsuspend", "login_link"])
def test_a_customer_who_was_removed(accounts, users, step):
    accounts.ensure(7, Profile(ANN))
    accounts.remove(7)
    with pytest.raises(AccountError, match=r"^the SolusIO user of customer 7 was removed$"):
        getattr(accounts, step)(7)
    assert users() == []


@pytest.mark.parametrize(
    "email", ["", "ann", "@example.com", "ann@", "a b@example.com", "a@b@c", "a\n@b.c", "\ud800@b"]
)
def test_an_invalid_address(accounts, users, email):
    accounts.ensure(7, Profile(ANN))
    for change in (accounts.ensure, accounts.edit):
        with pytest.raises(ValueError, match="expected an e-mail address"):
            change(7, Profile(email))
    assert accounts.find(7).email == ANN
    assert users() == [(7, ANN, "active")]


# Finding users


def test_a_user_deleted_in_solusio_is_created_again(accounts, users, solusio):
    accounts.ensure(7, Profile(ANN))
    accounts.lock(7)
    solusio.call("DELETE", f"users/{accounts.find(7).solusio_user_id}")
    accounts.ensure(7, Profile(ANN))
    assert users() == [(7, ANN, "locked")]


def test_an_address_changed_in_solusio_is_changed_back(accounts, users, solusio):
    made = accounts.ensure(7, Profile(ANN))
    solusio.call("PUT", f"users/{made.solusio_user_id}", {"email": "eve@example.com"})
    accounts.ensure(7, Profile(ANN))
    assert users() == [(7, ANN, "active")]


def test_a_user_reactivated_in_solusio_is_restricted_again(accounts, users, solusio):
    made = accounts.ensure(7, Profile(ANN))
    accounts.suspend(7)
    solusio.call("PUT", f"users/{made.solusio_user_id}", {"status": "active"})
    assert [problem for _, problem in accounts.sync()] == [None]
    assert users() == [(7, ANN, "suspended")]


# What staff did in SolusIO


@pytest.fixture
def restricted(accounts, solusio):
    """Return a function that gives customer 7 a status in SolusIO itself."""
    made = accounts.ensure(7, Profile(ANN))

    def restrict(status):
        solusio.call("PUT", f"users/{made.solusio_user_id}", {"status": status})

    return restrict


@pytest.mark.parametrize("status", ["locked", "suspended"])
def test_a_restriction_made_in_solusio_stays(accounts, users, restricted, status):
    restricted(status)
    accounts.ensure(7, Profile(ANN))
    account = accounts.edit(7, Profile("ann@example.org"))
    accounts.login_link(7)
    [(_, problem)] = accounts.sync()
    assert problem.message == (
        f"the user is {status} in SolusIO, where somebody else did that: do the same here, or lift it with "
        "`unlock` or `unsuspend`"
    )
    assert users() == [(7, "ann@example.org", status)]
    assert (account.status, account.solusio_status, account.restricted_by_others) == ("active", status, True)


@pytest.mark.parametrize(
    ("status", "steps", "after"),
    [
        ("locked", ["unlock"], "active"),
        ("locked", ["unsuspend"], "locked"),
        ("suspended", ["unsuspend"], "active"),
        ("suspended", ["unlock"], "suspended"),
        ("suspended", ["lock"], "suspended"),
        ("suspended", ["lock", "unlock"], "suspended"),
        ("suspended", ["lock", "unsuspend"], "locked"),
        ("suspended", ["suspend", "unsuspend"], "active"),
        ("locked", ["suspend"], "suspended"),
        ("locked", ["lock", "suspend", "unsuspend"], "locked"),
    ],
)
def test_a_restriction_made_in_solusio_is_lifted_only_by_name(
    accounts, users, restricted, status, steps, after
):
    restricted(status)
    for step in steps:
        account = getattr(accounts, step)(7)
    assert users() == [(7, ANN, after)]
    assert account.solusio_status == after
    assert account.restricted_by_others == (account.status != after)


def test_a_status_that_we_do_not_know_stays(accounts, solusio):
    made = accounts.ensure(7, Profile(ANN))
    body = {"data": {"id": made.solusio_user_id, "email": ANN, "status": "frozen", "billing_user_id": 7}}
    fault = {"kind": "status", "status": 200, "body": body, "operation": "getUser", "times": None}
    solusio.client.post(f"{solusio.url}/_mock/faults", json=fault).raise_for_status()
    requests(solusio)
    assert accounts.unlock(7).solusio_status == "frozen"
    assert requests(solusio) == ["GET 200"]


# Staff


@pytest.fixture
def staff(solusio):
    """Create an administrator with Ann's address; return their id."""
    roles = {role["name"]: role["id"] for role in solusio.call("GET", "roles")}
    return solusio.create_user(email=ANN, roles=[roles["ADMIN"]])["id"]


def test_an_administrator_is_never_adopted(accounts, staff, solusio):
    with pytest.raises(AccountError, match="and is an administrator: change one of the addresses"):
        accounts.ensure(7, Profile(ANN), adopt=True)
    assert solusio.call("GET", f"users/{staff}")["billing_user_id"] is None


@pytest.mark.parametrize("step", ["lock", "suspend", "remove", "login_link"])
@pytest.mark.parametrize("known", [True, False])
def test_an_administrator_is_never_a_customer(accounts, staff, solusio, database, step, known):
    """For example after somebody entered a customer's number with the wrong account."""
    solusio.call("PUT", f"users/{staff}", {"billing_user_id": 7})
    wanted = WantedAccounts(database)
    wanted.set_profiles([(7, Profile(ANN))])
    if known:
        wanted.record_user(wanted.get(7), User(staff, ANN, "active", 7))
    before = solusio.call("GET", f"users/{staff}")
    requests(solusio)
    with pytest.raises(AccountError, match="has the billing_user_id 7 and is an administrator"):
        getattr(accounts, step)(7)
    assert {request.partition(" ")[0] for request in requests(solusio)} == {"GET"}
    assert solusio.call("GET", f"users/{staff}") == before


def test_the_stored_id_is_checked(accounts, users, solusio, database):
    """For example after a new installation of SolusIO: the id belongs to another user now."""
    made = accounts.ensure(7, Profile(ANN))
    other = solusio.create_user(email="bob@example.com", billing_user_id=8)
    WantedAccounts(database).record_user(made, User(other["id"], ANN, "active"))
    accounts.suspend(7)
    assert users() == [(7, ANN, "suspended"), (8, "bob@example.com", "active")]
    assert accounts.find(7).solusio_user_id == made.solusio_user_id


@pytest.mark.parametrize("kind", ["knows the filter", "ignores it", "refuses it"])
def test_without_a_stored_id_the_user_is_found_by_billing_user_id(
    solusio, users, tmp_path, api, accounts, kind, monkeypatch
):
    accounts.ensure(7, Profile(ANN))
    for number in range(20, 40):
        api.create_user(f"user{number}@example.com", number)
    monkeypatch.setattr("solusio_reference.solusio.client.USERS_PER_PAGE", 5)
    if kind == "refuses it":
        fault = {"kind": "status", "status": 422, "operation": "listUsers"}
        solusio.client.post(f"{solusio.url}/_mock/faults", json=fault).raise_for_status()
    elif kind == "ignores it":
        listing = api.users
        monkeypatch.setattr(api, "users", lambda **filters: listing(search=filters.get("search")))
    with Database.at(str(tmp_path / "new.db")) as empty:
        found = Accounts(empty, api).ensure(7, Profile("ann@example.org"))
    assert found.solusio_user_id == accounts.find(7).solusio_user_id
    assert users()[0] == (7, "ann@example.org", "active")
    assert len(users()) == 21


def test_two_users_of_one_customer_are_a_conflict(accounts, solusio, users):
    accounts.ensure(7, Profile(ANN))
    page = {
        "data": [
            {"id": number, "email": f"{number}@example.com", "status": "active", "billing_user_id": 8}
            for number in (21, 20)
        ],
        "links": {"next": None},
    }
    fault = {"kind": "status", "status": 200, "body": page, "operation": "listUsers", "times": None}
    solusio.client.post(f"{solusio.url}/_mock/faults", json=fault).raise_for_status()
    with pytest.raises(AccountError, match=r"^the SolusIO users 20 and 21 all have the billing_user_id 8"):
        accounts.ensure(8, Profile("bob@example.com"))
    # No user was created, and the change stays pending until the conflict is resolved.
    solusio.client.delete(f"{solusio.url}/_mock/faults").raise_for_status()
    assert [user[0] for user in users()] == [7]
    assert accounts.find(8).solusio_user_id is None


# Taken addresses


def test_an_address_of_another_customer(accounts, users):
    accounts.ensure(7, Profile(ANN))
    with pytest.raises(
        AccountError, match=r"ann@example\.com of customer 8, and belongs to customer 7\."
    ) as caught:
        accounts.ensure(8, Profile("ANN@example.com".replace("ANN", "ann")))
    assert "change one of them" in str(caught.value)
    assert accounts.find(8) is None
    assert users() == [(7, ANN, "active")]


def test_adopting_does_not_take_a_user_from_another_customer(accounts, users):
    accounts.ensure(7, Profile(ANN))
    with pytest.raises(AccountError, match="belongs to customer 7"):
        accounts.ensure(8, Profile(ANN), adopt=True)
    assert users() == [(7, ANN, "active")]


def test_editing_to_an_address_of_another_customer_changes_nothing(accounts, users):
    accounts.ensure(7, Profile(ANN))
    accounts.ensure(8, Profile("bob@example.com"))
    with pytest.raises(AccountError, match="belongs to customer 7"):
        accounts.edit(8, Profile(ANN))
    assert accounts.find(8).email == "bob@example.com"
    assert users() == [(7, ANN, "active"), (8, "bob@example.com", "active")]


def test_a_user_who_belongs_to_nobody_is_adopted_only_on_request(accounts, users, solusio):
    theirs = solusio.create_user(email="Ann@Example.com")
    with pytest.raises(AccountError, match=f"^SolusIO user {theirs['id']} has the address .*adopt the user"):
        accounts.ensure(7, Profile(ANN))
    assert users() == []
    assert accounts.find(7) is None
    adopted = accounts.ensure(7, Profile(ANN), adopt=True)
    assert adopted.solusio_user_id == theirs["id"]
    assert users() == [(7, ANN, "active")]


def test_a_similar_address_is_not_mistaken_for_the_same(accounts, users, solusio):
    solusio.create_user(email="joann@example.com")
    solusio.create_user(email="ann@example.com.au")
    solusio.create_user(email=ANN)
    with pytest.raises(AccountError, match=r"has the address ann@example\.com of customer 7"):
        accounts.ensure(7, Profile(ANN))
    accounts.ensure(7, Profile(ANN), adopt=True)
    assert users() == [(7, ANN, "active")]


def test_another_refusal_is_reported_unchanged(accounts):
    # The mock takes no id that JSON libraries cannot read.
    with pytest.raises(SolusioError, match="billing_user_id: The billing user id must not be"):
        accounts.ensure(10**17, Profile(ANN))
    assert accounts.find(10**17) is None


# Login links


def test_a_login_link_logs_this_customer_in(accounts):
    accounts.ensure(7, Profile(ANN))
    accounts.ensure(8, Profile("bob@example.com"))
    with httpx.Client(follow_redirects=True) as browser:
        page = browser.get(accounts.login_link(7))
    assert page.status_code == 200
    assert ANN in page.text
    assert "bob@example.com" not in page.text


def test_each_login_link_is_new(accounts):
    accounts.ensure(7, Profile(ANN))
    assert accounts.login_link(7) != accounts.login_link(7)


def test_a_login_link_never_belongs_to_another_customer(accounts, database):
    made = accounts.ensure(7, Profile(ANN))
    accounts.ensure(8, Profile("bob@example.com"))
    WantedAccounts(database).record_user(made, User(accounts.find(8).solusio_user_id, ANN, "active"))
    with httpx.Client(follow_redirects=True) as browser:
        assert ANN in browser.get(accounts.login_link(7)).text


@pytest.mark.parametrize(("step", "status"), [("lock", "locked"), ("suspend", "suspended")])
def test_locked_and_suspended_customers_can_log_in_and_read_why(accounts, step, status):
    accounts.ensure(7, Profile(ANN))
    getattr(accounts, step)(7)
    with httpx.Client(follow_redirects=True) as browser:
        assert f"Your account is {status}." in browser.get(accounts.login_link(7)).text


# Sync


def test_sync_applies_all_pending_changes(accounts, users, solusio, database):
    wanted = WantedAccounts(database)
    for number in range(1, 6):
        accounts.ensure(number, Profile(f"user{number}@example.com"))
    accounts.lock(4)
    solusio.call("DELETE", f"users/{accounts.find(1).solusio_user_id}")
    solusio.call("PUT", f"users/{accounts.find(2).solusio_user_id}", {"email": "eve@example.com"})
    wanted.change(3, lambda noted: replace(noted, removed=True))
    wanted.set_profiles([(6, Profile("user6@example.com")), (5, Profile("five@example.com"))])
    requests(solusio)
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
    assert requests(solusio) == ["GET 200"]


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


def test_sync_stops_when_solusio_fails(accounts, solusio, database):
    emails = {number: f"user{number}@example.com" for number in range(1, 50)}
    WantedAccounts(database).set_profiles((number, Profile(email)) for number, email in emails.items())
    fault = {"kind": "status", "status": 403, "operation": "createUser", "times": None}
    solusio.client.post(f"{solusio.url}/_mock/faults", json=fault).raise_for_status()
    requests(solusio)
    with pytest.raises(SolusioError, match="answers 403"):
        list(accounts.sync())
    assert requests(solusio).count("POST 403") == 1


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
