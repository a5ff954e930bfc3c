"""The servers of a customer: pages and search of the list, and the page of one server."""

import json
import re
from typing import Any

import pytest

from mock_solusio.billing.advice import CustomerQuote
from mock_solusio.domain.prices import parse_pricing
from mock_solusio.moment import HOUR, MINUTE

EUROS = {
    "user_token_unit_cost": 0.00091,
    "currency": {
        "code": "EUR",
        "display_suffix": " €",
        "thousands_separator": ".",
        "decimals_separator": ",",
    },
}


@pytest.fixture
def user(api: Any) -> dict[str, Any]:
    return dict(api.post("users", {"email": "ada@example.com", "billing_user_id": 42}).data)


@pytest.fixture
def inside(browser: Any, api: Any, user: dict[str, Any]) -> Any:
    """The browser of that customer, logged in."""
    log_in(browser, api, user)
    return browser


def log_in(browser: Any, api: Any, user: dict[str, Any]) -> None:
    secret = api.post(f"users/{user['id']}/tokens", {"is_one_time": True}).data["access_token"]
    assert browser.open(f"/auth/by_token/{secret}").status_code == 200


@pytest.fixture
def euros(mock: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    """A billing endpoint that sells a token for 0.00091 €."""
    price = CustomerQuote(parse_pricing(json.dumps(EUROS).encode()), "", "")

    async def priced(_billing_user_id: int | None) -> CustomerQuote:
        return price

    monkeypatch.setattr(mock.prices, "quote", priced)


def create(mock: Any, api: Any, user: dict[str, Any], name: str, plan: int = 0) -> dict[str, Any]:
    body = {
        "name": name,
        "plan": api.get("plans").data[plan]["id"],
        "location": api.get("locations").data[0]["id"],
        "os": api.get("os_images").data[0]["versions"][0]["id"],
        "user": user["id"],
    }
    made = dict(api.post("servers", body).data)
    mock.clock.advance(MINUTE)
    return made


def words(text: str) -> str:
    return " ".join(re.sub(r"<[^>]*>", " ", text).split())


def shown(page: str) -> list[str]:
    return re.findall(r'<h3><a href="/servers/\d+">([^<]*)</a>', page)


# The list


def test_many_servers_are_split_into_pages_that_link_to_each_other(mock, inside, api, user):
    names = [f"web{number}.example.com" for number in range(50)]
    for name in names:
        create(mock, api, user, name)
    first, second, last = (inside.open(path).text for path in ("/", "/?page=2", "/?page=3"))
    assert shown(first) + shown(second) + shown(last) == names
    assert 'rel="prev"' not in first
    assert 'rel="next" href="/?page=2#servers"' in first
    assert 'rel="prev" href="/?page=1#servers"' in second
    assert 'rel="next"' not in last
    assert "Page 3 of 3" in last
    for path in ("/?page=99", f"/?page={'9' * 40}"):
        assert shown(inside.open(path).text) in (shown(last), shown(first)), path


def test_servers_are_found_by_name_and_address_and_only_ones_own(mock, inside, api, user):
    stranger = api.post("users", {"email": "eve@example.com"}).data
    foreign = create(mock, api, stranger, "shop-foreign")
    for name in ("shop-1", "mail-1", "<b>shop"):
        create(mock, api, user, name)
    own = api.get("servers").data[-1]
    assert shown(inside.open("/?q=SHOP").text) == ["shop-1", "&lt;b&gt;shop"]
    address = own["ip_addresses"]["ipv4"][0]["ip"]
    assert shown(inside.open(f"/?q={address}").text) == ["&lt;b&gt;shop"]
    others = next(one for one in api.get("servers").data if one["id"] == foreign["id"])
    page = inside.open(f"/?q={others['ip_addresses']['ipv4'][0]['ip']}").text
    assert shown(page) == []
    assert "No server matches" in page


def test_pages_of_a_search_keep_its_text(mock, inside, api, user):
    for number in range(30):
        create(mock, api, user, f"a & b {number}")
    page = inside.open("/?q=a+%26+b").text
    assert 'href="/?q=a+%26+b&amp;page=2#servers"' in page
    assert len(shown(inside.open("/?q=a+%26+b&page=2").text)) == 6


# One server


@pytest.mark.usefixtures("euros")
def test_a_server_with_specs_price_usage_and_tasks(mock, inside, api, user):
    made = create(mock, api, user, "web1")
    mock.clock.advance(9 * HOUR)  # in its tenth hour
    text = words(inside.open(f"/servers/{made['id']}").text)
    assert "web1 Running" in text
    assert "Specs 1 CPU core, 1 GiB memory," in text
    # 5,000 and 7 tokens of 0.00091
    assert "Price 4,55 € a month at most 0,00637 € an hour" in text
    # 10 started hours of 7 tokens: 70 x 0.00091 = 0.0637
    assert "Server 1 Core, 1 GB RAM 10 70 0,06 € So far 0,06 €" in text
    assert "Done Create" in text


def test_usage_is_that_of_this_month_and_of_this_server(mock, browser, api, user):
    create(mock, api, user, "other")
    made = create(mock, api, user, "web1")
    mock.clock.advance(40 * 24 * HOUR)
    log_in(browser, api, user)
    text = words(browser.open(f"/servers/{made['id']}").text)
    usage = api.get(f"usage?filter[user_id]={user['id']}").data
    (line,) = (one for one in usage if one["server_id"] == made["id"])
    assert f"RAM {line['hours']:,} {line['tokens']:,}" in text


def test_without_a_price_tokens_are_shown(mock, inside, api, user):
    made = create(mock, api, user, "web1")
    mock.clock.advance(HOUR)
    text = words(inside.open(f"/servers/{made['id']}").text)
    assert "Price not available 7 tokens an hour, 5,000 tokens a month" in text
    assert "not available So far 14 tokens" in text


def test_a_new_price_of_the_plan_does_not_change_what_a_server_costs(mock, inside, api, user):
    made = create(mock, api, user, "web1")
    plan = api.get("plans").data[0]
    api.put(f"plans/{plan['id']}", {**plan, "tokens_per_hour": 9, "tokens_per_month": 6000})
    text = words(inside.open(f"/servers/{made['id']}").text)
    assert "7 tokens an hour, 5,000 tokens a month" in text


def test_the_badge_says_when_a_suspension_is_still_in_progress(mock, inside, api, user):
    made = create(mock, api, user, "web1")
    api.post(f"servers/{made['id']}/suspend")
    path = f"/servers/{made['id']}"
    assert "web1 Being suspended" in words(inside.open(path).text)
    mock.clock.advance(MINUTE)
    text = words(inside.open(path).text)
    assert "web1 Suspended" in text
    assert "Delete" not in text


def test_the_server_of_somebody_else_does_not_exist(mock, inside, api):
    stranger = api.post("users", {"email": "eve@example.com"}).data
    foreign = create(mock, api, stranger, "secret-name")
    for key in (foreign["id"], 999, "abc", "9" * 40):
        answer = inside.open(f"/servers/{key}")
        assert answer.status_code == 404
        assert "secret-name" not in answer.text
