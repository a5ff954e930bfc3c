"""Plans and prices."""

from collections.abc import Callable
from typing import Any

import pytest

from mock_solusio.domain.prices import parse_pricing

FOREVER = 2**62


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
