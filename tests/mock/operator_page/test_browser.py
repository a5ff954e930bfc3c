"""The operator's page in a real browser: live, with a keyboard, on a phone, in the dark, without scripts."""

import re
from collections.abc import Iterator

import pytest
from playwright.sync_api import Browser, Page, expect

from mock_solusio.clock import Clock
from mock_solusio.options import Options
from mock_solusio.testing import Solusio, started
from support.accessibility import assert_accessible
from support.browser import opened
from support.calls import START

PHONE = {"width": 390, "height": 844}
DESKTOP = {"width": 1280, "height": 800}
PATHS = (
    "/_mock/",
    "/_mock/operator/journal/1",
    "/_mock/operator/findings",
    "/_mock/operator/faults?kind=random",
    "/_mock/operator/faults?kind=status",
    "/_mock/operator/users",
    "/_mock/operator/billing",
    "/_mock/operator/webhooks",
    "/_mock/operator/state",
    "/_mock/operator/reset",
)
EVIL = "<img src=x onerror=alert(1)>"


@pytest.fixture(scope="module")
def solusio() -> Iterator[Solusio]:
    """A mock with something on every page."""
    with started(Options(clock=Clock(START, speed=0), seed="operator's page")) as mock:
        client = {"user-agent": "billing"}
        for number in (1, 2):
            body = {
                "email": f"user{number}@example.com",
                "password": "the-same-one",
                "billing_user_id": number,
            }
            mock.client.post("users", json=body, headers=client)
        mock.client.get("nothing", headers=client)
        integration = {"type": "custom", "drivers": {"custom": {"url": "http://127.0.0.1:9/", "token": "x"}}}
        mock.call("PATCH", "settings", {"billing_integration": integration})
        mock.client.post(f"{mock.url}/_mock/faults", json={"kind": "status", "status": 500, "path": "/x"})
        mock.client.post(f"{mock.url}/_mock/snapshots", json={"name": "before"})
        hook = {"name": "hook", "url": "http://127.0.0.1:9/", "events": ["user_created"], "is_enabled": True}
        mock.call("POST", "event_handlers", hook)
        mock.journal.add("billing", "POST", "http://127.0.0.1:9/", moment=START, notes=["refused"])
        yield mock


@pytest.fixture
def page(chromium: Browser, solusio: Solusio) -> Iterator[Page]:
    with opened(chromium, solusio.url, viewport=DESKTOP) as page:
        yield page


@pytest.mark.parametrize(
    ("viewport", "scheme", "paths"),
    [(DESKTOP, "light", PATHS), (PHONE, "dark", PATHS[:6])],
    ids=["desktop", "phone"],
)
def test_all_pages_are_accessible_and_fit(chromium, solusio, viewport, scheme, paths):
    with opened(chromium, solusio.url, viewport=viewport, color_scheme=scheme) as page:
        for path in paths:
            page.goto(path)
            assert_accessible(page)
            assert page.evaluate("document.documentElement.scrollWidth") <= viewport["width"], path
        ground = page.evaluate("getComputedStyle(document.body).backgroundColor")
        assert ground == {"light": "rgb(246, 247, 251)", "dark": "rgb(15, 18, 32)"}[scheme]


def test_new_exchanges_appear_while_the_page_is_open(page, solusio):
    page.goto("/_mock/")
    first = page.locator("#entries a").first
    solusio.client.get("plans")
    expect(first).to_contain_text("listPlans")
    solusio.client.get(f"nothing/{EVIL}")
    expect(first).to_contain_text(EVIL)
    assert page.locator("main img").count() == 0
    page.get_by_role("button", name="+1 month").click()
    expect(page.get_by_role("status").first).to_contain_text("It is Wed 1 Apr 2026, 00:00:00 UTC")
    solusio.mock.clock.set(START)
    expect(page.locator("#now")).to_have_text("Sun 1 Mar 2026, 00:00:00")


def test_pausing_keeps_the_list_as_it_is(page, solusio):
    page.goto("/_mock/")
    live = page.get_by_role("button", name="Live")
    live.click()
    expect(live).to_have_attribute("aria-pressed", "false")
    solusio.client.get("locations")
    live.click()
    expect(page.locator("#entries a").first).to_contain_text("listLocations")


def test_search_while_typing_and_filters_narrow_the_list_and_the_address(page):
    page.goto("/_mock/")
    page.get_by_label("Search").press_sequentially("user2@")
    expect(page.locator("#entries a")).to_have_count(1)
    expect(page).to_have_url(re.compile(r"/_mock/\?text=user2%40$"))
    page.get_by_label("Search").fill("")
    page.get_by_label("Kind").select_option("billing")
    expect(page.locator("#entries a")).to_have_count(1)
    page.get_by_label("Kind").select_option("")
    page.get_by_label("Operation").fill("createUsr")
    page.get_by_label("Operation").press("Tab")
    expect(page.locator("#summary")).to_contain_text("Did you mean: createUser")
    page.reload()
    expect(page.get_by_label("Operation")).to_have_value("createUsr")


def test_exchange_opens_beside_the_list_with_the_keyboard_alone(page):
    page.goto("/_mock/?operation=createUser")
    first = page.locator("#entries a").first
    first.focus()
    page.keyboard.press("ArrowDown")
    expect(page.locator("#entries a").nth(1)).to_be_focused()
    page.keyboard.press("Enter")
    pane = page.get_by_role("region", name="Exchange")
    expect(pane.get_by_role("heading", level=2)).to_be_focused()
    expect(pane).to_contain_text('"email": "user1@example.com"')
    assert_accessible(page)
    page.keyboard.press("Escape")
    expect(pane).to_be_hidden()
    expect(page.locator("#entries a").nth(1)).to_be_focused()


def test_focus_stays_on_the_button_that_the_keyboard_pressed(page, solusio):
    page.goto("/_mock/operator/users")
    hour = page.get_by_role("button", name="+1 hour")
    hour.focus()
    for clock in ("01:00:00", "02:00:00"):
        page.keyboard.press("Enter")
        expect(page.locator("#now")).to_have_text(f"Sun 1 Mar 2026, {clock}")
        expect(hour).to_be_focused()
    suspend = page.get_by_role("button", name="Suspend user1@example.com")
    suspend.focus()
    page.keyboard.press("Enter")
    expect(page.get_by_role("button", name="Reactivate user1@example.com")).to_be_focused()
    page.keyboard.press("Enter")
    expect(suspend).to_be_focused()
    solusio.mock.clock.set(START)


def test_escape_closes_the_menu_of_the_clock(page):
    page.goto("/_mock/")
    menu = page.locator("header summary")
    menu.focus()
    page.keyboard.press("Enter")
    expect(page.get_by_label("Time (UTC)")).to_be_visible()
    page.keyboard.press("Tab")
    page.keyboard.press("Escape")
    expect(page.get_by_label("Time (UTC)")).to_be_hidden()
    expect(menu).to_be_focused()


def test_without_scripts_everything_can_be_read_and_done(chromium, solusio):
    with opened(chromium, solusio.url, java_script_enabled=False, viewport=PHONE) as page:
        page.goto("/_mock/")
        page.get_by_label("Kind").select_option("billing")
        page.get_by_role("button", name="Filter", exact=True).click()
        expect(page.locator("#entries a")).to_have_count(1)
        page.locator("#entries a").click()
        expect(page.get_by_role("heading", level=1)).to_contain_text("http://127.0.0.1:9/")
        page.goto("/_mock/operator/faults?kind=slow")
        page.get_by_role("button", name="Inject the fault").click()
        expect(page.get_by_role("status")).to_contain_text("is active.")
        page.get_by_role("button", name="Remove all faults").click()
        expect(page.get_by_text("There are no faults.")).to_be_visible()
        page.get_by_text("Set…").click()
        page.get_by_role("button", name="Set the time").click()
        expect(page.get_by_role("status")).to_contain_text("It is Sun 1 Mar 2026")


def test_log_in_as_opens_the_user_area_in_a_tab_of_its_own(page):
    page.goto("/_mock/operator/users?search=user1")
    with page.expect_popup() as popup:
        page.get_by_role("button", name="Log in as user1@example.com").click()
    expect(popup.value.get_by_role("heading", level=1)).to_contain_text("user1@example.com")
    assert popup.value.evaluate("window.opener") is None


def test_a_page_of_another_site_can_send_no_form(chromium, solusio):
    form = (
        f'<form method="post" action="{solusio.url}/_mock/operator/clock"><button name="do" value="month">Go'
    )
    before = solusio.mock.clock.now()
    with opened(chromium, solusio.url) as page:
        page.route("http://evil.localhost/", lambda route: route.fulfill(body=form, content_type="text/html"))
        page.goto("http://evil.localhost/")
        page.get_by_role("button", name="Go").click()
        expect(page.get_by_text("This form was not sent from the operator's page.")).to_be_visible()
    assert solusio.mock.clock.now() == before


def test_five_thousand_exchanges_are_loaded_as_one_scrolls(chromium):
    with started(Options(clock=Clock(START, speed=0))) as solusio:
        for number in range(5000):
            solusio.mock.journal.add("api", "GET", f"/api/v1/users/{number}", moment=START, status=200)
        with opened(chromium, solusio.url, viewport=DESKTOP) as page:
            page.goto("/_mock/")
            entries = page.locator("#entries a")
            for _ in range(3):
                before = entries.count()
                assert before < 1000
                page.evaluate("scrollTo(0, document.documentElement.scrollHeight)")
                expect(entries.nth(before)).to_be_attached()
            numbers = [int(one) for one in entries.evaluate_all("all => all.map(one => one.dataset.number)")]
            assert numbers == list(range(5000, 5000 - len(numbers), -1))
            page.get_by_label("Search").fill("/users/4321")
            expect(entries).to_have_count(1)
            page.goto("/_mock/?before=2")
            expect(entries).to_have_count(1)
            page.goto("/_mock/")
            solusio.client.post(f"{solusio.url}/_mock/reset")
            expect(entries).to_have_count(1)
            expect(entries).to_contain_text("/_mock/reset")
