"""What the mock says about the billing endpoint, and what to do about it."""

import asyncio
import json
import socket

import pytest

from support.endpoint import endpoint
from support.pricing import VENDOR_EXAMPLE

JSON = {"Content-Type": "application/json"}


@pytest.fixture
def integrate(api):
    """Enable billing integration with a URL and an authorization token."""

    def enable(url: str, token: str = "") -> None:
        custom = {"url": url, "token": token}
        api.patch("settings", {"billing_integration": {"type": "custom", "drivers": {"custom": custom}}})

    return enable


def health(control):
    return control("GET", "/_mock/billing").json["data"]


def ask(mock, billing_user_id):
    async def asked():
        try:
            return await mock.prices.quote(billing_user_id)
        finally:
            await mock.prices.aclose()

    return asyncio.run(asked())


def test_before_anything_is_asked(control, integrate):
    off = health(control)
    assert (off["state"], off["url"], off["exchange"]) == ("off", None, None)
    assert "--billing-url" in off["advice"]
    integrate("http://ann:hunter2@billing.test/?token=s3cret-s3cret")
    unasked = health(control)
    assert (unasked["state"], unasked["url"]) == ("not-asked", "http://ann:***@billing.test/?token=***")


def test_a_price(mock, control, integrate):
    with endpoint(lambda _: (200, JSON, VENDOR_EXAMPLE)) as made:
        integrate(made.url, "s3cret-s3cret")
        quote = ask(mock, 7)
        assert (quote.reason, quote.advice) == ("", "")
        found = health(control)
    assert (found["state"], found["reason"], found["advice"]) == ("price", None, None)
    assert (found["billing_user_id"], found["price"]) == (7, "1.0812 GBP")
    assert found["exchange"]["request"]["body"] == "token=***&action=GetTokenPricing&userid=7"
    assert found["exchange"]["notes"] == ["User 7 pays 1.0812 GBP a token."]
    assert json.loads(found["exchange"]["response"]["body"])["user_token_unit_cost"] == 1.0812


@pytest.mark.parametrize(
    ("status", "body", "token", "state", "advice"),
    [
        (401, b"{}", "", "refused", "Set MOCK_SOLUSIO_TOKEN to its authorization token"),
        (403, b"{}", "wrong-wrong", "refused", "MOCK_SOLUSIO_TOKEN to the authorization token it expects"),
        (404, b"{}", "", "no-price", "mock-solusio check "),
        (500, b"{}", "", "no-price", "mock-solusio check "),
        (200, b"<html>", "", "no-price", "--user-id 7"),
    ],
)
def test_an_answer_without_a_price(status, body, token, state, advice, mock, control, integrate):
    with endpoint(lambda _: (status, JSON, body)) as made:
        integrate(made.url, token)
        quote = ask(mock, 7)
        found = health(control)
    assert found["state"] == state
    assert advice in found["advice"]
    assert (quote.reason, quote.advice) == (found["reason"], found["advice"])
    assert found["exchange"]["notes"] == [f"No price for user 7: {found['reason']}"]


def test_nobody_there(mock, control, integrate):
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
    integrate(f"http://127.0.0.1:{port}/")
    ask(mock, 7)
    found = health(control)
    assert (found["state"], found["exchange"]["status"]) == ("unreachable", None)
    assert found["reason"] == "The billing endpoint refuses connections."


def test_the_latest_answer_is_that_of_the_present_settings(mock, control, integrate):
    with endpoint(lambda _: (200, JSON, VENDOR_EXAMPLE)) as made:
        integrate(made.url)
        ask(mock, 7)
        integrate(f"{made.url}/other")
    assert health(control)["state"] == "not-asked"


def test_the_exchange_may_have_left_the_journal(mock, control, integrate):
    with endpoint(lambda _: (200, JSON, VENDOR_EXAMPLE)) as made:
        integrate(made.url)
        ask(mock, 7)
    mock.journal.clear()
    assert (health(control)["state"], health(control)["exchange"]) == ("price", None)


def test_the_first_customer(mock, api):
    assert mock.prices.first_customer() is None
    for number in range(120):
        api.create("users", email=f"nobody{number}@example.com")
    api.create("users", email="ann@example.com", billing_user_id=70)
    api.create("users", email="ben@example.com", billing_user_id=7)
    assert mock.prices.first_customer() == 70


def test_a_user_without_an_id_is_not_asked_for(mock, integrate):
    integrate("http://127.0.0.1:9/")
    assert "billing_user_id" in ask(mock, None).reason
