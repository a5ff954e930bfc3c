"""Which month the pages show, which one they offer to bill, and what they say of one that is not over."""

from decimal import Decimal

import pytest

from solusio_reference.pricing import Currency, Customer
from support.billing_pages import billing_system

USD = Currency("USD", display_prefix="$")
TOUR = "http://127.0.0.1:1/demo"


@pytest.fixture
def billing(usage_server):
    with billing_system(usage_server.url, tour_url=TOUR) as made:
        made.service.store.save(Customer(7, "Ann", Decimal("0.001"), USD))
        usage_server.use(7, 5000)
        yield made


def test_before_the_first_run_the_last_closed_month_is_offered(billing):
    shown = billing.text("/billing/invoices")
    assert "Invoices of March 2026" in shown
    assert "March 2026 is over SolusIO’s clock shows 1 April 2026, 00:00 UTC." in shown
    assert "Run billing now for March 2026" in shown
    assert "This month has not been billed yet." in shown


def test_the_last_billed_month_is_in_front_and_the_next_one_is_offered(billing):
    billing.bill(billing.service.solusio)
    shown = billing.text("/billing/invoices")
    assert "Invoices of March 2026" in shown
    assert "000001 Ann" in shown
    assert "April 2026 is not over yet" in shown
    assert "can be billed from 1 May 2026." in shown
    assert "Run billing now" not in shown
    billed = billing.text("/billing/invoices?period=2026-03")
    assert "March 2026 has been billed Another run creates invoices only for" in billed
    assert f'href="{TOUR}#clock">Advance the clock by a month' in billing.get("/billing/invoices").text


def test_an_open_month_says_why_it_cannot_be_billed_and_is_not_run(billing, usage_server):
    usage_server.closed = False
    shown = billing.text("/billing/invoices?period=2026-03")
    assert "March 2026 is not over yet SolusIO’s clock shows 20 March 2026, 07:30 UTC." in shown
    answer = billing.post("/billing/runs", "period=2026-03")
    assert (answer.status_code, answer.headers["location"]) == (303, "/billing/invoices?period=2026-03")
    assert billing.service.ledger.usage.periods() == []


def test_a_failed_run_does_not_move_an_unbilled_month_to_the_front(billing, usage_server):
    billing.bill(billing.service.solusio)
    usage_server.closed = True
    billing.post("/billing/runs", "period=2026-02")  # this SolusIO answers 404 to other months
    assert "Invoices of March 2026" in billing.text("/billing/invoices")


def test_a_solusio_that_does_not_answer_is_named_instead_of_a_button():
    with billing_system("http://127.0.0.1:1") as billing:
        shown = billing.text("/billing/invoices?period=2026-03")
        assert "March 2026 cannot be billed now SolusIO does not say what was used: " in shown
        assert "no response from SolusIO at http://127.0.0.1:1" in shown
        assert "Run billing now" not in shown


def test_a_run_nobody_started_leads_to_the_invoices(billing):
    answer = billing.get("/billing/runs/2026-03")
    assert (answer.status_code, answer.headers["location"]) == (303, "/billing/invoices?period=2026-03")


def test_the_pages_link_to_solusio_and_to_the_tour(billing, usage_server):
    for path in ("/billing", "/billing/customers/7", "/billing/invoices", "/billing/nowhere"):
        page = billing.get(path).text
        assert f'<a href="{usage_server.url}/">SolusIO</a>' in page
        assert f'<a href="{TOUR}">Tour</a>' in page


def test_previous_and_next_month_customer_and_invoice(billing, usage_server):
    billing.service.store.save(Customer(3, "Bob", Decimal("0.001"), USD))
    usage_server.use(3, 5000)
    billing.bill(billing.service.solusio)
    month = billing.get("/billing/invoices").text
    assert 'rel="prev" href="/billing/invoices?period=2026-02"' in month
    assert 'rel="next" href="/billing/invoices?period=2026-04"' in month
    for path, other in (("customers/3", "customers/7"), ("invoices/1", "invoices/2")):
        first, last = billing.get(f"/billing/{path}").text, billing.get(f"/billing/{other}").text
        assert 'rel="prev"' not in first
        assert f'rel="next" href="/billing/{other}"' in first
        assert f'rel="prev" href="/billing/{path}"' in last
        assert 'rel="next"' not in last
