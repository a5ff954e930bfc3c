"""What a mistyped name may mean."""

import pytest

from solusio_contracts.suggestions import closest, did_you_mean

NAMES = ["discount-key", "discount-factor", "TP-041", "TP-104", "GetTokenPricing", "getApiToken", "currency"]


@pytest.mark.parametrize(
    ("typed", "meant"),
    [
        ("discount-kye", ["discount-key"]),
        ("Discount-Key", ["discount-key"]),
        ("TP-014", ["TP-041", "TP-104"]),
        ("tp-41", ["TP-041"]),
        ("GetTokenPrice", ["GetTokenPricing"]),
        ("", []),
        ("nothing like these", []),
    ],
)
def test_the_nearest_names_are_suggested(typed, meant):
    assert closest(typed, NAMES) == meant


def test_a_suggestion_follows_a_sentence():
    assert did_you_mean("curency", NAMES) == " Did you mean: currency?"
    assert did_you_mean("xyz", NAMES) == ""
