"""The hosting provider of the demo: its customers, what they pay, and what has happened to them."""

import json
from collections import Counter
from decimal import Decimal

import pytest

from mock_solusio.clock import Clock
from mock_solusio.demo.hosting_provider import HostingProvider, fleet_until, months_before
from mock_solusio.demo.prices import (
    CURRENCIES,
    EARLY,
    LARGE,
    TAXES,
    customers_document,
    discounts_of,
    pricing,
)
from mock_solusio.domain import settings
from mock_solusio.domain.records.servers import SERVERS
from mock_solusio.fleet import people as fleet_people
from mock_solusio.fleet.people import MARKETS, people
from mock_solusio.moment import parse_moment, utc
from mock_solusio.options import Options
from solusio_contracts.minor_units import minor_digits

NOON = parse_moment("2026-03-15T12:00:00Z")


@pytest.fixture
def provider():
    made = HostingProvider(Options(clock=Clock(NOON, speed=0), seed="x"), users=30, seed="tests")
    yield made
    made.close()


@pytest.mark.parametrize(
    ("moment", "months"),
    [
        ("2026-03-15T12:00:00Z", ["2025-12", "2026-01", "2026-02"]),
        ("2026-03-01T00:00:00Z", ["2025-12", "2026-01", "2026-02"]),
        ("2026-02-28T23:59:59Z", ["2025-11", "2025-12", "2026-01"]),
        ("2026-12-31T00:00:00Z", ["2026-09", "2026-10", "2026-11"]),
    ],
)
def test_the_three_calendar_months_before_a_moment(moment, months):
    assert months_before(parse_moment(moment)) == months


@pytest.mark.parametrize("moment", ["2026-03-15T12:00:00Z", "2026-03-01T00:00:00Z", "2024-02-29T23:59:59Z"])
def test_time_ends_with_the_last_midnight(moment):
    now = parse_moment(moment)
    fleet = fleet_until(now, users=5, seed="1")
    assert utc(fleet.end) == utc(now).replace(hour=0, minute=0, second=0, microsecond=0)
    assert utc(fleet.begin).strftime("%Y-%m-%dT%H:%M:%S") == f"{months_before(now)[0]}-01T00:00:00"


@pytest.mark.parametrize("moment", ["1979-12-31T00:00:00Z", "9001-01-01T00:00:00Z"])
def test_there_is_no_provider_without_a_past_or_a_future(moment):
    with pytest.raises(ValueError, match="1980 to 9000"):
        fleet_until(parse_moment(moment), users=5, seed="1")


def test_there_are_as_many_servers_a_month_as_the_profile_says():
    # 9 in 30 days for each of 100 customers: a quarter stand, 675 are made in 30 days; it is 104 days.
    fleet = fleet_until(NOON, users=100, seed="1")
    assert fleet.standing == 225
    assert fleet.created == pytest.approx(675 * 104 / 30, abs=1)


@pytest.mark.parametrize("seed", ["1", "tests", "2", "3", "4", "5"])
def test_the_customer_to_show_has_servers_that_run_and_was_there_all_the_time(seed):
    provider = HostingProvider(Options(clock=Clock(NOON, speed=0), seed="x"), users=30, seed=seed)
    try:
        person, user = provider.one_to_show()
        servers = provider.store[SERVERS].find(user_id=user.id)
        assert Counter(server.status for server in servers)["started"] >= 3
        assert person.customer.joined_at < provider.fleet.begin
        assert (user.status, user.billing_user_id) == ("active", person.customer.billing_user_id)
        assert user.email == person.email
    finally:
        provider.close()


def test_a_provider_of_one_customer_has_one_to_show():
    provider = HostingProvider(Options(clock=Clock(NOON, speed=0)), users=1, seed="1")
    try:
        assert provider.one_to_show()[0].customer.number == 1
    finally:
        provider.close()


def test_a_reset_brings_the_customers_and_servers_back(provider):
    def state():
        return [(one.id, one.name, one.status, one.created_at) for one in provider.store[SERVERS].find()]

    before = state()
    with provider.transaction() as world:
        for server in list(world[SERVERS].find()):
            world[SERVERS].remove(server.id)
        custom = {"url": "http://127.0.0.1:1/", "token": "t"}
        body = {
            "features": {"allow_registration": False},
            "billing_integration": {"type": "custom", "drivers": {"custom": custom}},
        }
        settings.patch(world, body)
    provider.reset()
    assert state() == before != []
    integration = settings.billing(provider.store)
    assert integration is not None
    assert integration.url == "http://127.0.0.1:1/"
    assert not settings.registration_allowed(provider.store)
    assert provider.clock.now() == NOON


def test_a_price_is_base_times_discounts_times_taxes():
    # 0.00091 x 0.95 x 1.19
    assert cost("EUR", [EARLY], TAXES["DE"]) == Decimal("0.001028755")
    # 0.001 x 1.06 x 1.02: compound, as in the vendor's example
    assert cost("USD", [], TAXES["US"]) == Decimal("0.0010812")
    # 0.15 x 0.95 x 0.9 x 1.1
    assert cost("JPY", [EARLY, LARGE], TAXES["JP"]) == Decimal("0.141075")
    assert cost("KWD", [], ()) == Decimal("0.00031")


def cost(code, discounts, taxes):
    document = pricing(code, discounts, taxes)
    return Decimal(bytes(document["user_token_unit_cost"]).decode())


def test_taxes_are_compound_only_where_there_are_several():
    assert pricing("USD", [], TAXES["US"])["taxes"]["compound"] is True
    assert pricing("EUR", [], TAXES["DE"])["taxes"]["compound"] is False


def test_every_market_has_a_price_and_its_currency_the_digits_of_cldr():
    assert {market.currency for market in MARKETS} == set(CURRENCIES)
    assert {code: money.digits for code, money in CURRENCIES.items()} == {
        code: minor_digits(code) for code in CURRENCIES
    }


def test_the_first_third_and_the_largest_tenth_get_discounts(provider):
    discounts = discounts_of(provider.people)
    assert [number for number, found in discounts.items() if EARLY in found] == list(range(1, 11))
    large = {number for number, found in discounts.items() if LARGE in found}
    weights = sorted((one.customer.weight, one.customer.number) for one in provider.people)
    assert large == {number for _, number in weights[-3:]}


def test_the_customers_document_has_everybody_with_exact_numbers(provider):
    customers = json.loads(customers_document(provider.people), parse_float=str)["customers"]
    assert [one["billing_user_id"] for one in customers] == list(range(1001, 1031))
    for one in customers:
        # Written out: no exponent, and no digits of a float.
        assert "e" not in one["pricing"]["user_token_unit_cost"].lower()
        assert len(one["pricing"]["user_token_unit_cost"]) <= 16
    assert {one["pricing"]["currency"]["code"] for one in customers} <= set(CURRENCIES)
    assert all(one["email"].endswith(".example") for one in customers)


def test_people_are_the_same_with_all_providers_of_faker(provider, monkeypatch):
    monkeypatch.setattr(fleet_people, "_PROVIDERS", None)
    assert list(people(provider.fleet)) == provider.people
