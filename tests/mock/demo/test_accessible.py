"""Every page of both sites of the demo in a real browser: axe finds nothing, and nothing scrolls sideways."""

import pytest
from playwright.sync_api import expect

from support.accessibility import assert_accessible
from support.browser import opened

PHONE = {"width": 390, "height": 844}


@pytest.mark.parametrize("look", [{"color_scheme": "light"}, {"color_scheme": "dark", "viewport": PHONE}])
def test_every_page_is_accessible(demo, chromium, look):
    with opened(chromium, demo.solusio, **look) as page:

        def check(address, status=200):
            answer = page.goto(address)
            assert answer is not None
            assert answer.status == status, address
            assert_accessible(page)
            assert page.evaluate("document.documentElement.scrollWidth <= innerWidth"), address

        for path in ("/demo", "/login"):
            check(path)
        if look["color_scheme"] == "light":
            check("/docs")  # the longest
        page.goto(demo.shown("Customer"))
        assert_accessible(page)
        page.get_by_role("button", name="Log in to SolusIO").click()
        expect(page.get_by_role("heading", name="My servers")).to_be_visible()
        server = page.locator(".servers h3 a").first.get_attribute("href")
        for path in ("/", "/?q=no-such-server", "/servers/new", f"{server}", f"{server}/delete"):
            check(path)
        check("/nowhere", 404)
        check("/auth/by_token/unknown", 410)
        for path in ("", "?q=an", "?q=nobody-has-this-name", "/invoices", "/invoices?q=an"):
            check(f"{demo.billing}/billing{path}")
        check(f"{demo.billing}/billing/invoices?period=2026-03")
        check(demo.shown("Invoice"))
        check(f"{demo.billing}/billing/nowhere", 404)
