"""The documents that a billing system gives and gets."""

import json
from decimal import Decimal
from importlib import resources
from typing import Any

import jsonschema_rs
import pytest

from solusio_contracts.decoding import DecodingError
from solusio_contracts.invoices.documents import invoices_schema, read_invoices

LINE = {"server": "web", "resource": "server", "plan": "small", "hours": 372, "tokens": 2604}
INVOICE = {
    "number": "000042",
    "billing_user_id": 700011,
    "period": "2026-03",
    "currency": "USD",
    "lines": [{**LINE, "charge": "hourly", "amount": "2.60"}],
    "subtotal": "13.02",
    "discounts": [{"name": "Loyal", "amount": "-0.65"}],
    "taxes": [{"label": "VAT", "amount": "2.47"}],
    "rounding": "0.00",
    "total": "14.84",
    "display_total": "$14.84",
}


def document(**changes: Any) -> bytes:
    return json.dumps({"invoices": [{**INVOICE, **changes}]}).encode()


def test_the_committed_schema_is_that_of_the_models():
    file = resources.files("solusio_contracts").joinpath("invoices", "invoices.schema.json")
    assert json.loads(file.read_text("utf-8")) == invoices_schema()


def test_the_example_of_the_design_is_read_exactly():
    (invoice,), _ = read_invoices(document())
    assert (invoice.number, invoice.total, invoice.lines[0].amount) == (
        "000042",
        Decimal("14.84"),
        Decimal("2.60"),
    )
    assert invoice.discounts is not None
    assert invoice.discounts[0].amount == Decimal("-0.65")


def test_what_is_optional_may_be_absent_or_null_and_what_is_unknown_is_ignored():
    least = {name: INVOICE[name] for name in ("number", "billing_user_id", "period", "currency", "total")}
    text = json.dumps({"invoices": [{**least, "lines": [LINE], "taxes": None, "note": "x"}], "page": 1})
    (invoice,), _ = read_invoices(text.encode())
    assert (invoice.subtotal, invoice.taxes, invoice.lines[0].charge) == (None, None, None)


def test_a_json_number_is_an_amount_without_a_float_in_between():
    (invoice,), _ = read_invoices(document().replace(b'"14.84"', b"0.10000000000000000001"))
    assert invoice.total == Decimal("0.10000000000000000001")


@pytest.mark.parametrize(
    ("content", "said"),
    [
        (b"", "the invoices document: expected JSON, got nothing"),
        (b" \n", "the invoices document: expected JSON, got nothing"),
        (b"PHP Warning: x\n{}", "display_errors=stderr"),
        (b"\xef\xbb\xbf{}", "the invoices document: invoices: is missing"),
        (b'{"invoices": [}', "got text that is not valid JSON: invalid character (byte 14)"),
        (
            b'{"invoices": "\xff"}',
            "expected JSON, got text that is not UTF-8 at byte 14; it looks like Windows-1252",
        ),
        (b"\xff\xfe\x00", 'other output: "\\\\xff\\\\xfe'),
        ('{"invoices": []}'.encode("utf-16-le"), "it looks like UTF-16 without a byte order mark"),
        (b'{"invoices": ' + b"[" * 300 + b"]" * 300 + b"}", "nested deeper than 200 levels"),
        (b"[]", "the invoices document: expected an object, got an empty list"),
        (b"{}", "the invoices document: invoices: is missing"),
    ],
)
def test_what_is_no_document_is_refused(content, said):
    with pytest.raises(DecodingError) as refused:
        read_invoices(content)
    assert said in str(refused.value)


@pytest.mark.parametrize(
    ("content", "said"),
    [
        (document(billing_user_id="7"), 'invoices[0].billing_user_id: expected an integer, got "7"'),
        (document(billing_user_id=0), "invoices[0].billing_user_id: expected"),
        (document(period="2026-3"), 'invoices[0].period: expected a string such as 2026-03, got "2026-3"'),
        (document(total="1,2"), 'invoices[0].total: expected a decimal number such as "14.84", got "1,2"'),
        (document(total="NaN"), "invoices[0].total: expected an amount of money, got NaN"),
        (document(total="1e30"), "invoices[0].total: expected an amount of money, got 1E+30"),
        (
            document(lines=[{**LINE, "hours": 1.5}]),
            "invoices[0].lines[0].hours: expected an integer, got 1.5",
        ),
        (
            document(lines=[{"server": "web"}]),
            "invoices[0].lines[0].resource: is missing",
        ),
        (document(lines={}), "invoices[0].lines: expected a list, got an empty object"),
        (b'{"invoices": [7]}', "invoices[0]: expected an object, got 7"),
    ],
)
def test_what_does_not_fit_is_told_with_its_place(content, said):
    found, (broken,) = read_invoices(content)
    assert not found
    assert said in broken.problem


@pytest.mark.parametrize(
    ("owner", "read"),
    [
        ({"billing_user_id": 7, "period": "2026-03"}, (7, "2026-03")),
        ({"billing_user_id": "7", "period": 3}, (7, None)),
        ({"billing_user_id": True}, (None, None)),
        ({"billing_user_id": "seven"}, (None, None)),
        ({}, (None, None)),
    ],
)
def test_a_broken_invoice_leaves_the_others_as_they_are(owner, read):
    good = json.loads(document())["invoices"][0]
    found, (broken,) = read_invoices(json.dumps({"invoices": [good, owner, good]}).encode())
    assert len(found) == 2
    assert (broken.billing_user_id, broken.period) == read
    assert broken.problem.startswith("the invoices document: invoices[1].")


def test_a_huge_value_is_told_in_short():
    _, (broken,) = read_invoices(document(currency=["x" * 10_000]))
    assert broken.problem.endswith(": invoices[0].currency: expected a string, got a list of 1")
    with pytest.raises(DecodingError) as refused:
        read_invoices(b"x" * 10_000_000)
    assert len(str(refused.value)) < 500


def test_the_schema_agrees_with_the_reader():
    schema = jsonschema_rs.validator_for(invoices_schema())
    assert schema.is_valid(json.loads(document()))
    for changes in ({"total": 14.84}, {"number": 42}, {"taxes": None}):
        assert schema.is_valid(json.loads(document(**changes)))
        assert not read_invoices(document(**changes))[1]
    for changes in ({"total": "1,2"}, {"period": "2026-3"}, {"billing_user_id": "7"}, {"lines": {}}):
        assert not schema.is_valid(json.loads(document(**changes)))
