"""The demo in a real browser, from the login link to the printed invoice."""

import re
from decimal import ROUND_HALF_UP, Decimal

from playwright.sync_api import expect

from support.browser import opened

A4 = b"/MediaBox [0 0 595"


def euros(text):
    """Return the amount in a text such as `1.234,56 €`."""
    found = re.search(r"(-?[\d.]+,\d+) €", text)
    assert found, text
    return Decimal(found[1].replace(".", "").replace(",", "."))


def cents(amount):
    return amount.quantize(Decimal("0.01"), ROUND_HALF_UP)


def test_from_the_login_link_to_the_printed_invoice(demo, chromium):
    with opened(chromium, demo.solusio, java_script_enabled=False) as page:
        # The printed link: no password is asked for, and no secret stays in the address.
        page.goto(demo.shown("User area"))
        expect(page.get_by_role("heading", name="My servers")).to_be_visible()
        assert page.url == f"{demo.solusio}/"
        running = page.locator(".servers .card").filter(has_text="Running")
        assert running.count() >= 3

        # Prices in their currency: the endpoint's cost of a token, times the tokens of the vendor's table.
        plan = page.locator(".plans .card").filter(has=page.get_by_role("heading", name="1 Core, 1 GB RAM"))
        month = euros(plan.inner_text())

        # Their page in the billing system: how the price of a token comes about.
        page.goto(demo.shown("Customer"))
        costs = page.locator("section[aria-labelledby=prices] tr")
        expect(costs.first).to_contain_text("0,00091 €")
        cost = euros(costs.last.inner_text())
        assert cents(cost * 5000) == month
        email = page.get_by_text(re.compile(r"^\S+@\S+\.example$")).inner_text()

        # The button logs them in again, without the first session.
        page.context.clear_cookies()
        page.get_by_role("button", name="Log in to SolusIO").click()
        expect(page.get_by_role("heading", name="My servers")).to_be_visible()
        expect(page.get_by_role("heading", level=1)).to_contain_text(email)

        # Their latest invoice.
        page.goto(demo.shown("Customer"))
        row = page.locator("section[aria-labelledby=invoices] tbody tr").first
        expect(row).to_contain_text("2026-02")
        row.get_by_role("link").click()
        assert page.url == demo.shown("Invoice")
        tokens = sum(
            int(cell.inner_text().replace(".", ""))  # as their amounts are grouped
            for cell in page.locator("table.lines td[data-label=Tokens]").all()
        )
        total = euros(page.locator("table.sums tr").last.locator("td").last.inner_text())
        assert total == cents(tokens * cost)

        # On paper there is nothing but the invoice.
        page.emulate_media(media="print")
        expect(page.get_by_role("navigation", name="Main")).to_be_hidden()
        expect(page.get_by_role("heading", name=re.compile("^Invoice "))).to_be_visible()
        pdf = page.pdf(format="A4")
        assert pdf.startswith(b"%PDF-")
        assert A4 in pdf


def test_the_tour_from_a_suspended_customer_to_the_billed_month(demonstrating, chromium):
    with (
        demonstrating("--users", "6") as demo,
        opened(chromium, demo.solusio, java_script_enabled=False) as page,
    ):
        page.goto(demo.shown("Start here"))
        # Both sites show the customer who does not pay as suspended, with their servers.
        page.locator(".steps li").nth(4).get_by_role("link").click()
        expect(page.locator(".hero .badge")).to_contain_text("Suspended")
        customer = page.url
        page.get_by_role("button", name="Log in to SolusIO").click()
        expect(page.locator(".banner")).to_contain_text("Your account is suspended.")
        expect(page.locator(".hero .badge")).to_have_text("Suspended")
        servers = page.locator(".servers .badge")
        assert servers.all_inner_texts() == ["Suspended"] * servers.count() != []
        page.locator(".banner").get_by_role("link").click()
        assert page.url == customer
        page.get_by_role("link", name="Customers", exact=True).click()
        row = page.get_by_role("row").filter(
            has=page.locator(f"a[href='{customer.removeprefix(demo.billing)}']")
        )
        expect(row.locator(".badge")).to_have_text("Suspended")

        # The open month cannot be billed; the page leads to the clock, and from there back.
        page.get_by_role("link", name="Invoices", exact=True).click()
        expect(page.get_by_role("heading", level=1)).to_have_text("Invoices of February 2026")
        expect(page.get_by_role("heading", name="March 2026 is not over yet")).to_be_visible()
        expect(page.get_by_role("button", name="Run billing now")).to_have_count(0)
        page.get_by_role("link", name="Advance the clock by a month").click()
        page.get_by_role("button", name="Advance a month").click()
        expect(page.get_by_role("status")).to_contain_text("A month has passed.")
        expect(page.locator("section[aria-labelledby=clock]")).to_contain_text("15 Apr 2026, 12:00:00 UTC")
        page.get_by_role("link", name="Bill it").click()
        page.get_by_role("button", name="Run billing now for March 2026").click()
        page.get_by_role("link", name="Show the invoices").click()
        expect(page.get_by_role("heading", level=1)).to_have_text("Invoices of March 2026")
        assert page.locator("tbody tr").count() >= 1

        # Dismissed, the tour stays away until it is asked for.
        page.get_by_role("link", name="Tour").click()
        page.get_by_role("button", name="Dismiss the tour").click()
        expect(page.locator(".steps")).to_have_count(0)
        page.reload()
        expect(page.locator(".steps")).to_have_count(0)
        page.get_by_role("button", name="Show the tour again").click()
        expect(page.locator(".steps li")).to_have_count(6)
