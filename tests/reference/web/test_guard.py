"""What pages refuse and escape: foreign hosts, other sites, names with markup."""

import re
from decimal import Decimal

import pytest

from solusio_reference.pricing import Currency, Customer, Discount, Tax
from support.billing_pages import MARCH, billing_system

USD = Currency("USD", display_prefix="$")
EVIL = "<script>alert('x')</script><img src=x onerror=alert(1)>\"'&{{ 7 * 7 }}"


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
