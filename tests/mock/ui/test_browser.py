"""The user area in a real browser: without scripts, with a keyboard alone, on a phone."""

import re
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import pytest
from playwright.sync_api import Browser, Page, expect
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import JSONResponse
from starlette.routing import Route

from mock_solusio.clock import Clock
from mock_solusio.moment import MINUTE, parse_moment
from mock_solusio.options import Options
from mock_solusio.server.uvicorn_server import running
from mock_solusio.testing import Solusio, started
from support.browser import opened

PASSWORD = "S3cret-enough"
LONG = "a-server-name-without-any-space-" * 6
PHONE = {"width": 360, "height": 740}
LINK_IS_USED = "This link no longer works"

PRICES = {
    "user_token_unit_cost": "0.00091",
    "currency": {
        "code": "EUR",
        "display_prefix": "",
        "display_suffix": " €",
        "thousands_separator": ".",
        "decimals_separator": ",",
    },
}


@dataclass
class Billing:
    """A billing endpoint that sells to the customer 42 alone, and keeps what it was asked."""

    url: str
    asked: list[dict[str, str]]


@pytest.fixture(scope="module")
def billing() -> Iterator[Billing]:
    asked: list[dict[str, str]] = []

    async def answer(request: Request) -> JSONResponse:
        async with request.form() as form:
            asked.append({name: str(value) for name, value in form.items()})
        known = asked[-1].get("userid") == "42" and asked[-1].get("token") == "shared"
        return JSONResponse(PRICES if known else {}, 200 if known else 404)

    with running(Starlette(routes=[Route("/", answer, methods=["POST"])])) as url:
        yield Billing(f"{url}/", asked)


@pytest.fixture(scope="module")
def solusio(billing: Billing) -> Iterator[Solusio]:
    clock = Clock(parse_moment("2026-03-01T00:00:00Z"), speed=0)
    options = Options(
        clock=clock, seed="browser", billing_url=billing.url, billing_token="shared", strict=True
    )
    with started(options) as mock:
        yield mock


@pytest.fixture(scope="module")
def ada(solusio: Solusio) -> dict[str, Any]:
    return solusio.create_user(email="ada@example.com", password=PASSWORD, billing_user_id=42)


@pytest.fixture
def page(chromium: Browser, solusio: Solusio) -> Iterator[Page]:
    """A page of a browser of its own."""
    with opened(chromium, solusio.url) as page:
        yield page


@pytest.fixture
def bare_page(chromium: Browser, solusio: Solusio) -> Iterator[Page]:
    """The same, without scripts."""
    with opened(chromium, solusio.url, java_script_enabled=False) as page:
        yield page


def test_customer_comes_by_link_orders_deletes_and_leaves_without_scripts(bare_page, solusio, ada, billing):
    page = bare_page
    link = solusio.login_link(ada["id"])
    page.goto(link)
    assert page.url == f"{solusio.url}/"
    expect(page.get_by_role("heading", level=1)).to_contain_text("ada@example.com")
    # 5000 and 7 tokens of 0.00091: 4.55 and 0.00637
    card = page.locator(".plan").filter(has_text="1 Core, 1 GB RAM")
    expect(card).to_contain_text("4,55 €")
    expect(card).to_contain_text("0,00637 €")
    assert billing.asked[0] == {"action": "GetTokenPricing", "userid": "42", "token": "shared"}

    card.get_by_role("link", name="Choose 1 Core, 1 GB RAM").click()
    expect(page.get_by_role("radio", name="1 Core, 1 GB RAM")).to_be_checked()
    page.get_by_label("Name").fill("web1.example.com")
    page.get_by_role("button", name="Create the server").click()
    expect(page.get_by_role("status")).to_contain_text("web1.example.com is being created.")
    server = page.locator(".servers .card")
    expect(server).to_contain_text("In progress")
    solusio.clock.advance(MINUTE)
    page.get_by_role("link", name="Refresh").click()
    expect(server).to_contain_text("Running")
    expect(server.locator("code").first).to_have_text(re.compile(r"\d+\.\d+\.\d+\.\d+"))

    page.get_by_role("link", name="Delete web1.example.com").click()
    page.get_by_role("button", name="Delete the server").click()
    expect(server).to_contain_text("Being deleted")
    solusio.clock.advance(MINUTE)
    page.get_by_role("link", name="Refresh").click()
    expect(page.get_by_text("You have no servers yet.")).to_be_visible()

    page.get_by_role("button", name="Log out").click()
    expect(page.get_by_role("status")).to_have_text("You are logged out.")
    page.goto("/")
    assert page.url == f"{solusio.url}/login"
    answer = page.goto(link)
    assert answer is not None
    assert answer.status == 410
    expect(page.get_by_role("heading", level=1)).to_have_text(LINK_IS_USED)
    assert "solusio_session" not in {cookie["name"] for cookie in page.context.cookies()}


def test_suspended_customer_reads_a_banner_until_they_are_active_again(page, solusio):
    eve = solusio.create_user()
    page.goto(solusio.login_link(eve["id"]))
    banner = page.get_by_text("Your account is suspended.")
    solusio.call("PUT", f"users/{eve['id']}", {"status": "suspended"})
    page.get_by_role("link", name="Create a server").click()
    expect(banner).to_be_visible()
    page.goto("/")
    expect(banner).to_be_visible()
    expect(page.get_by_role("link", name="Create a server")).to_have_count(0)
    solusio.call("PUT", f"users/{eve['id']}", {"status": "active"})
    page.reload()
    expect(banner).to_have_count(0)
    expect(page.get_by_role("link", name="Create a server")).to_be_visible()


def test_session_cookie_is_out_of_reach_of_scripts_and_sites(page, solusio, ada):
    page.goto(solusio.login_link(ada["id"]))
    (cookie,) = page.context.cookies()
    assert cookie["name"] == "solusio_session"
    assert cookie["httpOnly"]
    assert cookie["sameSite"] == "Lax"
    assert page.evaluate("document.cookie") == ""


@pytest.mark.usefixtures("ada")
def test_login_with_the_keyboard_alone(page, solusio):
    page.goto("/login")
    seen = []
    for _ in range(10):
        page.keyboard.press("Tab")
        focused = page.locator(":focus")
        expect(focused).to_be_visible()
        outline = focused.evaluate("element => getComputedStyle(element).outlineStyle")
        assert outline == "solid", "the focus can be seen"
        seen.append(focused.evaluate("element => element.id || element.textContent.trim()"))
        if seen[-1] == "email":
            break
    assert seen[0] == "Skip to the content"
    assert seen[-1] == "email"
    page.keyboard.type("ada@example.com")
    page.keyboard.press("Tab")
    page.keyboard.type(PASSWORD)
    page.keyboard.press("Enter")
    expect(page.get_by_role("heading", level=1)).to_contain_text("ada@example.com")
    assert page.url == f"{solusio.url}/"


def test_error_summary_has_the_focus_and_leads_to_the_field(page):
    page.goto("/login")
    page.get_by_label("Email address").fill("ada@example.com")
    page.get_by_label("Password").fill("wrong")
    page.get_by_role("button", name="Log in").click()
    summary = page.get_by_role("alert")
    expect(summary).to_be_focused()
    expect(summary).to_contain_text("These credentials do not match our records.")
    field = page.get_by_label("Email address")
    expect(field).to_have_attribute("aria-invalid", "true")
    expect(field).to_have_value("ada@example.com")
    summary.get_by_role("link").click()
    expect(field).to_be_focused()


def test_phone_never_scrolls_sideways(chromium, solusio):
    user = solusio.create_user(email=f"{'long' * 12}@{'subdomain.' * 8}example.com")
    server = solusio.create_server(name=LONG, user=user["id"])
    phone = {"viewport": PHONE, "color_scheme": "dark", "has_touch": True}
    with opened(chromium, solusio.url, **phone) as page:
        page.goto("/login")
        dark = page.evaluate("getComputedStyle(document.body).backgroundColor")
        assert dark == "rgb(15, 18, 32)"
        assert_fits(page)
        page.get_by_role("link", name="Create an account").click()
        assert_fits(page)
        page.goto(solusio.login_link(user["id"]))
        for path in (
            "/",
            "/servers/new",
            f"/servers/{server['id']}/delete",
            "/auth/by_token/unknown",
            "/nowhere",
            "/docs",
            "/docs/billing-endpoint",
            "/docs/solusio-api",
        ):
            page.goto(path)
            assert_fits(page)
        page.goto("/servers/new")
        page.get_by_role("button", name="Create the server").tap()
        expect(page.get_by_role("alert")).to_be_visible()
        assert_fits(page)


def assert_fits(page: Page) -> None:
    """Nothing is wider than the screen, and what one taps is large enough for a finger."""
    assert page.evaluate("document.documentElement.scrollWidth") <= PHONE["width"], page.url
    small = page.eval_on_selector_all(
        "button, .button, input:not([type=hidden], [type=radio], [type=checkbox]), select",
        "all => all.filter(one => one.getBoundingClientRect().height < 44).map(one => one.outerHTML)",
    )
    assert small == [], page.url
