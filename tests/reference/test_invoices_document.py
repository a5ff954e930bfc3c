import json
from datetime import date, timedelta
from decimal import Decimal

import pytest

from solusio_reference import invoices_document
from solusio_reference.billing_run import bill
from solusio_reference.period import Period
from solusio_reference.pricing import Currency, Customer, Discount, Tax
from solusio_reference.solusio.client import SolusioClient
from solusio_reference.storage.customers import CustomerStore
from solusio_reference.storage.ledger import Ledger

MARCH = Period(2026, 3)


@pytest.fixture
def store():
    with CustomerStore.in_memory() as store:
        yield store


@pytest.fixture
def document(store, usage_server):
    """Bill the usage of the server; return the document in chunks of bytes."""

    def write():
        ledger = Ledger(store.database)
        with SolusioClient(usage_server.url, "secret") as solusio:
            bill(MARCH, solusio, store, ledger)
        return list(invoices_document.write(ledger, ledger.invoices(MARCH)))

    return write


def test_all_members_of_an_invoice(store, usage_server, document):
    store.save(
        Customer(
            7,
            "Ann",
            Decimal("0.001"),
            Currency("USD", display_prefix="$"),
            discounts=(Discount("Loyal", "5 % off", Decimal("0.95")),),
            taxes=(Tax("VAT", Decimal(20)),),
        )
    )
    usage_server.use(7, 2604)
    usage_server.use(7, 10416)
    usage_server.lines[1]["charge"] = "monthly"
    # Lines: 2.604 -> 2.60 and 10.416 -> 10.42, together 13.02. Exactly 13020 tokens cost 13.02; the discount
    # takes 0.651 -> 0.65, the net is 12.369, the tax 2.4738 -> 2.47, the total 14.8428 -> 14.84.
    # 13.02 - 0.65 + 2.47 = 14.84, so there is no rounding difference.
    [invoice] = json.loads(b"".join(document()))["invoices"]
    issued, due = (date.fromisoformat(invoice.pop(name)) for name in ("issued_on", "due_on"))
    assert due - issued == timedelta(days=14)
    assert {"invoices": [invoice]} == {
        "invoices": [
            {
                "number": "000001",
                "billing_user_id": 7,
                "period": "2026-03",
                "currency": "USD",
                "lines": [
                    {
                        "server": "server 1",
                        "resource": "server",
                        "plan": "small",
                        "hours": 2604,
                        "charge": "hourly",
                        "tokens": 2604,
                        "amount": "2.60",
                    },
                    {
                        "server": "server 2",
                        "resource": "server",
                        "plan": "small",
                        "hours": 10416,
                        "charge": "monthly",
                        "tokens": 10416,
                        "amount": "10.42",
                    },
                ],
                "subtotal": "13.02",
                "discounts": [{"name": "Loyal", "amount": "-0.65"}],
                "taxes": [{"label": "VAT", "amount": "2.47"}],
                "rounding": "0.00",
                "total": "14.84",
                "display_total": "$14.84",
            }
        ]
    }


@pytest.mark.parametrize(
    ("currency", "line", "rounding", "total", "shown"),
    [
        # Three lines of 0.5 minor units each: each is printed as 1, and the total of 1.5 as 2.
        (Currency("JPY", display_prefix="¥"), "1", "-1", "2", "¥2"),
        (Currency("KWD", display_suffix=" KWD"), "0.001", "-0.001", "0.002", "0.002 KWD"),
    ],
)
def test_amounts_have_the_decimals_of_the_currency(
    store, usage_server, document, currency, line, rounding, total, shown
):
    store.save(Customer(7, "Ann", Decimal("0.5").scaleb(-currency.decimals), currency))
    usage_server.use(7, 1, lines=3)
    [invoice] = json.loads(b"".join(document()))["invoices"]
    assert [one["amount"] for one in invoice["lines"]] == [line] * 3
    assert (invoice["rounding"], invoice["total"], invoice["display_total"]) == (rounding, total, shown)


def test_a_document_without_invoices(document):
    assert json.loads(b"".join(document())) == {"invoices": []}


def test_a_long_invoice_is_written_in_chunks_with_all_its_lines(store, usage_server, document):
    store.save(Customer(7, "Ann", Decimal("0.01"), Currency("USD")))
    store.save(Customer(8, "Bob", Decimal("0.01"), Currency("USD")))
    usage_server.per_page = 1000
    usage_server.use(7, 100, lines=3000)
    usage_server.use(8, 1)
    chunks = document()
    ann, bob = json.loads(b"".join(chunks))["invoices"]
    assert [line["server"] for line in ann["lines"]] == [f"server {number}" for number in range(1, 3001)]
    assert (ann["total"], bob["total"]) == ("3000.00", "0.01")
    assert len(chunks) > 3
    assert max(map(len, chunks)) < invoices_document.CHUNK_BYTES + 1000


def test_names_are_escaped_for_json(store, usage_server, document):
    store.save(Customer(7, "Ann", Decimal("0.01"), Currency("USD")))
    usage_server.use(7)
    usage_server.lines[0]["server_name"] = name = 'a"b\\c\n</script>\u2028é'
    [invoice] = json.loads(b"".join(document()))["invoices"]
    assert invoice["lines"][0]["server"] == name
