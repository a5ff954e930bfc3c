"""Plans and prices."""

from collections.abc import Callable
from typing import Any

import pytest

from mock_solusio.domain.prices import parse_pricing

FOREVER = 2**62


@pytest.fixture
def prices(mock, monkeypatch) -> dict[int, Any]:
    """The billing endpoint's answers by billing_user_id; customers that are absent have no price."""
    said: dict[int, Any] = {}
    monkeypatch.setattr(mock.prices, "known", lambda number: (said.get(number), FOREVER))
    return said


@pytest.fixture
def cost() -> Callable[[str], Any]:
    """Return a pricing with this price of a token, in US dollars."""

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
    """Return the fields that a new plan needs."""
    return {
        "name": "small",
        "params": {"disk": 10, "ram": 512 * 1024 * 1024, "vcpu": 1},
        "storage_type": "fb",
        "image_format": "qcow2",
    }
