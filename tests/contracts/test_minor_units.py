"""Our table of minor units, and the reference's, against the list that a package ships."""

import iso4217
import pytest

from solusio_contracts.minor_units import NOT_TWO, minor_digits
from solusio_reference import money


def test_the_table_is_the_published_list():
    published = {one.code: one.exponent for one in iso4217.Currency if one.exponent is not None}
    assert {code: minor_digits(code) for code in published} == published
    assert set(NOT_TWO) <= set(published)


def test_the_reference_has_the_same_table():
    assert money.NOT_TWO == NOT_TWO


@pytest.mark.parametrize("code", ["HUF", "COP", "IDR", "RSD", "", "ZZZZ"])
def test_display_data_of_a_library_decides_nothing(code):
    assert minor_digits(code) == 2
