"""Pages about what is missing, invalid or broken."""

import httpx
import pytest

from solusio_reference.errors import StoreError
from support.billing_pages import MARCH


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
