"""Which method explains invoices, and which invoices contradict each other."""

from decimal import Decimal

import pytest

from solusio_contracts.invoices.method import BilledAmounts, Method, explain, methods

FOUND = methods()


@pytest.fixture
def billed(make_case, make_usage, make_pricing):
    """Return an invoice over some tokens at 0.001, with its total."""

    def make(tokens: int, total: str, **more: str) -> BilledAmounts:
        line = make_usage(hours=1, tokens_per_hour=tokens, tokens_per_month=0)
        pricing = make_pricing(rates=tuple(more.pop("rates", ())))
        case = make_case([line], total=total, pricing=pricing, **more)
        return BilledAmounts(case.billed, pricing)

    return make


def test_nothing_to_explain_is_explained_by_the_usual_method():
    found = explain([], FOUND)
    assert (found.method, found.of, found.contradiction) == (Method(), 0, ())


def test_of_methods_that_explain_as_much_the_usual_one_is_named(billed):
    found = explain([billed(1000, "1.00"), billed(2345, "2.35")], FOUND)
    assert (found.method, found.explained, found.of, found.contradiction) == (Method(), 2, 2, ())


def test_one_half_cent_tells_a_method(billed):
    """4.165 and 4.175: to even 4.16 and 4.18, down 4.16 and 4.17."""
    even = explain([billed(4165, "4.16"), billed(4175, "4.18")], FOUND)
    assert even.method == Method(rounding="half-even")
    down = explain([billed(4165, "4.16"), billed(4175, "4.17")], FOUND)
    assert down.method == Method(rounding="half-down")


def test_two_invoices_that_contradict_each_other(billed):
    """4.165 became 4.17, which is up; 4.175 became 4.17, which is down."""
    found = explain([billed(1000, "1.00"), billed(4165, "4.17"), billed(4175, "4.17")], FOUND)
    assert found.contradiction == ((1, Method()), (2, Method(rounding="half-down")))
    assert found.method == Method()


def test_an_invoice_that_no_method_explains_contradicts_none(billed):
    right = [
        billed(4165 + 10 * number, f"{Decimal(4165 + 10 * number) / 1000:.2f}") for number in range(0, 40, 2)
    ]
    found = explain([*right, billed(5000, "6.00")], FOUND)
    assert found.method == Method(rounding="half-even")
    assert (found.explained, found.of, found.contradiction) == (20, 21, ())


def test_few_invoices_that_follow_an_unusual_method_prove_nothing(billed):
    """1.005 cut to 1.00 may be half down, but 1.019 cut to 1.01 is not."""
    found = explain([billed(1005, "1.00"), billed(1019, "1.01"), billed(2019, "2.01")], FOUND)
    assert (found.method, found.explained, found.contradiction) == (Method(), 0, ())


def test_only_declared_methods_are_unlawful(billed):
    cut = [billed(1005, "1.00"), billed(1009, "1.00")]
    assert explain(cut, methods(rounding="truncate")).explained == 2
    assert (
        explain([billed(1009, "1.00"), billed(1021, "1.00")], methods(cash_rounding=Decimal("0.10"))).of == 2
    )


def test_lines_and_parts_must_follow_too(billed):
    """20 % of 4.165 = 0.833, together 4.998; of 4.17: 0.834, together 5.004."""
    lines = {"rates": ("20",), "amounts": ("4.17",), "taxes": ("0.83",)}
    assert explain([billed(4165, "5.00", **lines)], FOUND).explained == 1
    assert (
        explain([billed(4165, "5.00", **lines | {"amounts": ("4.16",)})], FOUND).method.rounding != "half-up"
    )
    assert explain([billed(4165, "5.00", **lines | {"taxes": ("0.93",)})], FOUND).explained == 0
    assert explain([billed(4165, "5.00", **lines | {"taxes": ()})], FOUND).explained == 1


def test_final_lines_are_seen(billed):
    found = explain([billed(4165, "5.00", rates=("20",), amounts=("5.00",))], FOUND)
    assert found.method == Method(lines="final")


def test_taxes_may_be_taken_out_of_the_total(billed):
    """10.00 + 15 % = 11.50; of 11.50, 15/115 are 1.50. A total of 11.51 has 1.5013 in it."""
    more = {"rates": ("15",), "amounts": ("11.50",), "taxes": ("1.50",)}
    (inclusive,) = methods(
        prices="tax-inclusive", rounding="half-up", total="exact", lines="final", cash_rounding=None
    )
    assert explain([billed(10_000, "11.50", **more)], [inclusive]).explained == 1
    assert explain([billed(10_000, "11.51", **more)], [inclusive]).explained == 0
