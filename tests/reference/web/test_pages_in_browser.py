"""The billing pages in a real browser: without scripts, on a phone, on paper, and the login to SolusIO."""

import re
from collections.abc import Iterator
from decimal import Decimal

import pytest
from playwright.sync_api import Browser, Page, expect

from mock_solusio.clock import Clock
from mock_solusio.moment import MINUTE, parse_moment, rfc3339
from mock_solusio.options import Options
from mock_solusio.testing import Solusio as Mock
from mock_solusio.testing import started
from solusio_reference.app import create_app
from solusio_reference.pricing import Currency, Customer, Tax
from solusio_reference.serving import running
from solusio_reference.solusio.client import SolusioClient
from solusio_reference.storage.customers import CustomerStore
from solusio_reference.web.adapter import create_adapter
from solusio_reference.web.pages import create_pages
from solusio_reference.web.services import BillingService
from support.browser import PATIENCE, opened

EUR = Currency("EUR", display_suffix=" EUR", thousands_separator=".", decimals_separator=",")
EVIL = "<script>document.title='taken'</script>"
PHONE = {"width": 360, "height": 740}
A4 = {"width": 680, "height": 960}  # CSS pixels between the margins


@pytest.fixture(scope="module")
def mock() -> Iterator[Mock]:
    clock = Clock(parse_moment("2026-03-01T00:00:00Z"), speed=0)
    with started(Options(clock=clock, seed="billing pages", strict=True)) as mock:
        yield mock


@pytest.fixture(scope="module")
def url(mock: Mock) -> Iterator[str]:
    """Serve a billing system that SolusIO asks for prices, and that has no invoices yet."""
    with CustomerStore.in_memory() as store, SolusioClient(mock.url, mock.admin_token) as solusio:
        store.save(
            Customer(42, "Ada Lovelace", Decimal("0.00091"), EUR, taxes=(Tax("VAT", Decimal(19)),)),
            Customer(43, EVIL, Decimal("0.001"), EUR),
        )
        service = BillingService(store, solusio=solusio)
        mounts = {
            "/billing": create_pages(service, allow_remote=False),
            "/adapter": create_adapter(service, allow_remote=False),
        }
        with running(create_app(store, token=None, mounts=mounts), "") as url:
            custom = {"url": f"{url}/", "token": ""}
            integration = {"type": "custom", "drivers": {"custom": custom}}
            mock.call("PATCH", "settings", {"billing_integration": integration})
            yield url


@pytest.fixture
def page(chromium: Browser, url: str) -> Iterator[Page]:
    """A page with scripts disabled."""
    with opened(chromium, url, java_script_enabled=False) as page:
        yield page


def use_server(mock: Mock, billing_user_id: int, servers: int) -> None:
    """Give a customer servers for a whole month, and end the month."""
    [user] = [one for one in mock.call("GET", "users") if one["billing_user_id"] == billing_user_id]
    for number in range(servers):
        mock.create_server(user=user["id"], name=f"web{number}.example.com", wait=False)
    mock.settle()
    mock.clock.advance(31 * 24 * 60 * MINUTE)


def test_from_the_customer_into_solusio_and_from_billing_to_the_printed_invoice(page, mock):
    page.goto("/billing")
    page.get_by_role("link", name="Ada Lovelace").click()
    expect(page.get_by_text("0,0010829 EUR")).to_be_visible()  # 0.00091 x 1.19
    page.get_by_role("button", name="Log in to SolusIO").click()
    page.wait_for_url(f"{mock.url}/")
    expect(page.get_by_role("heading", level=1)).to_contain_text("customer-42@example.com")
    # 5000 x 0.0010829 = 5.4145, as the billing endpoint says
    expect(page.locator(".plan").filter(has_text="1 Core, 1 GB RAM").first).to_contain_text("5,41 EUR")
    page.go_back()

    use_server(mock, 42, 3)
    page.goto("/billing/invoices?period=2026-03")
    page.get_by_role("button", name="Run billing now").click()
    page.get_by_role("link", name="Show the invoices").click()
    page.get_by_role("link", name="000001").click()
    # 3 x 5000 tokens: 4.55 a line; 15000 x 0.00091 = 13.65; 19 % = 2.5935; 15000 x 0.0010829 = 16.2435.
    # 13.65 + 2.59 = 16.24: no rounding difference.
    rows = page.locator("table.lines tbody tr")
    expect(rows).to_have_count(3)
    expect(rows.first).to_have_text(
        re.compile(r"web0\.example\.com\s*Server\s*1 Core, 1 GB RAM\s*744\s*monthly\s*5\.000\s*4,55 EUR")
    )
    sums = page.locator("table.sums tr")
    expect(sums).to_have_text(
        [
            re.compile(r"Subtotal\s*15\.000 tokens at 0,00091 EUR\s*13,65 EUR"),
            re.compile(r"VAT\s*\+ 19 %\s*2,59 EUR"),
            re.compile(r"Total\s*15\.000 tokens at 0,0010829 EUR\s*16,24 EUR"),
        ]
    )
    expect(page.get_by_role("navigation", name="Main")).to_be_visible()

    page.emulate_media(media="print")
    page.set_viewport_size(A4)
    expect(page.get_by_role("heading", name="Invoice 000001")).to_be_visible()
    expect(sums.last).to_be_visible()
    for hidden in (".bar", ".back", "footer", ".actions"):
        expect(page.locator(hidden)).to_be_hidden()
    assert pages_of(page.pdf(prefer_css_page_size=True)) == 1


def pages_of(pdf: bytes) -> int:
    """Count the pages of a PDF, all of which must be A4: 210 x 297 mm are 595 x 842 points."""
    assert pdf.startswith(b"%PDF-")
    sizes = re.findall(rb"/MediaBox\s*\[0 0 ([\d.]+) ([\d.]+)\]", pdf)
    assert {(round(float(width)), round(float(height))) for width, height in sizes} == {(595, 842)}
    return len(re.findall(rb"/Type\s*/Page\b", pdf))


def test_a_long_invoice_prints_completely_with_a_table_head_on_every_page(page, mock):
    page.goto("/billing/customers/43")
    page.get_by_role("button", name="Log in to SolusIO").click()
    page.wait_for_url(f"{mock.url}/")
    month = f"{rfc3339(mock.clock.now()):.7}"
    use_server(mock, 43, 450)
    page.goto(f"/billing/invoices?period={month}")
    page.get_by_role("button", name="Run billing now").click()
    page.get_by_role("link", name="Show the invoices").click(timeout=60_000)
    page.get_by_role("row").filter(has_text="450").get_by_role("link").first.click()
    expect(page.locator("table.lines tbody tr")).to_have_count(200)
    page.get_by_role("link", name="Next").click()
    page.get_by_role("link", name="Next").click()
    expect(page.locator("table.lines tbody tr")).to_have_count(50)
    page.get_by_role("link", name="All lines, for printing").click()
    expect(page.locator("table.lines tbody tr")).to_have_count(450)
    page.emulate_media(media="print")
    assert page.locator("table.lines thead").evaluate("head => getComputedStyle(head).display") == (
        "table-header-group"
    )
    assert pages_of(page.pdf(prefer_css_page_size=True)) > 5


def test_a_name_is_never_run_as_a_script(chromium, url):
    made = chromium.new_context(base_url=url)  # with scripts enabled
    made.set_default_timeout(PATIENCE)
    page = made.new_page()
    for path in ("/billing", "/billing/customers/43"):
        page.goto(path)
        expect(page.get_by_text(EVIL).first).to_be_visible()
        assert "taken" not in page.title().split(" · ")[-1]
        assert page.locator("script").count() == 0
    # Even an injected script does not run.
    page.evaluate(
        "() => { const s = document.createElement('script'); s.textContent = 'window.taken = 1';"
        " document.body.append(s); }"
    )
    assert page.evaluate("() => window.taken") is None
    made.close()


@pytest.mark.parametrize("path", ["/billing", "/billing/customers/43", "/billing/invoices?period=2026-03"])
def test_a_phone_shows_pages_without_scrolling_sideways(page, path):
    page.set_viewport_size(PHONE)
    page.goto(path)
    assert page.locator("html").evaluate("root => root.scrollWidth") == PHONE["width"]


def test_a_page_of_another_site_cannot_press_the_button(chromium, url, mock):
    made = chromium.new_context()
    page = made.new_page()
    page.set_default_timeout(PATIENCE)
    form = f'<form method="post" action="{url}/billing/customers/42/login"><button>Win</button></form>'
    page.route("http://evil.example/", lambda route: route.fulfill(body=form, content_type="text/html"))
    page.goto("http://evil.example/")
    page.get_by_role("button", name="Win").click()
    expect(page.get_by_text("A page of another site sent this request.")).to_be_visible()
    assert not page.url.startswith(mock.url)
    made.close()
