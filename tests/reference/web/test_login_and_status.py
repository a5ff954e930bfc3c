"""The buttons of a customer: login to SolusIO, suspension and lock."""

import re

import httpx
import pytest

from mock_solusio.clock import Clock
from mock_solusio.moment import parse_moment
from mock_solusio.options import Options
from mock_solusio.testing import started
from solusio_reference.accounts.wanted import Profile
from solusio_reference.storage.customers import seed_demo
from support.billing_pages import billing_system


@pytest.fixture(scope="module")
def solusio():
    with started(Options(clock=Clock(parse_moment("2026-03-01T00:00:00Z"), speed=0), seed="pages")) as mock:
        yield mock


@pytest.fixture
def integrated(solusio):
    with billing_system(solusio.url, solusio.admin_token) as made:
        seed_demo(made.service.store)
        yield made


def test_the_login_button_creates_the_user_once_and_leads_to_the_user_area(integrated, solusio):
    first = integrated.post("/billing/customers/8/login")
    assert first.status_code == 303
    link = first.headers["location"]
    assert link.startswith(f"{solusio.url}/auth/by_token/")
    assert first.headers["referrer-policy"] == "no-referrer"
    assert first.headers["cache-control"] == "no-store"
    [user] = [one for one in solusio.call("GET", "users") if one["billing_user_id"] == 8]
    assert user["email"] == "customer-8@example.com"
    assert httpx.get(link).headers["location"] == "/"
    assert f"Active, user {user['id']}" in integrated.text("/billing/customers/8")

    second = integrated.post("/billing/customers/8/login")
    assert second.headers["location"] != link
    assert len([one for one in solusio.call("GET", "users") if one["billing_user_id"] == 8]) == 1


@pytest.mark.parametrize("step", ["lock", "suspend"])
def test_a_locked_or_suspended_customer_can_log_in(integrated, step):
    integrated.service.accounts.ensure(3, Profile("three@example.com"))
    account = getattr(integrated.service.accounts, step)(3)
    shown = f"{account.status.capitalize()}, user {account.solusio_user_id}"
    assert shown in integrated.text("/billing/customers/3")
    answer = integrated.post("/billing/customers/3/login")
    assert answer.status_code == 303
    assert (
        f"Your account is {account.status}."
        in httpx.get(answer.headers["location"], follow_redirects=True).text
    )


@pytest.fixture
def customer(integrated):
    """A customer whose user is active again after each test."""
    accounts = integrated.service.accounts
    accounts.ensure(4, Profile("four@example.com"))
    yield accounts
    accounts.unlock(4)
    accounts.unsuspend(4)


def account_shown(billing):
    shown = billing.text("/billing/customers/4")
    return re.sub(r" user \d+", "", shown.partition("SolusIO account ")[2].partition(" Log in to")[0])


@pytest.mark.usefixtures("customer")
def test_the_buttons_for_customers_who_do_not_pay(integrated):
    path = "/billing/customers/4"
    assert account_shown(integrated) == "Active, Lock Suspend"
    for step, shown in (
        ("lock", "Locked, Unlock Suspend"),
        (
            "suspend",
            "Suspended, Locked as well: the customer stays locked when the suspension ends. "
            "Unlock End suspension",
        ),
        ("unsuspend", "Locked, Unlock Suspend"),
        ("unlock", "Active, Lock Suspend"),
    ):
        answer = integrated.post(f"{path}/status", f"step={step}")
        assert (answer.status_code, answer.headers["location"]) == (303, path)
        assert account_shown(integrated) == shown


def test_the_page_shows_what_solusio_shows_and_reactivates_nobody(integrated, customer, solusio):
    user = f"users/{customer.find(4).solusio_user_id}"
    solusio.call("PUT", user, {"status": "suspended"})
    note = "Here, the customer is active: somebody else did this in SolusIO itself."
    assert account_shown(integrated) == f"Suspended, {note} Lock End suspension"
    assert integrated.post("/billing/customers/4/login").status_code == 303
    assert solusio.call("GET", user)["status"] == "suspended"
    integrated.post("/billing/customers/4/status", "step=unsuspend")
    assert account_shown(integrated) == "Active, Lock Suspend"
    assert solusio.call("GET", user)["status"] == "active"


def test_a_step_that_solusio_does_not_hear_of_is_pending(integrated, customer, solusio):
    fault = {"kind": "status", "status": 500, "times": None}
    solusio.client.post(f"{solusio.url}/_mock/faults", json=fault).raise_for_status()
    answer = integrated.post("/billing/customers/4/status", "step=lock")
    assert answer.status_code == 502
    assert "SolusIO was not changed" in answer.text
    assert account_shown(integrated) == (
        "Active, Here, the customer is locked. SolusIO does not know that yet. Unlock Suspend"
    )
    solusio.client.delete(f"{solusio.url}/_mock/faults").raise_for_status()
    assert [problem for account, problem in customer.sync() if account.customer_id == 4] == [None]
    assert account_shown(integrated) == "Locked, Unlock Suspend"


def test_without_a_response_the_page_shows_the_last_one(integrated, customer, solusio):
    customer.lock(4)
    fault = {"kind": "status", "status": 500, "times": None}
    solusio.client.post(f"{solusio.url}/_mock/faults", json=fault).raise_for_status()
    assert account_shown(integrated) == (
        "Locked, This is from the last time SolusIO was asked. Unlock Suspend"
    )
    solusio.client.delete(f"{solusio.url}/_mock/faults").raise_for_status()


@pytest.mark.parametrize(("body", "code"), [("step=delete", "The step must be"), ("", "Send step.")])
def test_an_unknown_step(integrated, body, code):
    answer = integrated.post("/billing/customers/4/status", body)
    assert answer.status_code == 400
    assert code in answer.text


def test_an_unreachable_solusio_is_reported_on_the_page(shop):
    answer = shop.post("/billing/customers/2/login")
    assert answer.status_code == 502
    assert "Login to SolusIO failed" in answer.text
    assert "Two discounts" in answer.text
    assert "secret" not in answer.text
