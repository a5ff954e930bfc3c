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
            int(line.locator("td").nth(5).inner_text().replace(".", ""))  # as their amounts are grouped
            for line in page.locator("table.lines tbody tr").all()
        )
        total = euros(page.locator("table.sums tr").last.inner_text())
        assert total == cents(tokens * cost)

        # On paper there is nothing but the invoice.
        page.emulate_media(media="print")
        expect(page.get_by_role("navigation", name="Main")).to_be_hidden()
        expect(page.get_by_role("heading", name=re.compile("^Invoice "))).to_be_visible()
        pdf = page.pdf(format="A4")
        assert pdf.startswith(b"%PDF-")
        assert A4 in pdf


def test_run_billing_now_for_the_month_that_has_passed(demonstrating, chromium):
    with demonstrating("--users", "4") as demo, opened(chromium, demo.billing) as page:
        passed = page.request.post(f"{demo.shown('Control')}/clock", data={"advance": "P1M"})
        assert passed.ok
        page.goto(f"{demo.shown('Customers')}/invoices?period=2026-03")
        expect(page.get_by_text("There are no invoices for this month.")).to_be_visible()
        page.get_by_role("button", name="Run billing now").click()
        expect(page.get_by_text("Finished")).to_be_visible()
        page.get_by_role("link", name="Show the invoices").click()
        assert page.locator("tbody tr").count() >= 1
