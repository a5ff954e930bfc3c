"""What a billing system probably did: each expectation is worked out by hand."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta

import msgspec
import pytest

from solusio_contracts.adapter.verdict import sentence
from solusio_contracts.invoices.case import Neighbour
from solusio_contracts.invoices.compare_amounts import compare_amounts
from solusio_contracts.invoices.diagnosis import Diagnosis, Judged, diagnose, explaining
from solusio_contracts.invoices.differences import Comparison

HALF = datetime(2026, 3, 10, 10, 30, tzinfo=UTC)


def judge(case):
    comparison = Comparison()
    if case.billed is not None:
        compare_amounts(case.expected, case.billed, case.pricing, comparison)
    wrong = {one.about for one in comparison.differences}
    slight = {"slight"} if any(one.clause == "INV-007" for one in comparison.differences) else set()
    return Judged(case, frozenset(wrong | slight))


def explain(*cases) -> Diagnosis:
    return diagnose([judge(case) for case in cases])


def thrice(case):
    """Return the same invoice in three scenarios: one or two prove little about small differences."""
    return [replace(case, scenario=name) for name in ("a", "b", "c")]


ABOUTS = ("lines", "missing", "total", "amounts", "parts")


def hints_of(*cases):
    found = explain(*cases)
    return {about: hint for about in ABOUTS if (hint := sentence(found.of(cases[0].scenario, about)))}


def suspects(case, about="lines"):
    """Return the names of all mistakes that explain what is wrong."""
    return {one.mistake.name for one in explaining([judge(case)])[about]}


def lines_hint(*cases):
    return hints_of(*cases).get("lines", "")


def total_hint(*cases):
    return hints_of(*cases).get("total", "")


# Lines. Plan small: 7 tokens an hour, 5000 a month; 744 x 7 = 5208, 720 x 7 = 5040.


@pytest.mark.parametrize(
    ("rows", "said"),
    [
        ([("web", 744, 5208)], "charge every hour, without the monthly price as a cap"),
        ([("web", 720, 5000)], "count every month as 30 days"),
        ([("web", 730, 5000)], "count every month as 730 hours"),
        ([("api", 744, 5000)], "use other names for the right lines"),
        ([("web", 1, 1)], ""),
        ([("web", 744, 5000), ("web", 744, 5000)], "count lines of a page twice"),
    ],
)
def test_a_whole_month(make_case, make_usage, rows, said):
    hint = lines_hint(make_case([make_usage()], rows))
    assert hint.startswith(f"You probably {said}. ") if said else hint == ""


@pytest.mark.parametrize(
    ("hours", "tokens", "said"),
    [
        # From 10:30 for 90 minutes: 2 hours; down 1, to the nearest 2, of the clock 2 (10 and 11).
        (1, 7, "round hours down"),
        # 2 of 744 hours of 5000 tokens: 13.44.
        (2, 13, "prorate the monthly price for a part of the month"),
        (2, 5000, "charge the whole monthly price, however short the use"),
    ],
)
def test_ninety_minutes(make_case, make_usage, hours, tokens, said):
    usage = make_usage(hours=2, since=HALF, until=HALF + timedelta(minutes=90))
    assert lines_hint(make_case([usage], [("web", hours, tokens)])).startswith(f"You probably {said}")


@pytest.mark.parametrize("prices", [{"tokens_per_month": 0}, {"tokens_per_hour": 0}])
def test_a_price_that_is_not_set(make_case, make_usage, prices):
    """100 hours at 7 cost 700, and a month of 5000 costs 5000: the smaller of two prices would be 0."""
    hint = lines_hint(make_case([make_usage(hours=100, **prices)], [("web", 100, 0)]))
    assert hint.startswith("You probably take the smaller of the two prices even if one of them is 0")


def test_seventy_minutes_to_the_nearest(make_case, make_usage):
    """70 minutes are 2 hours; to the nearest 1, as rounded down."""
    usage = make_usage(hours=2, since=HALF, until=HALF + timedelta(minutes=70))
    case = make_case([usage], [("web", 1, 7)])
    assert suspects(case) == {"rounded-down", "rounded-to-nearest", "hour-less"}
    assert lines_hint(case) == ""


def test_hours_of_the_clock(make_case, make_usage):
    """From 10:50 to 11:10 is one hour, and touches two of the clock."""
    begin = HALF + timedelta(minutes=20)
    usage = make_usage(hours=1, since=begin, until=begin + timedelta(minutes=20))
    assert suspects(make_case([usage], [("web", 2, 14)])) >= {"clock-hours", "hour-more"}


def test_idle_time(make_case, make_usage):
    usage = make_usage(hours=100, idle_hours=40)
    assert "stopped or suspended" in lines_hint(make_case([usage], [("web", 60, 420)]))


def test_servers_that_are_stopped(make_case, make_usage):
    usage = [make_usage("a", 10), make_usage("b", 20, status="suspended")]
    assert "stopped or suspended" in lines_hint(make_case(usage, [("a", 10, 70)]))


def test_what_is_deleted(make_case, make_usage):
    usage = [make_usage("a", 10), make_usage("b", 20, server_gone=True)]
    assert "leave out deleted servers" in lines_hint(make_case(usage, [("a", 10, 70)]))


def test_one_cap_for_all(make_case, make_usage):
    """Two servers of 500 hours: 7000 tokens, together capped 5000, however they are spread over the lines."""
    usage = [make_usage("a", 500), make_usage("b", 500)]
    hint = lines_hint(make_case(usage, [("a", 500, 3500), ("b", 500, 1500)]))
    assert hint.startswith("You probably apply one monthly price to several lines together. ")
    assert "several lines together" in total_hint(make_case(usage, total="5.00"))


def test_the_last_plan(make_case, make_usage):
    """100 hours at 7 and 200 at 28 tokens; 300 x 28 = 8400."""
    small = make_usage(hours=100, until=HALF, plan="old")
    large = make_usage(hours=200, since=HALF, tokens_per_hour=28, tokens_per_month=20_000)
    assert "the whole month of a resized server at one plan" in lines_hint(
        make_case([small, large], [("web", 300, 8400)])
    )


def test_prices_of_now(make_case, make_usage):
    usage = make_usage(hours=100, now_per_hour=9, now_per_month=6000)
    assert "the plan's current prices" in lines_hint(make_case([usage], [("web", 100, 900)]))


@pytest.mark.parametrize(
    ("size", "said"), [(100, "You probably read only the first page of /usage. "), (97, "")]
)
def test_pages(make_case, make_usage, size, said):
    """Pages of 100 lines are usual; that 97 lines were billed may have any reason."""
    usage = [make_usage(f"web-{number}", 10) for number in range(130)]
    hint = lines_hint(make_case(usage, [(f"web-{number}", 10, 70) for number in range(size)]))
    assert hint.startswith(said) if said else hint == ""


def test_a_first_page_is_one_of_all_customers(make_case, make_usage):
    others = [make_usage(f"x-{number}", 10, billing_user_id=8) for number in range(98)]
    usage = [make_usage(f"web-{number}", 10) for number in range(5)]
    case = make_case(usage, [("web-0", 10, 70), ("web-1", 10, 70)], everybody=[*others, *usage])
    assert lines_hint(case).startswith("You probably read only the first page of /usage. ")


def test_customers_with_the_same_mail(make_case, make_usage, make_pricing):
    other = make_usage("api", 5, billing_user_id=8)
    mine = make_usage("web", 10)
    twins = [Neighbour(number=number, email="ann@example.com", pricing=make_pricing()) for number in (7, 8)]
    case = make_case([mine], [("web", 10, 70), ("api", 5, 35)], everybody=[mine, other], neighbours=twins)
    assert "match users to customers by email address" in lines_hint(case)


def test_more_than_two_causes_are_none(make_case, make_usage):
    """A backup of a deleted server of a deleted user: three mistakes leave it out; nothing tells which."""
    gone = {"server_gone": True, "user_gone": True}
    both = make_case([make_usage("a", 10), make_usage("b", 20, **gone)], [("a", 10, 70)])
    assert lines_hint(both).startswith("You probably leave out deleted servers, or leave out deleted users. ")
    case = make_case([make_usage("a", 10), make_usage("b", 20, **gone, resource="backup")], [("a", 10, 70)])
    assert lines_hint(case) == ""


# Contradictions


def test_a_scenario_that_is_right_refutes_a_cause(make_case, make_usage):
    """Of a deleted and a stopped server one is missing; another deleted one was billed."""
    usage = [make_usage("a", 10), make_usage("b", 20, server_gone=True, status="stopped")]
    case = make_case(usage, [("a", 10, 70)], scenario="wrong")
    right = make_case([make_usage("c", 5, server_gone=True)], scenario="right")
    assert "deleted servers, or do not bill stopped" in lines_hint(case)
    assert lines_hint(case, right).startswith("You probably do not bill stopped or suspended servers. ")


def test_a_cause_explains_most_of_what_is_wrong(make_case, make_usage):
    """30 days explain one of two scenarios, and two of three."""
    whole = make_case([make_usage()], [("web", 720, 5000)], scenario="a")
    other = make_case([make_usage()], [("web", 9, 63)], scenario="b")
    again = make_case([make_usage()], [("web", 720, 5000)], scenario="c")
    assert lines_hint(whole, other) == ""
    assert "30 days" in lines_hint(whole, other, again)
    assert explain(whole, other, again).of("b", "lines") == ()


def test_a_page_has_one_size(make_case, make_usage):
    """130 lines were cut to 100, and 80 lines to 50: no page size explains both."""
    cut = [
        make_case(
            [make_usage(f"web-{number}", 10) for number in range(lines)],
            [(f"web-{number}", 10, 70) for number in range(kept)],
            scenario=str(lines),
        )
        for lines, kept in ((130, 100), (80, 50))
    ]
    assert "first page" in lines_hint(cut[0])
    assert "first page" not in lines_hint(*cut)


def test_a_total_that_is_right_refutes_a_price(make_case, make_usage, make_pricing):
    """5.00 x 0.9 = 4.50 was billed as 5.00, once; then it was billed as 4.50."""
    pricing = make_pricing("0.9")
    wrong = make_case([make_usage()], total="5.00", pricing=pricing, scenario="wrong")
    right = make_case([make_usage()], total="4.50", pricing=pricing, scenario="right")
    assert {"base-price", "no-discount"} <= suspects(wrong, "total")
    assert total_hint(wrong, right) == ""


def test_a_customer_without_an_invoice(make_case, make_usage):
    def missing(*usage, everybody=None):
        case = make_case(list(usage), everybody=everybody or list(usage))
        return replace(case, billed=None)

    billed = make_case([make_usage("web", 1)], scenario="right")
    others = [make_usage(f"{n}", 1, billing_user_id=8) for n in range(100)]
    last = make_usage("last", 1)
    assert "first page" in hints_of(missing(last, everybody=[*others, last]), billed)["missing"]
    assert "deleted users" in hints_of(missing(make_usage(user_gone=True)), billed)["missing"]
    # If nobody is billed, the reason may be any.
    assert "missing" not in hints_of(missing(make_usage(user_gone=True)))


# Totals. 5000 tokens x 0.001 = 5.00 at the base price.


@pytest.mark.parametrize(
    ("price", "total", "said"),
    [
        # 5.00 x 0.9 x 1.2 = 5.40 is right.
        ({"factors": ("0.9",), "rates": ("20",)}, "5.00", "multiply by base_token_unit_cost instead of"),
        ({"factors": ("0.9",), "rates": ("20",)}, "4.50", "leave a tax out"),
        ({"factors": ("0.9",), "rates": ("20",)}, "6.00", "leave a discount out"),
        # 5.00 x 20 % = 1.00 on top of 4.50.
        ({"factors": ("0.9",), "rates": ("20",)}, "5.50", "apply the tax before the discount"),
        ({"factors": ("0.9",), "rates": ("20",)}, "6.48", "add the taxes to a price that includes them"),
        (
            {"factors": ("0.9",), "rates": ("20",)},
            "4.86",
            "apply the discounts to a price that includes them",
        ),
        ({"factors": ("0.9",), "rates": ("20",)}, "540", "use the minor unit"),
        # 5.00 x 0.9 x 0.8 = 3.60; 5.00 x (1 - 0.1 - 0.2) = 3.50; one alone 4.50 or 4.00.
        ({"factors": ("0.9", "0.8")}, "3.50", "add the discounts up"),
        ({"factors": ("0.9", "0.8")}, "4.00", "leave a discount out"),
        # 5.00 x 1.1 x 1.2 = 6.60; 5.00 x 1.3 = 6.50.
        (
            {"rates": ("10", "20"), "compound": True},
            "6.50",
            "add the tax rates up although `compound` is true",
        ),
        (
            {"rates": ("10", "20")},
            "6.60",
            "apply each tax on top of the one before although `compound` is false",
        ),
        # 744 hours x 0.007 -> 0.01 = 7.44; capped at 5.00 it would be right.
        ({"base": "0.001"}, "7.44", ""),
        # 0.0015 -> 0.002: 10.00 instead of 7.50.
        ({"base": "0.0015"}, "10.00", "round the price of a token"),
        ({"base": "0.001"}, "123.45", ""),
    ],
)
def test_prices(make_case, make_usage, make_pricing, price, total, said):
    pricing = make_pricing(*price.pop("factors", ()), **price)
    case = make_case([make_usage()], total=total, pricing=pricing)
    hint = total_hint(case)
    assert said in hint
    assert (hint != "") is (said != "")
    assert explain(case).has_other_cause_than_rounding("") is (said != "")


def test_the_price_of_an_hour(make_case, make_usage):
    """100 hours x 0.007 = 0.70; 0.007 -> 0.01 gives 1.00."""
    case = make_case([make_usage(hours=100, charge="hourly")], total="1.00")
    assert total_hint(case).startswith("You probably round the price of an hour. ")
    assert explain(case).has_other_cause_than_rounding("")


@pytest.mark.parametrize(
    ("base", "total", "name"),
    [
        # 5000 x 0.000001 = 0.005
        ("0.000001", "0.00", "truncated"),
        ("0.000001", "0.005", "unrounded"),
        # 5000 x 0.0000005 = 0.0025 -> 0.00
        ("0.0000005", "0.01", "rounded-up"),
        # 5000 x 0.000005 = 0.025: to even 0.02, which cutting gives as well
        ("0.000005", "0.02", "truncated"),
        ("0.000005", "0.02", "half-even"),
        # 5000 x 0.0010009 = 5.0045 -> 5.00
        ("0.0010009", "5.005", "wrong-decimals"),
        # 0.0049 -> 0.005 -> 0.01
        ("0.00000098", "0.01", "rounded-twice"),
        # 5000 x 0.001004 = 5.02, and to coins 5.00
        ("0.001004", "5.00", "cash-rounding"),
        # 0.005 is a binary float just above; 1.005 = 5000 x 0.000201 is one below, so 1.00.
        ("0.000201", "1.00", "float"),
    ],
)
def test_rounding(make_case, make_usage, make_pricing, base, total, name):
    case = make_case([make_usage()], total=total, pricing=make_pricing(base=base))
    assert name in suspects(case, "total")
    assert not explain(case).has_other_cause_than_rounding("")


def test_a_sum_of_rounded_lines(make_case, make_usage, make_pricing):
    """Three times 5000 x 0.000001 = 0.005 -> 0.01 are 0.03; together 0.015 -> 0.02."""
    usage = [make_usage(name) for name in "abc"]
    case = make_case(usage, total="0.03", pricing=make_pricing(base="0.000001"))
    assert "add up rounded amounts" in total_hint(*thrice(case))


# Amounts and parts


@pytest.mark.parametrize(
    ("amounts", "said"),
    [
        # 100 x 0.007 = 0.70, and 100 x 0.01 = 1.00
        (("1.00",), "round the price of an hour"),
        (("0.70",), ""),
        (("0.7",), ""),
        (("3.33",), ""),
    ],
)
def test_amounts_of_lines(make_case, make_usage, amounts, said):
    usage = [make_usage(hours=100, charge="hourly")]
    hint = hints_of(*thrice(make_case(usage, amounts=amounts))).get("amounts", "")
    assert said in hint
    assert (hint == "") is (said == "")


def test_a_tax_that_is_shown(make_case, make_usage, make_pricing):
    """20 % of 4.50 is 0.90; 1.00 is 20 % of the 5.00 before the discount."""
    case = make_case([make_usage()], pricing=make_pricing("0.9", rates=("20",)), taxes=("1.00",))
    assert "apply the tax before the discount" in hints_of(*thrice(case))["parts"]


def test_discounts_that_are_shown(make_case, make_usage, make_pricing):
    """10 % of 5.00 and 20 % of 4.50 are 0.50 and 0.90; 1.00 is 20 % of 5.00."""
    pricing = make_pricing("0.9", "0.8")
    wrong = make_case([make_usage()], pricing=pricing, discounts=("-0.50", "-1.00"))
    assert "discounts-added" in suspects(wrong, "parts")
    right = make_case([make_usage()], pricing=pricing, discounts=("-0.50", "-0.90"))
    assert hints_of(right) == {}


# Single causes, with figures worked out by hand


def test_anothers_price(make_case, make_usage, make_pricing):
    """Bob, who comes first, pays 0.002 for a token: 5000 x 0.002 = 10.00 instead of 5.00."""
    bob = Neighbour(number=6, email="bob@example.com", pricing=make_pricing(base="0.002"))
    ann = Neighbour(number=7, email="ann@example.com", pricing=make_pricing())
    case = make_case([make_usage()], total="10.00", neighbours=[bob, ann])
    assert "others-price" in suspects(case, "total")
    right = make_case([make_usage()], neighbours=[bob, ann], scenario="right")
    assert "others-price" not in {
        one.mistake.name for one in explaining([judge(case), judge(right)])["total"]
    }


def test_a_wrong_period(make_case, make_usage):
    """There is no invoice for March, and the same lines are on one for April."""
    case = make_case([make_usage("web", 10)])
    april = msgspec.structs.replace(case.billed, period="2026-04")
    assert "other-month" in suspects(replace(case, billed=None, strays=[april]), "missing")
    other = msgspec.structs.replace(april, lines=[])
    assert "other-month" not in suspects(replace(case, billed=None, strays=[other]), "missing")


@pytest.mark.parametrize(
    ("hours", "per_hour", "names"),
    [
        # A free plan: 0 tokens. 10 x 7 x 0.001 = 0.07. 500 x 7 x 0.001 = 3.50, and 5.00 may be the least.
        (10, 0, {"zero-skipped"}),
        (10, 7, {"small-skipped"}),
        (500, 7, {"small-skipped"}),
    ],
)
def test_invoices_that_are_skipped(make_case, make_usage, hours, per_hour, names):
    month = 5000 if per_hour else 0
    skipped = make_case([make_usage("a", hours, tokens_per_hour=per_hour, tokens_per_month=month)])
    billed = make_case([make_usage()], scenario="right")
    found = explaining([judge(replace(skipped, billed=None)), judge(billed)])["missing"]
    assert {one.mistake.name for one in found} & {"zero-skipped", "small-skipped"} == names


@pytest.mark.parametrize(
    ("price", "total", "name"),
    [
        # 5.00 x 1.08875 = 5.44375 -> 5.44; 8 % is 5.40, and 8.9 % 5.445 -> 5.45.
        ({"rates": ("8.875",)}, "5.40", "rates-cut"),
        ({"rates": ("8.875",)}, "5.45", "rates-cut"),
        # 5.00 x 0.6667 = 3.3335 -> 3.33; x 0.67 = 3.35, and cut to 0.66 it is 3.30.
        ({"factors": ("0.6667",)}, "3.35", "multipliers-cut"),
        ({"factors": ("0.6667",)}, "3.30", "multipliers-cut"),
    ],
)
def test_rates_and_multipliers_of_few_digits(make_case, make_usage, make_pricing, price, total, name):
    pricing = make_pricing(*price.pop("factors", ()), **price)
    assert name in suspects(make_case([make_usage()], total=total, pricing=pricing), "total")


@pytest.mark.parametrize(
    ("billed", "said"),
    [
        # 2^31 + 5 tokens: the most that fits is 2147483647; wrapped it is 5 - 2147483648.
        (2_147_483_647, "32-bits"),
        (-2_147_483_643, "32-bits"),
        (2_147_483_600, ""),
    ],
)
def test_tokens_of_a_line_in_32_bits(make_case, make_usage, billed, said):
    usage = make_usage("web", 1, tokens_per_hour=2_147_483_653, tokens_per_month=0)
    assert suspects(make_case([usage], [("web", 1, billed)])) == ({said} if said else set())


def test_tokens_added_up_in_32_bits(make_case, make_usage):
    """Twice 1.5 x 10^9 tokens are 3 x 10^9, in 32 bits -1294967296: at 0.001 that is -1294967.30."""
    usage = [make_usage(name, 1, tokens_per_hour=1_500_000_000, tokens_per_month=0) for name in "ab"]
    assert "sum-32-bits" in suspects(make_case(usage, total="-1294967.30"), "total")


def test_february_of_28_days(make_case, make_usage):
    """In 2028 February has 696 hours, 672 in 28 days; 672 x 7 = 4704, below the cap as 696 x 7 = 4872."""
    usage = [make_usage("web", 696)]
    assert "february" in suspects(replace(make_case(usage, [("web", 672, 4704)]), period="2028-02"))
    assert "february" not in suspects(replace(make_case(usage, [("web", 672, 4704)]), period="2028-03"))


def test_merged_lines(make_case, make_usage):
    """10 and 20 hours of the same server's name: one line of 30 hours and 70 + 140 tokens."""
    usage = [make_usage("web", 10), make_usage("web", 20)]
    assert "merged" in suspects(make_case(usage, [("web", 30, 210)]))
    assert "merged" not in suspects(make_case(usage, [("web", 30, 211)]))


# Little evidence


def test_small_differences_of_few_scenarios_prove_little(make_case, make_usage, make_pricing):
    """0.025 became 0.02: cut, or rounded half to even."""
    case = make_case([make_usage()], total="0.02", pricing=make_pricing(base="0.000005"))
    assert {"truncated", "half-even"} <= suspects(case, "total")
    assert total_hint(case) == ""
    assert total_hint(case, replace(case, scenario="b")) == ""
