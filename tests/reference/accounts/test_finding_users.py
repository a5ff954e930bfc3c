"""Which SolusIO user is a customer's, and which never is."""

import pytest

from solusio_reference.accounts.accounts import AccountError, Accounts
from solusio_reference.accounts.wanted import Profile, WantedAccounts
from solusio_reference.solusio.client import SolusioError
from solusio_reference.solusio.responses import User
from solusio_reference.storage.database import Database

ANN = "ann@example.com"


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
def test_an_administrator_is_never_a_customer(accounts, staff, solusio, database, step, known, requests):
    """For example after somebody entered a customer's number with the wrong account."""
    solusio.call("PUT", f"users/{staff}", {"billing_user_id": 7})
    wanted = WantedAccounts(database)
    wanted.set_profiles([(7, Profile(ANN))])
    if known:
        wanted.record_user(wanted.get(7), User(staff, ANN, "active", 7))
    before = solusio.call("GET", f"users/{staff}")
    requests()
    with pytest.raises(AccountError, match="has the billing_user_id 7 and is an administrator"):
        getattr(accounts, step)(7)
    assert {request.partition(" ")[0] for request in requests()} == {"GET"}
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
