"""An invoice against the one that is right: which clauses speak, and in which words."""

from decimal import Decimal

import msgspec
import pytest

from solusio_contracts.adapter.amounts import rounded, written
from solusio_contracts.adapter.customers import Currency
from solusio_contracts.invoices.amounts import plain
from solusio_contracts.invoices.compare_amounts import compare_amounts
from solusio_contracts.invoices.compare_lines import compare_lines
from solusio_contracts.invoices.differences import Comparison
from solusio_contracts.invoices.method import Method

USUAL = Method()


@pytest.fixture
def differences(make_case):
    def of(usage, rows=None, *, foreign=None, changes=None, method=USUAL, **more):
        case = make_case(usage, rows, **more)
        comparison = Comparison()
        billed = msgspec.structs.replace(case.billed, **(changes or {}))
        compare_lines(case.expected, billed, comparison, foreign or {})
        compare_amounts(case.expected, billed, case.pricing, comparison, method)
        assert comparison.checks >= 3
        return [(one.clause, one.subject, one.expected, one.actual) for one in comparison.differences]

    return of


def test_what_is_right_has_no_difference(differences, make_usage):
    assert differences([make_usage("a"), make_usage("b", 10)]) == []


def test_lines_come_in_any_order_and_may_be_alike(differences, make_usage):
    usage = [make_usage("a", 10), make_usage("a", 20), make_usage("b", 10)]
    assert differences(usage, [("b", 10, 70), ("a", 20, 140), ("a", 10, 70)]) == []


def test_lines(differences, make_usage):
    usage = [make_usage("a", 10), make_usage("b", 20)]
    assert differences(usage, [("a", 9, 63), ("c", 1, 7)]) == [
        ("INV-005", "a, plan small", "10 hours, 70 tokens", "9 hours, 63 tokens"),
        ("INV-004", "b, plan small", "20 hours, 140 tokens (monthly)", "no such line"),
        ("INV-004", "c, plan small", "no such line", "1 hour, 7 tokens"),
    ]


@pytest.mark.parametrize("rows", [[("a", 10, 70)], [("a", 10, 70), ("gift", 744, 0)]])
def test_what_costs_nothing_may_be_left_out(differences, make_usage, rows):
    gift = make_usage("gift", tokens_per_hour=0, tokens_per_month=0)
    assert gift.tokens == 0
    assert differences([make_usage("a", 10), gift], rows) == []


def test_a_line_that_is_anothers(differences, make_usage):
    found = differences(
        [make_usage("a", 10)], [("a", 10, 70), ("x", 1, 7)], foreign={("x", "server", "small"): "ben"}
    )
    assert found == [("INV-014", "x, plan small", "no such line: it belongs to ben", "1 hour, 7 tokens")]


@pytest.mark.parametrize(
    ("total", "found"),
    [
        ("5.00", []),
        # One line and the total: two cents can be rounding, three cannot.
        ("5.02", [("INV-007", "total", "5.00 USD (5000 tokens x 0.001)", "5.02 USD")]),
        ("5.03", [("INV-006", "total", "5.00 USD (5000 tokens x 0.001)", "5.03 USD")]),
    ],
)
def test_totals(differences, make_usage, total, found):
    assert differences([make_usage()], total=total) == found


def test_a_total_is_held_to_the_lines_that_are_there(differences, make_usage):
    """10 hours of 7 tokens instead of 744, at 0.001: 0.07; so there is one fault, not two."""
    assert [one[0] for one in differences([make_usage()], [("web", 10, 70)], total="0.07")] == ["INV-005"]


def test_the_currency(differences, make_usage):
    assert differences([make_usage()], changes={"currency": "EUR"}) == [("INV-010", "currency", "USD", "EUR")]


def test_decimals_of_a_currency(differences, make_usage, make_pricing):
    """5000 x 0.0642 = 321 yen."""
    yen = make_pricing(base="0.0642", code="JPY")
    assert differences([make_usage()], pricing=yen, total="321.0") == []
    assert differences([make_usage()], pricing=yen, total="321.00") == [
        ("INV-011", "decimals", "0 decimals, as the customer's JPY has", "total 321.00")
    ]


def test_amounts_of_lines_at_either_price(differences, make_usage, make_pricing):
    """5000 and 70 tokens: 5.00 and 0.07 at the base price, 6.00 and 0.084 at the customer's."""
    usage, pricing = [make_usage("a"), make_usage("b", 10)], make_pricing(rates=("20",))
    assert differences(usage, pricing=pricing, amounts=("5.00", "0.07")) == []
    final = Method(lines="final")
    assert differences(usage, pricing=pricing, amounts=("6.00", "0.08"), method=final) == []
    assert differences(usage, pricing=pricing, amounts=("5.00", "0.08")) == [
        ("INV-008", "b, plan small: amount", "0.07 USD (70 tokens x 0.001)", "0.08 USD")
    ]


def test_what_is_shown_adds_up(differences, make_usage, make_pricing):
    """5.00 - 0.50 + 0.90 = 5.40."""
    pricing = make_pricing("0.9", rates=("20",))
    right = {"pricing": pricing, "discounts": ("-0.50",), "taxes": ("0.90",)}
    assert differences([make_usage()], changes={"subtotal": Decimal("5.00")}, **right) == []
    assert differences([make_usage()], changes={"subtotal": Decimal("5.01")}, **right) == [
        ("INV-009", "subtotal", "5.00 USD (the sum of the lines)", "5.01 USD"),
        ("INV-009", "sum of the parts", "5.40 USD, the total", "5.41 USD"),
    ]
    wrong = {**right, "discounts": ("0.50",)}
    assert ("INV-009", "discount D0", "-0.50 USD", "0.50 USD") in differences([make_usage()], **wrong)
    assert ("INV-009", "taxes", "T0", "none") in differences(
        [make_usage()], pricing=pricing, changes={"taxes": []}
    )


def test_an_amount_that_is_shown(differences, make_usage):
    assert differences([make_usage()], changes={"display_total": "$5.00"}) == []
    assert differences([make_usage()], changes={"display_total": "5.00"}) == [
        ("INV-015", "display_total", '"$5.00"', '"5.00"')
    ]


# Amounts


def test_rounding_is_away_from_zero_and_knows_no_negative_zero():
    pairs = [("2.605", "2.61"), ("-2.605", "-2.61"), ("2.6049", "2.60"), ("-0.004", "0.00")]
    assert [str(rounded(Decimal(amount), 2)) for amount, _ in pairs] == [right for _, right in pairs]


@pytest.mark.parametrize(
    ("amount", "currency", "text"),
    [
        ("1234.5", Currency(code="USD", display_prefix="$"), "$1,234.50"),
        (
            "-1234567.891",
            Currency(code="EUR", display_suffix=" €", thousands_separator=".", decimals_separator=","),
            "-1.234.567,89 €",
        ),
        ("1234.5", Currency(code="JPY", display_prefix="¥"), "¥1,235"),
        ("0.0005", Currency(code="KWD", thousands_separator=""), "0.001"),
    ],
)
def test_amounts_as_customers_see_them(amount, currency, text):
    assert written(Decimal(amount), currency) == text


def test_all_digits_and_no_exponent():
    assert [plain(Decimal(one)) for one in ("1E-7", "0.0010", "100", "1E+2")] == [
        "0.0000001",
        "0.001",
        "100",
        "100",
    ]
