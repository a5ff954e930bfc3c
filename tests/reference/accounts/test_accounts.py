"""The life of a customer's SolusIO user, against a mock over HTTP."""

import httpx
import pytest

from solusio_reference.accounts.accounts import AccountError
from solusio_reference.accounts.wanted import Profile, WantedAccounts
from solusio_reference.solusio.responses import User

ANN = "ann@example.com"


def test_a_customer_gets_one_user(accounts, users):
    made = accounts.ensure(7, Profile(ANN))
    assert users() == [(7, ANN, "active")]
    assert (made.customer_id, made.email, made.status) == (7, ANN, "active")
    assert made.solusio_user_id is not None
    assert accounts.find(7) == made
    assert accounts.find(8) is None


def test_repeating_a_call_changes_nothing(accounts, users, requests):
    made = accounts.ensure(7, Profile(ANN))
    requests()
    assert accounts.ensure(7, Profile(ANN)) == made
    assert requests() == ["GET 200"]
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


def test_a_status_that_we_do_not_know_stays(accounts, solusio, requests):
    made = accounts.ensure(7, Profile(ANN))
    body = {"data": {"id": made.solusio_user_id, "email": ANN, "status": "frozen", "billing_user_id": 7}}
    fault = {"kind": "status", "status": 200, "body": body, "operation": "getUser", "times": None}
    solusio.client.post(f"{solusio.url}/_mock/faults", json=fault).raise_for_status()
    requests()
    assert accounts.unlock(7).solusio_status == "frozen"
    assert requests() == ["GET 200"]


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
