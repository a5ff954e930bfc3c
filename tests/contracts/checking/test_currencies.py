"""Codes, decimals and symbols of currencies; the expected values are from ISO 4217."""

import pytest

from solusio_contracts.checking import currencies


@pytest.mark.parametrize(
    "code", ["GBP", "EUR", "USD", "JPY", "KWD", "CHF", "INR", "BRL", "XOF", "XAF", "XCD", "XPF"]
)
def test_currencies_to_pay_with(code):
    assert code in currencies.known()
    assert code in currencies.current()


@pytest.mark.parametrize("code", ["DEM", "FRF", "ITL", "SUR", "ZWD"])
def test_currencies_of_the_past(code):
    assert code in currencies.known()
    assert code not in currencies.current()


@pytest.mark.parametrize(
    "code", ["XXX", "XTS", "XAU", "XAG", "XDR", "UKP", "EURO", "gbp", "", "£", "ABC", "826", "GBX", "BTC"]
)
def test_what_is_not_a_currency(code):
    assert code not in currencies.known()
    assert code not in currencies.current()


def test_all_codes_are_three_capitals_and_known():
    assert currencies.current() <= currencies.known() | currencies.NO_MONEY
    assert all(len(code) == 3 and code.isascii() and code.isupper() for code in currencies.known())
    assert len(currencies.current()) > 140


@pytest.mark.parametrize(
    ("code", "without"),
    [
        ("JPY", True),
        ("KRW", True),
        ("HUF", True),
        ("USD", False),
        ("GBP", False),
        ("KWD", False),
        ("QQQ", False),
    ],
)
def test_which_amounts_may_be_shown_without_decimals(code, without):
    assert currencies.may_lack_decimals(code) is without


@pytest.mark.parametrize(
    ("sign", "codes"),
    [
        ("€", {"EUR"}),
        ("£", {"GBP", "EGP", "GIP", "FKP", "SHP", "LBP", "SYP"}),
        ("¥", {"JPY", "CNY"}),
        ("₹", {"INR"}),
        ("₩", {"KRW", "KPW"}),
        ("₪", {"ILS"}),
        ("₫", {"VND"}),
    ],
)
def test_signs(sign, codes):
    assert codes <= currencies.symbols()[sign]


def test_a_symbol_of_another_currency():
    assert "GBP" not in currencies.symbols()["€"]
    assert "EUR" not in currencies.symbols()["£"]
    assert "USD" not in currencies.symbols()["¥"]


def test_a_dollar_is_that_of_many_and_not_of_all():
    assert {"USD", "CAD", "AUD", "MXN", "BRL"} <= currencies.symbols()["$"] <= currencies.known()
    assert not {"EUR", "GBP", "JPY"} & currencies.symbols()["$"]


def test_signs_are_single_letters():
    """Longer symbols, such as kr, occur as words in many texts."""
    assert all(len(sign) == 1 and not sign.isalnum() for sign in currencies.symbols())
