import re
import threading
from dataclasses import replace
from decimal import Decimal

import httpx
import pytest

from mock_solusio.clock import Clock
from mock_solusio.moment import parse_moment
from mock_solusio.options import Options
from mock_solusio.testing import started
from solusio_reference.accounts.wanted import Profile
from solusio_reference.errors import StoreError
from solusio_reference.pricing import Currency, Customer, Discount, Tax
from solusio_reference.storage.customers import seed_demo
from support.billing_pages import MARCH, billing_system

USD = Currency("USD", display_prefix="$")
EVIL = "<script>alert('x')</script><img src=x onerror=alert(1)>\"'&{{ 7 * 7 }}"


@pytest.fixture
def billing(usage_server):
    with billing_system(usage_server.url) as made:
        yield made


@pytest.fixture(scope="module")
def shop():
    """A billing system with the demo customers, which tests only read."""
    with billing_system("http://solusio.invalid") as made:
        seed_demo(made.service.store)
        yield made


# --- pages ------------------------------------------------------------------------------------


def test_customers_with_their_prices(shop):
    shown = shop.text("/billing")
    # 1000 tokens: 1000 x 1.34, and 1000 x 1.3763676
    # There is no SolusIO at this address.
    assert "1 Vendor's example Unknown GBP £1,340.00 GBP £1,376.3676 GBP" in shown.replace("&#39;", "'")
    assert "4 No decimals (JPY) Unknown JPY ¥150 ¥165" in shown
    assert "5 Three decimals (KWD) Unknown KWD 0.300 KWD 0.285 KWD" in shown
    assert "6 German format (EUR) Unknown EUR 0,91 € 1,0829 €" in shown
    assert "9 Free of charge Unknown USD $1.00 $0.00" in shown


def test_a_customer_with_every_step_of_the_price(shop):
    shown = shop.text("/billing/customers/1")
    assert "Base price £1.34 GBP" in shown
    assert "Special Client Group Discount 5% Recurring Discount × 0.95" in shown
    assert "City Tax + 6 % State Tax on top of the previous tax + 2 %" in shown
    assert "Price in SolusIO £1.3763676 GBP" in shown
    assert "SolusIO account None" in shown
    assert "Log in to SolusIO" in shown


def test_taxes_that_add_up_are_not_called_compound(shop):
    assert "GST + 5 % PST + 7 %" in shop.text("/billing/customers/3")


def test_a_billing_system_without_customers_and_invoices_says_so():
    with billing_system() as empty:
        assert "There are no customers yet." in empty.text("/billing")
        shown = empty.text("/billing/invoices?period=2026-03")
        assert "There are no invoices for this month." in shown
        assert "No SolusIO is configured" in shown
        assert "Run billing now" not in shown
        assert empty.post("/billing/runs", "period=2026-03").status_code == 409


def test_without_a_solusio_there_is_no_login_button():
    with billing_system() as alone:
        seed_demo(alone.service.store)
        assert "Log in to SolusIO" not in alone.text("/billing/customers/1")
        answer = alone.post("/billing/customers/1/login")
        assert answer.status_code == 502
        assert "no SolusIO is configured here." in answer.text


def test_many_customers_are_split_into_pages(billing):
    billing.service.store.save(
        *(Customer(number, f"Customer no. {number}", Decimal(1), USD) for number in range(1, 252))
    )
    first, last = billing.get("/billing").text, billing.get("/billing?page=3").text
    assert len(re.findall("Customer no. ", first)) == 100
    assert 'href="/billing?page=2"' in first
    assert [int(number) for number in re.findall(r"Customer no\. (\d+)", last)] == list(range(201, 252))
    assert "Page 3 of 3" in last
    assert 'rel="next"' not in last


def test_an_invoice_with_discounts_taxes_and_rounding(billing, usage_server):
    billing.service.store.save(
        Customer(
            7,
            "Ann",
            Decimal("0.001"),
            USD,
            discounts=(Discount("Loyal", "", Decimal("0.95")),),
            taxes=(Tax("VAT", Decimal(20)),),
        )
    )
    usage_server.use(7, 1234)
    usage_server.use(7, 1234)
    billing.bill(billing.service.solusio)
    shown = billing.text("/billing/invoices/1")
    # Lines: 1.234 -> 1.23 each, subtotal 2.46. Exactly: 2.468; discount 0.1234 -> 0.12; net 2.3446;
    # tax 0.46892 -> 0.47; total 2.81352 -> 2.81. 2.46 - 0.12 + 0.47 = 2.81: no rounding line.
    assert "server 1 Server small 1,234 hourly 1,234 $1.23" in shown
    assert "Subtotal 2,468 tokens at $0.001 $2.46" in shown
    assert "Loyal × 0.95 -$0.12 VAT + 20 % $0.47 Total 2,468 tokens at $0.00114 $2.81" in shown
    assert "Rounding" not in shown
    assert "Invoice 000001" in shown
    assert "Customer Ann" in shown
    assert "Service period 1 March 2026 to 31 March 2026 (UTC)" in shown
    assert "000001 Ann 2 2,468 $2.81" in billing.text("/billing/invoices?period=2026-03")
    assert "000001 2026-03 2 2,468 $2.81" in billing.text("/billing/customers/7")


@pytest.mark.parametrize(
    ("currency", "line", "rounding", "total"),
    [
        # Half a minor unit a token. Three lines of 1234 tokens: 617 each; three of 1: 0.5 -> 1 each, together
        # 1854. Exactly 3705 tokens cost 1852.5 -> 1853.
        (Currency("JPY", display_prefix="¥"), "¥617", "-¥1", "¥1,853"),
        (Currency("KWD", display_suffix=" KWD"), "0.617 KWD", "-0.001 KWD", "1.853 KWD"),
        (
            Currency("EUR", display_suffix=" EUR", thousands_separator=".", decimals_separator=","),
            "6,17 EUR",
            "-0,01 EUR",
            "18,53 EUR",
        ),
    ],
)
def test_rounding_and_currencies_on_an_invoice(billing, usage_server, currency, line, rounding, total):
    billing.service.store.save(Customer(7, "Ann", Decimal("0.5").scaleb(-currency.decimals), currency))
    usage_server.use(7, 1234, lines=3)
    usage_server.use(7, 1, lines=3)
    billing.bill(billing.service.solusio)
    shown = billing.text("/billing/invoices/1")
    many = f"1{currency.thousands_separator}234"
    assert f"server 1 Server small {many} hourly {many} {line}" in shown
    assert re.search(
        rf"Rounding {re.escape(rounding)} Total \S+ tokens at .{{1,20}} {re.escape(total)}", shown
    )


def test_an_invoice_does_not_change_with_the_customers_prices(billing, usage_server):
    ann = Customer(7, "Ann", Decimal("0.001"), USD)
    billing.service.store.save(ann)
    usage_server.use(7, 5000)
    billing.bill(billing.service.solusio)
    billing.service.store.save(replace(ann, base_token_unit_cost=Decimal(3)))
    assert "Total 5,000 tokens at $0.001 $5.00" in billing.text("/billing/invoices/1")


def test_thousands_of_lines_are_split_into_pages_and_all_of_them_printed(billing, usage_server):
    billing.service.store.save(Customer(7, "Ann", Decimal("0.001"), USD))
    usage_server.per_page = 1000
    usage_server.use(7, 1000, lines=3001)
    billing.bill(billing.service.solusio)
    servers = re.compile(r'<th scope="rowgroup"[^>]*>server (\d+)</th>')
    for page, numbers in ((1, range(1, 201)), (2, range(201, 401)), (16, range(3001, 3002))):
        shown = billing.get(f"/billing/invoices/1?page={page}").text
        assert [int(number) for number in servers.findall(shown)] == list(numbers)
        assert "$3,001.00" in shown
        assert f"Page {page} of 16" in shown
    assert 'href="/billing/invoices/1/print"' in shown
    printed = billing.get("/billing/invoices/1/print")
    assert [int(number) for number in servers.findall(printed.text)] == list(range(1, 3002))
    assert "Page 1 of" not in printed.text
    assert printed.text.rstrip().endswith("</html>")
    assert "content-length" not in printed.headers  # sent while the lines are being read


# --- billing ---------------------------------------------------------------------------------


def test_run_billing_now_and_its_result(billing, usage_server):
    billing.service.store.save(Customer(7, "Ann", Decimal("0.001"), USD))
    usage_server.use(7, 5000, lines=12)
    usage_server.use(777, 123, user=31)
    usage_server.use(None, 45, user=32)
    assert "Run billing now" in billing.text("/billing/invoices?period=2026-03")
    answer = billing.post("/billing/runs", "period=2026-03")
    assert (answer.status_code, answer.headers["location"]) == (303, "/billing/runs/2026-03")
    billing.wait()
    shown = billing.text("/billing/runs/2026-03")
    assert "Finished" in shown
    assert (
        "New invoices 1 Earlier invoices 0 Invoices of earlier months 0 Usage lines 14 Tokens 60,168" in shown
    )
    assert "2026-03 none 32 1 45 2026-03 777 31 1 123" in shown
    assert "2026-03 none 32 1 45 2026-03 777 31 1 123" in billing.text("/billing/invoices?period=2026-03")
    assert "Invoices of March 2026" in billing.text("/billing/invoices")  # the month billed last

    billing.post("/billing/runs", "period=2026-03")
    billing.wait()
    assert "New invoices 0 Earlier invoices 1" in billing.text("/billing/runs/2026-03")


def test_a_run_in_progress_is_not_started_twice(billing, usage_server):
    billing.service.store.save(Customer(7, "Ann", Decimal("0.001"), USD))
    usage_server.use(7, 5000)
    go_on = threading.Event()
    usage_server.disturbed[1] = lambda _: None if go_on.wait(30) else 500
    billing.post("/billing/runs", "period=2026-03")
    shown = billing.get("/billing/runs/2026-03").text
    assert '<meta http-equiv="refresh" content="1">' in shown
    assert "Run again" not in shown
    assert billing.post("/billing/runs", "period=2026-03").status_code == 303
    go_on.set()
    billing.wait()
    assert usage_server.requested == [1]
    assert "New invoices 1" in billing.text("/billing/runs/2026-03")
    assert 'http-equiv="refresh"' not in billing.get("/billing/runs/2026-03").text


def test_a_failed_run_shows_why_and_can_be_repeated(billing, usage_server):
    billing.service.store.save(Customer(7, "Ann", Decimal("0.001"), USD))
    usage_server.use(7, 5000)
    usage_server.disturbed[1] = lambda _: 403
    billing.post("/billing/runs", "period=2026-03")
    billing.wait()
    shown = billing.text("/billing/runs/2026-03")
    assert "Billing did not finish SolusIO answers 403 to GET /api/v1/usage" in shown
    assert "Run again" in shown
    billing.post("/billing/runs", "period=2026-03")
    billing.wait()
    assert "New invoices 1" in billing.text("/billing/runs/2026-03")


def test_details_of_a_bug_are_in_the_log_and_not_on_the_page(monkeypatch, caplog):
    def broken(*_arguments):
        raise RuntimeError("SELECT secret FROM /var/lib/billing.db")

    monkeypatch.setattr("solusio_reference.web.services.bill", broken)
    with billing_system("http://solusio.invalid") as billing:
        billing.post("/billing/runs", "period=2026-03")
        billing.wait()
        answer = billing.get("/billing/runs/2026-03")
    assert answer.status_code == 500
    assert "SELECT" not in answer.text
    assert "a bug in the billing system" in answer.text
    assert "SELECT secret" in caplog.text


# --- login to SolusIO -------------------------------------------------------------------------


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


# --- security ---------------------------------------------------------------------------------


def test_names_are_escaped(billing, usage_server):
    billing.service.store.save(
        Customer(
            7,
            EVIL,
            Decimal("0.001"),
            Currency("USD", display_prefix="<b>$", display_suffix="</b>"),
            discounts=(Discount(EVIL, EVIL, Decimal("0.9")),),
            taxes=(Tax(EVIL, Decimal(20)),),
        )
    )
    usage_server.use(7, 5000)
    usage_server.lines[0].update(server_name=EVIL, resource=EVIL, charge=EVIL)
    usage_server.lines[0]["plan"]["name"] = EVIL
    billing.bill(billing.service.solusio)
    for path in (
        "/billing",
        "/billing/customers/7",
        "/billing/invoices?period=2026-03",
        "/billing/invoices/1",
        "/billing/invoices/1/print",
    ):
        text = billing.get(path).text
        assert "<script" not in text
        assert "<img src=x" not in text
        assert "<b>" not in text
        assert "&lt;script&gt;" in text
        assert "{{ 7 * 7 }}" in text


def test_headers_of_pages(shop):
    for path in ("/billing", "/billing/customers/1", "/billing/nothing", "/billing/customers/99"):
        headers = shop.get(path).headers
        assert headers["content-security-policy"] == (
            "default-src 'none'; style-src 'self'; img-src 'self'; "
            "form-action 'self' http://solusio.invalid; base-uri 'none'; frame-ancestors 'none'"
        )
        assert headers["referrer-policy"] == "same-origin"
        assert headers["x-content-type-options"] == "nosniff"
        assert headers["cache-control"] == "no-store"
        assert "script" not in shop.get(path).text


def test_static_files_are_named_for_their_content(shop):
    page = shop.get("/billing").text
    paths = re.findall(r'(?:href|src)="(/billing/static/[^"]+)"', page)
    assert {path.rpartition(".")[2] for path in paths} == {"css", "svg"}
    for path in paths:
        answer = shop.get(path)
        assert answer.status_code == 200
        assert "immutable" in answer.headers["cache-control"]
        assert answer.headers["x-content-type-options"] == "nosniff"
    assert shop.get("/billing/static/style.css").status_code == 404
    assert shop.get("/billing/static/..%2Fpages.py").status_code == 404


@pytest.mark.parametrize(
    "host",
    ["evil.example", "evil.example:80", "127.0.0.1.evil.example", "localhost.evil.example", "", "10.0.0.1"],
)
def test_a_foreign_host_name_is_refused(shop, host):
    for answer in (shop.get("/billing", Host=host), shop.get("/billing/static/x", Host=host)):
        assert answer.status_code == 421
        assert "Vendor" not in answer.text
        assert answer.headers["content-security-policy"]


@pytest.mark.parametrize("host", ["localhost", "localhost:8080", "127.0.0.1", "[::1]:99", "127.1.2.3"])
def test_names_of_this_machine_are_accepted(shop, host):
    assert shop.get("/billing", Host=host).status_code == 200


def test_with_remote_access_addresses_and_names_without_dots_are_accepted():
    with billing_system(allow_remote=True) as open_one:
        for host, status in (
            ("192.168.1.7:8080", 200),
            ("[fd00::7]", 200),
            ("billing", 200),
            ("evil.example", 421),
            ("", 421),
        ):
            assert open_one.get("/billing", Host=host).status_code == status


@pytest.mark.parametrize(
    "headers",
    [
        {"Sec_Fetch_Site": "cross-site"},
        {"Sec_Fetch_Site": "same-site"},
        {"Sec_Fetch_Site": "cross-site", "Origin": "http://evil.example"},
        {"Sec_Fetch_Site": "", "Origin": "http://evil.example"},
        {"Sec_Fetch_Site": "", "Origin": "null"},
        {"Sec_Fetch_Site": "", "Origin": "https://127.0.0.1"},
    ],
)
@pytest.mark.parametrize(
    "path", ["/billing/customers/1/login", "/billing/customers/1/status", "/billing/runs"]
)
def test_a_page_of_another_site_is_refused(shop, path, headers):
    answer = shop.post(path, "period=2026-03", **headers)
    assert answer.status_code == 403
    assert "location" not in answer.headers
    assert shop.service.last_run(MARCH) is None
    assert shop.service.account(1) is None


def test_an_older_browser_that_sends_only_origin_is_accepted(billing):
    assert billing.post("/billing/runs", "period=2026-03", Sec_Fetch_Site="").status_code == 303
    billing.wait()


# --- errors -----------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("path", "status", "text"),
    [
        ("/billing/nothing", 404, "no page at this address"),
        ("/billing/customers/11", 404, "no customer with this ID"),
        ("/billing/customers/0", 404, "no customer with this ID"),
        (f"/billing/customers/{'9' * 40}", 404, "no customer with this ID"),
        ("/billing/customers/-1", 404, "no page at this address"),
        ("/billing/customers/abc", 404, "no page at this address"),
        ("/billing/invoices/1", 404, "no invoice with this number"),
        (f"/billing/invoices/{'9' * 40}/print", 404, "no invoice with this number"),
        ("/billing/invoices?period=2026-13", 400, "must be a month such as 2026-03"),
        ("/billing/invoices?period=", 400, "must be a month such as 2026-03"),
        ("/billing/invoices?period=%3Cscript%3E", 400, "must be a month such as 2026-03"),
        ("/billing/runs/2026-13", 400, "must be a month such as 2026-03"),
        ("/billing/runs", 405, "Method Not Allowed"),
        ("/billing/customers/1/login", 405, "Method Not Allowed"),
        ("/billing?page=2", 404, "the last one is 1"),
        ("/billing?page=0", 404, "the last one is 1"),
        ("/billing?page=-1", 404, "the last one is 1"),
        ("/billing?page=1e9", 404, "the last one is 1"),
        (f"/billing?page={'9' * 5000}", 404, "the last one is 1"),
        ("/billing?page=²", 404, "the last one is 1"),
    ],
)
def test_missing_pages_and_invalid_addresses_are_explained(shop, path, status, text):
    answer = shop.get(path)
    assert answer.status_code == status
    assert answer.headers["content-type"] == "text/html; charset=utf-8"
    assert text in answer.text


@pytest.mark.parametrize(
    "body", ["", "period=", "period=2026-3", "period=2026-03&period=2026-04", "period=%FF"]
)
def test_a_run_of_an_invalid_month_is_refused(shop, body):
    assert shop.post("/billing/runs", body).status_code == 400
    assert shop.service.last_run(MARCH) is None


def test_an_error_of_the_database_is_explained(billing, monkeypatch):
    def fail(*_arguments):
        raise StoreError("disk I/O error")

    monkeypatch.setattr(billing.service.store, "count", fail)
    answer = billing.get("/billing")
    assert answer.status_code == 503
    assert "disk I/O error." in answer.text


def test_the_billing_endpoint_is_not_affected(shop):
    answer = httpx.post(
        shop.url, data={"action": "GetTokenPricing", "userid": "1"}, headers={"Host": "evil.example"}
    )
    assert answer.json()["user_token_unit_cost"] == 1.3763676
    assert httpx.get(shop.url).status_code == 405
    assert httpx.get(f"{shop.url}/billingx").json()["error"]["code"] == "not_found"
