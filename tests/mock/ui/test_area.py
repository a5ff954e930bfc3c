"""The user area over HTTP: account, servers, plans with prices; nobody reaches what belongs to others."""

import json
import re
from collections.abc import Callable
from typing import Any

import pytest

from mock_solusio.billing.advice import CustomerQuote
from mock_solusio.domain.prices import Pricing, parse_pricing
from mock_solusio.moment import MINUTE
from support.pricing import vendor_example

EVIL = "<script>alert('x')</script>"

POUNDS = {**vendor_example(), "discounts": [], "taxes": []}


@pytest.fixture
def user(api: Any) -> dict[str, Any]:
    """A customer of the billing system."""
    return dict(api.post("users", {"email": "ada@example.com", "billing_user_id": 42}).data)


@pytest.fixture
def inside(browser: Any, api: Any, user: dict[str, Any]) -> Any:
    """The browser of that customer, logged in."""
    enter(browser, api, user)
    return browser


def enter(browser: Any, api: Any, user: dict[str, Any]) -> None:
    secret = api.post(f"users/{user['id']}/tokens", {"is_one_time": True}).data["access_token"]
    assert browser.open(f"/auth/by_token/{secret}").status_code == 200


def order(api: Any, **changes: str) -> dict[str, str]:
    """What the form for a new server sends."""
    return {
        "name": "web1.example.com",
        "plan": str(api.get("plans").data[0]["id"]),
        "location": str(api.get("locations").data[0]["id"]),
        "os": str(api.get("os_images").data[0]["versions"][0]["id"]),
        **changes,
    }


def create(browser: Any, api: Any, **changes: str) -> int:
    """Create a server through the form; return its id."""
    answer = browser.send("/servers/new", "/servers", order(api, **changes))
    assert answer.status_code == 303, answer.text
    return int(answer.headers["location"].partition("=")[2])


def sold(price: Pricing | None, asked: list[int | None]) -> Callable[[int | None], Any]:
    """Stand in for the billing endpoint."""

    async def answer(billing_user_id: int | None) -> CustomerQuote:
        asked.append(billing_user_id)
        return CustomerQuote(
            price, *(("The endpoint <is down>.", "Start it.") if price is None else ("", ""))
        )

    return answer


# Prices


def test_plans_show_the_prices_of_the_customer(mock, inside, api, monkeypatch):
    both, hourly, monthly, free = (
        api.post(
            "plans",
            {
                "name": name,
                "virtualization_type": "kvm",
                "storage_type": "fb",
                "image_format": "qcow2",
                "params": {"disk": 10, "ram": 512 * 1024 * 1024, "vcpu": 1},
                "tokens_per_hour": hour,
                "tokens_per_month": month,
            },
        ).data["name"]
        for name, hour, month in (
            ("Both", 7, 5000),
            ("Hourly", 3, 0),
            ("Monthly", 0, 1000),
            ("Gratis", 0, 0),
        )
    )
    asked: list[int | None] = []
    monkeypatch.setattr(mock.prices, "quote", sold(parse_pricing(json.dumps(POUNDS).encode()), asked))
    cards = plan_cards(inside.open("/").text)
    # 5000 x 1.0812 = 5406; 7 x 1.0812 = 7.5684, which keeps its digits; 3 x 1.0812 = 3.2436
    assert "£5,406.00 GBP a month at most £7.5684 GBP an hour" in cards[both]
    assert "£3.2436 GBP an hour" in cards[hourly]
    assert "a month" not in cards[hourly].partition("core")[0]
    assert "£1,081.20 GBP a month Charged for the whole month" in cards[monthly]
    assert "Free" in cards[free]
    assert "1 CPU core 512 MiB memory 10 GiB disk" in cards[both]
    assert "token" not in " ".join(cards.values()).lower()
    assert asked == [42]


def test_without_a_price_it_is_not_available_and_tokens_are_said(mock, inside, monkeypatch):
    monkeypatch.setattr(mock.prices, "quote", sold(None, []))
    cards = plan_cards(inside.open("/").text)
    assert "Price not available 7 tokens an hour, 5,000 tokens a month" in cards["1 Core, 1 GB RAM"]


@pytest.mark.parametrize("path", ["/", "/servers/new"])
def test_the_mock_says_why_there_is_no_price_in_a_box_of_its_own(path, mock, inside, monkeypatch):
    monkeypatch.setattr(mock.prices, "quote", sold(None, []))
    (box,) = re.findall(r'<aside class="mock-note".*?</aside>', inside.open(path).text, re.DOTALL)
    assert "Shown by the mock only" in box
    assert "This page shows no prices. The endpoint &lt;is down&gt;." in box
    assert "Start it." in box
    monkeypatch.setattr(mock.prices, "quote", sold(parse_pricing(json.dumps(POUNDS).encode()), []))
    assert "mock-note" not in inside.open(path).text


def test_a_fresh_mock_says_how_to_get_prices(inside):
    assert "Billing integration is off." in inside.open("/").text
    assert "--billing-url" in inside.open("/").text


def test_currency_format_of_the_endpoint_is_escaped(mock, inside, monkeypatch):
    bad = {**POUNDS, "currency": {**POUNDS["currency"], "display_prefix": "<b>"}}  # type: ignore[dict-item]
    monkeypatch.setattr(mock.prices, "quote", sold(parse_pricing(json.dumps(bad).encode()), []))
    text = inside.open("/").text
    assert "&lt;b&gt;5,406.00 GBP" in text
    assert "<b>" not in text


def test_hidden_plans_are_not_offered(inside, api):
    plan = api.get("plans").data[0]
    api.patch(f"plans/{plan['id']}", {"is_visible": False})
    assert plan["name"] not in plan_cards(inside.open("/").text)
    answer = inside.send("/servers/new", "/servers", order(api, plan=str(plan["id"])))
    assert answer.status_code == 422
    assert 'href="#plan"' in answer.text


def plan_cards(text: str) -> dict[str, str]:
    """Return what stands in each card of a plan, by its name, as plain text."""
    cards = re.findall(r'<li class="card plan">(.*?)<p class="actions">', text, re.DOTALL)
    plain = [" ".join(re.sub(r"<[^>]+>", " ", card).split()) for card in cards]
    names = [re.findall(r"<h3>(.*?)</h3>", card)[0] for card in cards]
    return dict(zip(names, plain, strict=True))


# Servers


def test_server_is_created_runs_and_is_deleted(mock, inside, api, user):
    assert "You have no servers yet." in inside.open("/").text
    server_id = create(inside, api)
    text = inside.open(f"/?created={server_id}").text
    assert "web1.example.com is being created." in text
    assert "In progress" in text
    seen = api.get(f"servers/{server_id}").data
    assert seen["user"]["id"] == user["id"]
    assert seen["ip_addresses"]["ipv4"][0]["ip"] in text
    assert "Additional IP addresses</dt>" in text
    mock.clock.advance(MINUTE)
    assert "web1.example.com was created." in inside.open(f"/?created={server_id}").text
    assert 'role="status"' not in inside.open(f"/?deleted={server_id}").text
    text = inside.open("/").text
    assert "Running" in text
    assert "In progress" not in text
    question = inside.open(f"/servers/{server_id}/delete")
    assert "Delete web1.example.com?" in question.text
    assert api.get(f"servers/{server_id}").status == 200, "asking alone deletes nothing"
    answer = inside.send(question, f"/servers/{server_id}/delete")
    assert (answer.status_code, answer.headers["location"]) == (303, f"/?deleted={server_id}")
    assert "Being deleted" in inside.open("/").text
    mock.clock.advance(MINUTE)
    assert "You have no servers yet." in inside.open("/").text
    assert api.get(f"servers/{server_id}").status == 404


@pytest.mark.parametrize(
    ("changes", "field"),
    [
        ({"name": ""}, "name"),
        ({"name": "   "}, "name"),
        ({"name": "x" * 256}, "name"),
        *(({name: value}, name) for name in ("plan", "location", "os") for value in ("", "0", "x", "9" * 30)),
        *(({name: "2147483647"}, name) for name in ("plan", "location", "os")),
        ({"plan": "-1"}, "plan"),
        ({"plan": "1²"}, "plan"),
    ],
)
def test_form_says_what_is_wrong_and_keeps_what_was_entered(inside, api, changes, field):
    entered = order(api, **changes)
    answer = inside.send("/servers/new", "/servers", entered)
    assert answer.status_code == 422
    assert f'<a href="#{field}">' in answer.text
    assert f'id="{field}-wrong"' in answer.text
    assert "<title>Error: Create a server" in answer.text
    if field != "name":
        assert f'value="{entered["name"]}"' in answer.text
    assert api.get("servers").json["meta"]["total"] == 0


def test_fields_that_only_operators_may_send_are_ignored(inside, api):
    admin = api.get("account").data
    server_id = create(inside, api, user=str(admin["id"]), compute_resource="1", custom_plan="{}")
    assert api.get(f"servers/{server_id}").data["user"]["email"] == "ada@example.com"


def test_limit_is_shown_and_keeps(inside, api, user):
    group = api.post("limit_groups", {"name": "One", "vms": {"limit": 1, "is_enabled": True}})
    assert group.status == 201
    api.put(f"users/{user['id']}", {"limit_group_id": group.data["id"]})
    form = inside.open("/servers/new")
    create(inside, api)
    answer = inside.send(form, "/servers", order(api))
    assert answer.status_code == 422
    assert "The limit of 1 server is reached." in answer.text
    area = inside.open("/").text
    assert "The limit of 1 server is reached." in area
    assert "1 of 1" in area
    assert "/servers/new" not in area
    assert api.get("servers").json["meta"]["total"] == 1


def test_plan_comes_chosen_from_its_card(inside, api):
    second = api.get("plans").data[1]["id"]
    text = inside.open(f"/servers/new?plan={second}").text
    assert f'value="{second}" required checked' in text
    assert text.count(" checked") == 1
    assert 'value="<' not in inside.open('/servers/new?plan="><script>').text


def test_what_customers_write_is_shown_as_text(inside, api):
    server_id = create(inside, api, name=EVIL)
    for path in ("/", f"/?created={server_id}", f"/servers/{server_id}/delete"):
        text = inside.open(path).text
        assert EVIL not in text
        assert "&lt;script&gt;alert(&#39;x&#39;)&lt;/script&gt;" in text
    answer = inside.send("/servers/new", "/servers", order(api, name=EVIL, plan=EVIL))
    assert EVIL not in answer.text


def test_email_is_shown_as_text(browser, api):
    odd = api.post("users", {"email": "<script>alert(1)</script>@example.com"}).data
    enter(browser, api, odd)
    text = browser.open("/").text
    assert "<script>" not in text
    assert "&lt;script&gt;alert(1)&lt;/script&gt;@example.com" in text


def test_suspended_server_cannot_be_deleted(mock, inside, api):
    server_id = create(inside, api)
    mock.clock.advance(MINUTE)
    question = inside.open(f"/servers/{server_id}/delete")
    api.post(f"servers/{server_id}/suspend")
    text = inside.open("/").text
    assert "Being suspended" in text
    assert f"/servers/{server_id}/delete" not in text
    answer = inside.send(question, f"/servers/{server_id}/delete")
    assert answer.status_code == 409
    assert "The server is suspended." in answer.text
    assert api.get(f"servers/{server_id}").status == 200


def test_servers_of_others_do_not_exist(browsers, inside, api):
    server_id = create(inside, api, name="adas-own")
    mine = create(inside, api, name="adas-other")
    stranger = browsers()
    enter(stranger, api, api.post("users", {"email": "eve@example.com"}).data)
    assert "adas" not in stranger.open(f"/?created={server_id}&deleted={server_id}").text
    theirs = create(stranger, api, name="eves")
    assert stranger.open(f"/servers/{server_id}/delete").status_code == 404
    # With a proof of their own, they reach no further.
    question = stranger.open(f"/servers/{theirs}/delete")
    proof = re.findall(r'"_token" value="(\w+)"', question.text)[0]
    answer = stranger.client.post(f"/servers/{server_id}/delete", data={"_token": proof})
    assert answer.status_code == 404
    for path in (f"/servers/{mine + 1000}/delete", f"/servers/{'9' * 5000}/delete", "/servers/²/delete"):
        assert stranger.open(path).status_code == 404
    assert api.get(f"servers/{server_id}").status == 200


def test_forms_need_the_proof_of_this_session(browsers, inside, api):
    server_id = create(inside, api)
    stranger = browsers()
    enter(stranger, api, api.post("users", {"email": "eve@example.com"}).data)
    others = re.findall(r'"_token" value="(\w+)"', stranger.open("/").text)[0]
    for proof in ("", "0" * 64, others):
        for path, fields in ((f"/servers/{server_id}/delete", {}), ("/servers", order(api)), ("/logout", {})):
            answer = inside.client.post(path, data={**fields, "_token": proof})
            assert answer.status_code == 403, (path, proof)
            assert "Please try again" in answer.text
    page = inside.open(f"/servers/{server_id}/delete")
    crossed = inside.send(page, f"/servers/{server_id}/delete", sec_fetch_site="cross-site")
    assert crossed.status_code == 403
    assert api.get("servers").json["meta"]["total"] == 1
    assert inside.open("/", follow=False).status_code == 200


def test_operator_has_a_user_area_of_his_own_things(browser, inside, api):
    server_id = create(inside, api, name="adas-own")
    browser.client.cookies.clear()
    enter(browser, api, api.get("account").data)
    assert "adas-own" not in browser.open("/").text
    assert browser.open(f"/servers/{server_id}/delete").status_code == 404


def test_odd_notices_are_ignored(inside):
    for number in ("", "x", "-1", "²", "0", "9" * 5000):
        answer = inside.open(f"/?created={number}&deleted={number}")
        assert answer.status_code == 200
        assert 'role="status"' not in answer.text


def test_brand_and_link_to_the_reference_follow_the_settings(inside, api):
    assert 'href="/docs"' in inside.open("/").text
    api.patch("settings", {"theme": {"brand_name": EVIL}, "features": {"hide_api_documentation_link": True}})
    for path in ("/", "/nowhere", "/auth/by_token/x"):
        text = inside.open(path).text
        assert 'href="/docs"' not in text
        assert "&lt;script&gt;" in text
        assert EVIL not in text


# Event handlers


def test_operators_see_webhooks_and_customers_do_not(browsers, inside, api):
    api.create(
        "event_handlers",
        name="books",
        url="http://127.0.0.1:9/hook?key=s3cret",
        events=["user_created"],
        parameters={"shop": "s3cret"},
    )
    api.create("users", email="new@example.com")
    operator = browsers()
    secret = api.post("users/1/tokens", {"is_one_time": True}).data["access_token"]
    assert 'href="/event-handlers"' in operator.open(f"/auth/by_token/{secret}").text
    shown = operator.open("/event-handlers").text
    for text in ("books", "http://127.0.0.1:9/hook", "user_created", "Waiting"):
        assert text in shown
    assert "s3cret" not in shown
    assert 'href="/event-handlers"' not in inside.open("/").text
    assert inside.open("/event-handlers").status_code == 403
