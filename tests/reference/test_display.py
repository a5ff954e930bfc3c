from decimal import Decimal

import pytest

from solusio_reference.display import (
    format_amount,
    format_count,
    format_invoice_number,
    format_unit_cost,
    printable,
)
from solusio_reference.pricing import Currency

USD = Currency("USD", display_prefix="$")
GBP = Currency("GBP", display_prefix="£", display_suffix=" GBP")
EUR = Currency("EUR", display_suffix=" EUR", thousands_separator=".", decimals_separator=",")
CHF = Currency("CHF", display_prefix="CHF ", thousands_separator="’")
JPY = Currency("JPY", display_prefix="¥")
KWD = Currency("KWD", display_suffix=" KWD")
HUF = Currency("HUF", display_suffix=" Ft", thousands_separator=" ", decimals_separator=",", decimals=0)
BARE = Currency("JPY", thousands_separator=".", decimals_separator="")


@pytest.mark.parametrize(
    ("amount", "currency", "text"),
    [
        ("0", USD, "$0.00"),
        ("5", USD, "$5.00"),
        ("999.99", USD, "$999.99"),
        ("1000", USD, "$1,000.00"),
        ("1234567.8", USD, "$1,234,567.80"),
        ("20645.514", GBP, "£20,645.51 GBP"),
        ("1234.5", EUR, "1.234,50 EUR"),
        ("1234567.891", EUR, "1.234.567,89 EUR"),
        ("1234.5", CHF, "CHF 1’234.50"),
        ("1234", JPY, "¥1,234"),
        ("1234.5", JPY, "¥1,235"),
        ("1234.567", KWD, "1,234.567 KWD"),
        ("0.0005", KWD, "0.001 KWD"),
        ("12345", BARE, "12.345"),
        ("12345.5", HUF, "12 346 Ft"),
        ("-0.65", USD, "-$0.65"),
        ("-1005", GBP, "-£1,005.00 GBP"),
        ("-1234.5", EUR, "-1.234,50 EUR"),
        ("-0.004", USD, "$0.00"),
        ("-0", USD, "$0.00"),
        ("1E+3", USD, "$1,000.00"),
        ("0.005", USD, "$0.01"),
        ("0.0049999999999999999999999999999999999999", USD, "$0.00"),
        ("123456789012345678901234567890.12", USD, "$123,456,789,012,345,678,901,234,567,890.12"),
    ],
)
def test_amounts_are_written_in_the_customers_format(amount, currency, text):
    assert format_amount(Decimal(amount), currency) == text


@pytest.mark.parametrize(
    ("cost", "currency", "text"),
    [
        ("0.00001", USD, "$0.00001"),
        ("1E-5", USD, "$0.00001"),
        ("0.00091", EUR, "0,00091 EUR"),
        ("2", USD, "$2.00"),
        ("1.3400", GBP, "£1.34 GBP"),
        ("0.15", JPY, "¥0.15"),
        ("150", JPY, "¥150"),
        ("0.3", KWD, "0.300 KWD"),
        ("0.35", HUF, "0,35 Ft"),
        ("2", HUF, "2 Ft"),
        ("1234.56789", CHF, "CHF 1’234.56789"),
        ("0", USD, "$0.00"),
        # Without a separator 1.155 would become 1155.
        ("1.155", BARE, "1,155"),
    ],
)
def test_unit_costs_keep_all_their_digits(cost, currency, text):
    assert format_unit_cost(Decimal(cost), currency) == text


@pytest.mark.parametrize("number", ["NaN", "Infinity", "-Infinity"])
@pytest.mark.parametrize("write", [format_amount, format_unit_cost])
def test_what_is_not_an_amount_is_refused(write, number):
    with pytest.raises(ValueError, match="finite"):
        write(Decimal(number), USD)


def test_numbers_of_invoices_are_padded_and_never_cut():
    assert [format_invoice_number(number) for number in (1, 42, 999_999, 1_000_000)] == [
        "000001",
        "000042",
        "999999",
        "1000000",
    ]
    with pytest.raises(ValueError, match="from 1"):
        format_invoice_number(0)


@pytest.mark.parametrize(
    ("separator", "text"), [(",", "1,234,567"), (".", "1.234.567"), ("’", "1’234’567"), ("", "1234567")]
)
def test_counts_are_grouped_like_amounts(separator, text):
    currency = Currency("EUR", thousands_separator=separator, decimals_separator=";")
    assert format_count(1_234_567, currency) == text


def test_control_characters_are_replaced_for_a_terminal():
    assert printable("Ann\x1b[31m\r\n\u202e B\u00a0ø\u202f€") == "Ann?[31m??? B\u00a0ø\u202f€"
