"""Pages of customers, prices and invoices."""

import re
from dataclasses import replace
from decimal import Decimal

import pytest

from solusio_reference.pricing import Currency, Customer, Discount, Tax
from solusio_reference.storage.customers import seed_demo
from support.billing_pages import billing_system

USD = Currency("USD", display_prefix="$")


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
