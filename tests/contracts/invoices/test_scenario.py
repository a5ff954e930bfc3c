"""The scenario format: what a file says, and how a mistake in it shows."""

import json
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from typing import Any, get_args

import pytest

from solusio_contracts.adapter.customers import Currency
from solusio_contracts.decoding import DecodingError
from solusio_contracts.invoices.scenario import (
    Area,
    customers_document,
    events,
    load_scenarios,
    parse_scenario,
)
from solusio_contracts.timeline import PlanCreate, ServerCreate, UserCreate, UserUpdate

GOOD = """
id = "good"
title = "a reason"
area = "metering"
clauses = ["US-011", "US-012"]
assumes = "something"

[plans.small]
tokens_per_hour = 7
tokens_per_month = 5000
backup_price = 12.5

[pricing]
base_token_unit_cost = "0.0000000010"
user_token_unit_cost = "0.0012"
currency = "KWD"
discounts = [{ name = "Loyal", multipler = "0.95" }]
taxes = { compound = true, rates = [{ label = "VAT", rate = "8.10" }] }

[[timeline]]
at = 2026-03-01T02:00:00+02:00
do = "server.create"
as = "web-{n}"
plan = "small"
repeat = 2

[invoice]
period = "2026-03"
subtotal = "10.000"
discounts = [{ name = "Loyal", amount = "-0.500" }]
taxes = [{ label = "VAT", amount = "0.810" }]
rounding = "0.001"
display = "12.000 KWD"
total = "12.000"
lines = [
  { on = "web-{n}", plan = "small", hours = 744, charge = "monthly", tokens = 5000, amount = "5", repeat = 2},
]
"""

TWO = """
id = "two"
title = "a reason"
area = "customers"
clauses = ["US-009"]
periods = ["2026-03", "2026-04"]

[plans.small]
tokens_per_hour = 7

[customers.ann]
name = "Ann Person"
email = "ann@people.test"
[customers.ann.pricing]
base_token_unit_cost = "0.001"
user_token_unit_cost = "0.001"
[customers.ann.pricing.currency]
code = "EUR"
display_prefix = "€"
thousands_separator = "."
decimals_separator = ","
[customers.ben.pricing]
base_token_unit_cost = "0.002"
user_token_unit_cost = "0.002"
currency = "JPY"
[customers.eve]
unknown = true

[[timeline]]
at = 2026-03-01T00:00:00Z
do = "user.create"
as = "ben"

[[invoices]]
customer = "ann"
period = "2026-04"
total = "0.01"
lines = [{ on = "web", plan = "small", hours = 1, charge = "hourly", tokens = 7, amount = "0.01" }]
"""


def changed(text: str, *changes: tuple[str, str]) -> str:
    for old, new in changes:
        assert old in text
        text = text.replace(old, new)
    return text


def test_what_a_file_says():
    scenario = parse_scenario(GOOD, "good.toml")
    assert (scenario.id, scenario.title, scenario.area) == ("good", "a reason", "metering")
    assert (scenario.clauses, scenario.assumes) == (("US-011", "US-012"), "something")
    (plan,) = scenario.plans
    assert (plan.name, plan.tokens_per_hour, plan.tokens_per_month) == ("small", 7, 5000)
    assert (plan.ip_tokens_per_hour, plan.backup_price) == (0, Decimal("12.5"))
    (customer,) = scenario.customers
    assert (customer.name, customer.unknown) == ("customer", False)
    assert customer.pricing is not None
    assert customer.pricing.base_token_unit_cost == Decimal("1E-9")
    assert customer.pricing.taxes.rates[0].rate == Decimal("8.1")
    (invoice,) = scenario.invoices
    assert (invoice.customer, invoice.period, invoice.currency) == ("customer", "2026-03", "KWD")
    assert (invoice.total, invoice.tokens) == (Decimal("12.000"), 10000)
    assert invoice.discounts is not None
    assert invoice.discounts[0].amount == Decimal("-0.5")
    assert [line.on for line in invoice.lines] == ["web-1", "web-2"]
    assert {line.resource for line in invoice.lines} == {"server"}
    assert scenario.periods == ("2026-03",)


def test_what_is_not_said_is_not_expected():
    (invoice,) = parse_scenario(TWO, "two.toml").invoices
    assert (invoice.subtotal, invoice.discounts, invoice.taxes) == (None, None, None)
    assert (invoice.rounding, invoice.display) == (None, None)


def test_repeated_events_are_expanded_and_keep_their_moment():
    first, second = parse_scenario(GOOD, "good.toml").timeline
    at = datetime(2026, 3, 1, tzinfo=UTC)
    assert (first, second) == tuple(ServerCreate(at=at, as_=f"web-{n}", plan="small") for n in (1, 2))
    assert first.at.utcoffset() == timedelta(hours=2)


def test_a_moment_may_have_the_number_too():
    text = changed(GOOD, ("at = 2026-03-01T02:00:00+02:00", 'at = "2026-03-0{n}T00:00:00Z"'))
    assert [event.at.day for event in parse_scenario(text, "good.toml").timeline] == [1, 2]


def test_a_brace_is_only_a_number_where_something_repeats():
    text = changed(GOOD, ('as = "web-{n}"', 'as = "web-{n}"\nname = "{n}"'), ("\nrepeat = 2", ""))
    (event,) = parse_scenario(text, "good.toml").timeline
    assert isinstance(event, ServerCreate)
    assert (event.as_, event.name) == ("web-{n}", "{n}")


@pytest.mark.parametrize(("code", "decimals"), [("USD", 2), ("JPY", 0), ("KWD", 3)])
def test_decimals_are_those_of_the_currency(code, decimals):
    assert Currency(code=code).decimals == decimals


def test_a_currency_by_its_code_alone():
    pricing = parse_scenario(GOOD, "good.toml").customers[0].pricing
    assert pricing is not None
    assert pricing.currency == Currency(code="KWD", display_suffix=" KWD")


def test_several_customers_and_more_periods_than_invoices():
    scenario = parse_scenario(TWO, "two.toml")
    assert [one.name for one in scenario.customers] == ["ann", "ben", "eve"]
    ann, ben, eve = scenario.customers
    assert (ann.full_name, ann.email) == ("Ann Person", "ann@people.test")
    assert (ben.full_name, ben.email) == ("Ben Example", "ben@example.com")
    assert (eve.unknown, eve.pricing) == (True, None)
    assert scenario.periods == ("2026-03", "2026-04")
    assert scenario.customer("ben") is ben
    with pytest.raises(KeyError):
        scenario.customer("zoe")


# What is played


def test_plans_come_first_then_users_then_the_timeline():
    scenario = parse_scenario(GOOD, "good.toml")
    plan, user, first, second = events(scenario, {"customer": 700_011})
    assert plan == PlanCreate(
        at=first.at, as_="small", tokens_per_hour=7, tokens_per_month=5000, backup_price=12.5
    )
    assert user == UserCreate(
        at=first.at, as_="customer", email="customer@example.com", billing_user_id=700_011
    )
    assert (first, second) == scenario.timeline


def test_a_user_of_the_timeline_is_not_made_twice_and_has_his_id():
    made = [one for one in events(parse_scenario(TWO, "two.toml"), IDS) if isinstance(one, UserCreate)]
    assert [(one.as_, one.billing_user_id) for one in made] == [("ann", 1), ("eve", 3), ("ben", 2)]


def test_a_timeline_may_say_when_a_user_gets_his_id():
    late = """
[[timeline]]
at = 2026-03-05T00:00:00Z
do = "user.update"
on = "ben"
billing_user_id = "ben"
"""
    text = changed(TWO, ("\n[[invoices]]", late + "\n[[invoices]]"))
    *_, created, updated = events(parse_scenario(text, "two.toml"), IDS)
    assert isinstance(created, UserCreate)
    assert isinstance(updated, UserUpdate)
    assert (created.billing_user_id, updated.billing_user_id) == (None, 2)


IDS = {"ann": 1, "ben": 2, "eve": 3}


def test_the_customers_document_has_exact_numbers_without_exponents():
    content = customers_document(parse_scenario(GOOD, "good.toml"), {"customer": 700_011}, "2026-03")
    assert (
        json.loads(content, parse_float=str)["customers"][0]["pricing"]["base_token_unit_cost"]
        == "0.0000000010"
    )
    assert json.loads(content, parse_float=Decimal) == {
        "customers": [
            {
                "billing_user_id": 700_011,
                "name": "Ann Example",
                "email": "customer@example.com",
                "pricing": {
                    "base_token_unit_cost": Decimal("1E-9"),
                    "user_token_unit_cost": Decimal("0.0012"),
                    "currency": {
                        "code": "KWD",
                        "display_prefix": "",
                        "display_suffix": " KWD",
                        "thousands_separator": ",",
                        "decimals_separator": ".",
                        "decimals": 3,
                    },
                    "discounts": [{"name": "Loyal", "description": "", "multipler": Decimal("0.95")}],
                    "taxes": {"compound": True, "rates": [{"label": "VAT", "rate": Decimal("8.1")}]},
                },
            }
        ]
    }


def test_nobody_tells_of_unknown_customers():
    document: Any = json.loads(customers_document(parse_scenario(TWO, "two.toml"), IDS, "2026-03"))
    assert [one["billing_user_id"] for one in document["customers"]] == [1, 2]
    assert document["customers"][0]["pricing"]["taxes"] == {"compound": False, "rates": []}


# Mistakes


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ([('id = "good"', "id = ")], "not valid TOML: "),
        ([('id = "good"', 'id = "bad"')], 'id: expected the name of the file, got "bad"'),
        ([('id = "good"', 'id = "Good one"')], "id: expected a string such as resize-mid-month, got "),
        ([('id = "good"', 'id = "good"\nwhy = ""')], "why: is not a known field"),
        ([('title = "a reason"', "")], "title: is missing"),
        ([('"metering"', '"weather"')], 'area: expected one of .*cap, .*, got "weather"'),
        ([('"US-012"', '"US-999"')], r"clauses\[1\]: clauses.toml has no clause US-999"),
        ([('"US-012"', '"US-011"')], r"clauses\[1\]: US-011 is given twice"),
        ([('["US-011", "US-012"]', "[]")], "clauses: "),
        (
            [("tokens_per_hour = 7", "tokens_per_hour = -7")],
            "plans.small.tokens_per_hour: expected an integer >= 0, got -7",
        ),
        ([("tokens_per_hour", "tokens_an_hour")], "plans.small.tokens_an_hour: is not a known field; "),
        (
            [("backup_price = 12.5", "backup_price = inf")],
            "plans.small: `backup_price` must be a finite number",
        ),
        ([("multipler", "multiplier")], r"pricing.discounts\[0\].multipl.*"),
        ([('"0.0012"', '"cheap"')], "pricing.user_token_unit_cost: "),
        ([('"0.0012"', '"NaN"')], "pricing: `user_token_unit_cost` must be a finite number, got NaN"),
        ([('currency = "KWD"', 'currency = "dinar"')], "pricing.currency.code: "),
        (
            [("[pricing]", "[customers.customer.prices]")],
            r"customers\.\*\.prices: is not a known field; known fields: name, email",
        ),
        (
            [("at = 2026-03-01T02:00:00+02:00", "at = 2026-03-01T02:00:00")],
            r"timeline\[0\].at: expected a moment",
        ),
        ([("at = 2026-03-01T02:00:00+02:00", "")], r"timeline\[0\].at: is missing"),
        ([('do = "server.create"', "do = 1")], r"timeline\[0\].do: expected a string, got 1"),
        (
            [("\nrepeat = 2", "\nrepeat = 0")],
            r"timeline\[0\].repeat: expected an integer from 1 to 10000, got 0",
        ),
        ([("server.create", "server.explode")], r"timeline\[0\].do: expected one of plan.create, .*, got "),
        ([('plan = "small"\nrepeat', "repeat")], r"timeline\[0\].plan: is missing"),
        (
            [('plan = "small"\nrepeat', 'plan = "small"\nhours = 3\nrepeat')],
            r"timeline\[0\].hours: is not a known field; known fields: at, as, name, user, plan",
        ),
        ([("\nrepeat = 2", "\nrepeat = true")], r"timeline\[0\].repeat: expected an integer"),
        ([("repeat = 2}", 'repeat = "2"}')], r"invoice.lines\[0\].repeat: expected an integer"),
        ([("hours = 744", 'hours = "744"')], r"invoice.lines\[0\].hours: expected an integer, got \"744\""),
        ([('charge = "monthly"', 'charge = "yearly"')], r"invoice.lines\[0\].charge: "),
        ([("tokens = 5000,", "tokens = 5000, price = 1,")], r"invoice.lines\[0\].price: "),
        ([('period = "2026-03"', 'period = "2026-13"')], "invoice.period: "),
        ([('total = "12.000"', "")], "invoice.total: is missing"),
        (
            [('period = "2026-03"', 'period = "2026-03"\ncustomer = "zoe"')],
            "invoice.customer: expected one of customer",
        ),
        (
            [('period = "2026-03"', 'period = "2026-03"\ncurrency = "EUR"')],
            "invoice.currency: expected .* KWD",
        ),
        ([("[invoice]", '[[invoices]]\nperiod = "2026-03"\n[invoice]')], "invoice: expected either"),
        ([('assumes = "something"', 'periods = ["2026-04"]')], "periods: 2026-03 is missing"),
        (
            [('assumes = "something"', 'periods = ["2026-04", "2026-03"]')],
            "periods: expected each once, in order",
        ),
        (
            [('plan = "small"\nrepeat', 'billing_user_id = "zoe"\nrepeat')],
            r"timeline\[0\].billing_user_id: .*\"zoe\"",
        ),
    ],
)
def test_a_mistake_is_named_with_its_file_and_field(changes, message):
    with pytest.raises(DecodingError, match=rf"^good\.toml: (?s:.*){message}"):
        parse_scenario(changed(GOOD, *changes), "good.toml")


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ([("unknown = true", "unknown = false")], "customers.eve.pricing: the pricing is missing"),
        (
            [("[customers.ann]", "[customers.ann]\nunknown = true")],
            "customers.ann.pricing: an unknown customer has",
        ),
        (
            [('customer = "ann"', 'customer = "eve"')],
            r'invoices\[0\].customer: expected one of ann, ben, got "eve"',
        ),
        ([('customer = "ann"\n', "")], r'invoices\[0\].customer: .*got "customer"'),
        ([("lines = [{ on", "lines = []\nx = [{ on")], r"invoices\[0\].lines: expected at least one"),
        ([('["2026-03", "2026-04"]', "[]")], "periods: expected at least one"),
    ],
)
def test_mistakes_with_several_customers(changes, message):
    with pytest.raises(DecodingError, match=f"^two.toml: {message}"):
        parse_scenario(changed(TWO, *changes), "two.toml")


@pytest.mark.parametrize(
    ("moments", "message"),
    [
        ("2026-05-01T00:00:00Z", "early_bills: expected moments within the periods, got 2026-05"),
        ("2026-03-05T00:00:00Z, 2026-03-04T00:00:00Z", "early_bills: expected moments in order"),
        ("2026-03-05T00:00:00", r"early_bills\[0\]: "),
    ],
)
def test_mistakes_with_early_runs(moments, message):
    text = changed(TWO, ("[plans.small]", f"early_bills = [{moments}]\n[plans.small]"))
    with pytest.raises(DecodingError, match=f"^two.toml: {message}"):
        parse_scenario(text, "two.toml")


@pytest.mark.parametrize(
    ("table", "message"),
    [
        ("pricing_from.2026-04", "pricing_from: expected within the tables"),
        ("customers.ben.pricing_from.2026-03", "pricing_from: expected a later period: 2026-04, got 2026-03"),
        ("customers.ben.pricing_from.April", "pricing_from: expected a later period: 2026-04, got April"),
        ("customers.eve.pricing_from.2026-04", "customers.eve.pricing_from: an unknown customer has"),
    ],
)
def test_mistakes_with_later_prices(table, message):
    price = 'base_token_unit_cost = "3"\nuser_token_unit_cost = "3"\ncurrency = "JPY"'
    text = changed(TWO, ("[[timeline]]", f"[{table}]\n{price}\n\n[[timeline]]"))
    with pytest.raises(DecodingError, match=f"^two.toml: {message}"):
        parse_scenario(text, "two.toml")


def test_a_price_holds_from_its_month_on():
    later = """[customers.ben.pricing_from.2026-04]
base_token_unit_cost = "3"
user_token_unit_cost = "3"
currency = "JPY"

[[timeline]]"""
    scenario = parse_scenario(changed(TWO, ("[[timeline]]", later)), "two.toml")
    costs = []
    for month in ("2026-03", "2026-04", "2026-05"):
        document = json.loads(customers_document(scenario, IDS, month))
        costs.append([one["pricing"]["base_token_unit_cost"] for one in document["customers"]])
    assert costs == [[0.001, 0.002], [0.001, 3], [0.001, 3]]


def test_events_are_in_the_order_of_time():
    earlier = '\n[[timeline]]\nat = 2026-02-01T00:00:00Z\ndo = "server.delete"\non = "web-1"\n\n[invoice]'
    with pytest.raises(DecodingError, match=r"timeline\[1\].at: .* is before the event above"):
        parse_scenario(changed(GOOD, ("\n[invoice]", earlier)), "good.toml")


def test_a_customer_has_one_invoice_a_period():
    twice = TWO + TWO[TWO.index("[[invoices]]") :]
    with pytest.raises(DecodingError, match=r"two\.toml: invoices: two for ann in 2026-04"):
        parse_scenario(twice, "two.toml")


def test_something_must_be_billed():
    text = changed(TWO, ('periods = ["2026-03", "2026-04"]\n', ""))
    with pytest.raises(DecodingError, match="periods: expected at least one, or an invoice"):
        parse_scenario(text[: text.index("[[invoices]]")], "two.toml")


def test_the_scenarios_of_the_package_come_once_and_from_simple_to_hard():
    scenarios = load_scenarios()
    assert len({one.id for one in scenarios}) == len(scenarios)
    assert load_scenarios() is scenarios
    vendors = [one.id.startswith("vendor-") for one in scenarios]
    assert vendors == sorted(vendors, reverse=True)
    others = [one for one in scenarios if not one.id.startswith("vendor-")]
    areas = list(dict.fromkeys(one.area for one in others))
    assert areas == [area for area in get_args(Area) if area in areas]
    for area in areas:
        sizes = [len(one.periods) + len(one.customers) for one in others if one.area == area]
        assert sizes == sorted(sizes)
