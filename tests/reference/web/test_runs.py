"""Runs of billing that are started on a page."""

import threading
from decimal import Decimal

from solusio_reference.pricing import Currency, Customer
from support.billing_pages import billing_system

USD = Currency("USD", display_prefix="$")


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
