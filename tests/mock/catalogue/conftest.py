"""Customers, servers and prices for the catalogue."""

from collections.abc import Callable
from typing import Any

import pytest

from mock_solusio.domain.prices import parse_pricing

FOREVER = 2**62


@pytest.fixture
def customer(api) -> Callable[..., Any]:
    """Make a customer; the caller acts as he would, and has his `id` and `email`."""

    def make(name: str, **fields: Any):
        email = f"{name}@example.com"
        made = api.post("users", {"email": email, **fields})
        assert made.status == 201, made
        caller = api.as_user(made.data["id"])
        caller.id, caller.email = made.data["id"], email
        return caller

    return make


@pytest.fixture
def server(api) -> Callable[..., dict[str, Any]]:
    """Create a server as the administrator, out of the members of POST /servers."""

    def make(**fields: Any) -> dict[str, Any]:
        made = api.post("servers", {"name": "web", "plan": 1, "location": 1, "os": 1, **fields})
        assert made.status == 201, made
        return made.data

    return make


@pytest.fixture
def prices(mock, monkeypatch) -> dict[int, Any]:
    """What the billing endpoint says, by billing_user_id; nothing of whoever is not in it."""
    said: dict[int, Any] = {}
    monkeypatch.setattr(mock.prices, "known", lambda number: (said.get(number), FOREVER))
    return said


@pytest.fixture
def cost() -> Callable[[str], Any]:
    """Make a pricing out of the price of a token, in US dollars."""

    def make(unit: str):
        body = (
            f'{{"base_token_unit_cost": {unit}, "user_token_unit_cost": {unit}, "currency": {{"code": "USD",'
            '"display_prefix": "$", "display_suffix": "", "thousands_separator": ",",'
            '"decimals_separator": "."}, "discounts": [],'
            '"taxes": {"compound": false, "rates": [{"label": "Sales Tax", "rate": 6}]}}'
        )
        return parse_pricing(body.encode())

    return make


@pytest.fixture
def plan() -> dict[str, Any]:
    """Return what is needed to create a plan."""
    return {
        "name": "small",
        "params": {"disk": 10, "ram": 512 * 1024 * 1024, "vcpu": 1},
        "storage_type": "fb",
        "image_format": "qcow2",
    }
