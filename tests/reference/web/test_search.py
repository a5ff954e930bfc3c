"""Customers and invoices by name, e-mail address and number."""

from decimal import Decimal

import pytest

from solusio_reference.accounts.wanted import Profile, save_customers
from solusio_reference.pricing import Currency, Customer
from support.billing_pages import billing_system

USD = Currency("USD", display_prefix="$")
NAMES = {7: "Ann Smith", 8: "Bob % Partner", 9: "Jürgen Müller", 42: "Zoe"}


@pytest.fixture
def billing(usage_server):
    with billing_system(usage_server.url) as made:
        save_customers(
            made.service.store.database,
            [
                (
                    Customer(number, name, Decimal("0.001"), USD),
                    Profile(f"{name[:3].lower()}@mail{number}.example"),
                )
                for number, name in NAMES.items()
            ],
        )
        for number in NAMES:
            usage_server.use(number, 5000)
        made.bill(made.service.solusio)
        yield made


@pytest.mark.parametrize(
    ("text", "found"),
    [
        ("smith", {7}),
        ("ANN@mail7", {7}),
        ("42", {42}),
        ("%", {8}),
        ("_", set()),
        ("Müller", {9}),
        ("  zoe  ", {42}),
        ("n", {7, 8, 9}),  # ann smith, bob % partner, jürgen
        ("9" * 40, set()),
    ],
)
def test_customers_are_found(billing, text, found):
    page = billing.client.get("/billing", params={"q": text}).text
    assert {number for number in NAMES if f'href="/billing/customers/{number}"' in page} == found
    assert ("No customer matches" in page) == (not found)


def test_invoices_of_all_months_are_found_by_customer_and_number(billing):
    def found(text):
        page = billing.client.get("/billing/invoices", params={"q": text})
        assert page.status_code == 200
        return [number for number in range(1, 5) if f'href="/billing/invoices/{number}"' in page.text]

    assert found("smith") == [1]
    assert found("zoe@mail42") == [4]
    assert found("000002") == [2]
    assert found("nobody") == []


def test_pages_of_a_search_keep_its_text(billing):
    billing.service.store.save(
        *(Customer(number, f"Reseller & Co {number}", Decimal(1), USD) for number in range(100, 202))
    )
    page = billing.client.get("/billing", params={"q": "Reseller & Co"}).text
    assert "Page 1 of 2" in page
    assert 'href="/billing?q=Reseller+%26+Co&amp;page=2"' in page


def test_a_search_text_is_escaped(billing):
    for path in ("/billing", "/billing/invoices"):
        page = billing.client.get(path, params={"q": "<script>\"'"}).text
        assert "<script>" not in page
        assert "&lt;script&gt;" in page
