"""What is wrong with a price list is found, all at once, and named by place and value."""

import pytest

from mock_solusio.price_list.model import Severity
from mock_solusio.price_list.reading import LONGEST_FILE, read
from solusio_contracts.decoding import DecodingError

USD = '[[currencies]]\ncode = "USD"\ntoken_unit_cost = 0.001\n'
PLAN = '[[plans]]\nname = "Small"\n'


def plan(lines: str) -> str:
    return f"{USD}{PLAN}{lines}\n"


def currency(lines: str) -> str:
    return f"[[currencies]]\n{lines}\n{PLAN}tokens_per_hour = 7\ntokens_per_month = 5000\n"


def test_a_list_without_findings(found):
    assert found(plan("tokens_per_hour = 7\ntokens_per_month = 5000")) == []


def test_the_largest_prices_are_fine(found):
    assert found(plan("tokens_per_hour = 2147483647\ntokens_per_month = 2147483647")) == []


# What cannot be read


@pytest.mark.parametrize(
    ("line", "code", "says"),
    [
        ("tokens_per_hour = 7.5", "not-an-integer", "7.5 is not an integer"),
        ("tokens_per_hour = 7.0", "not-an-integer", "7.0 is not an integer"),
        ("tokens_per_hour = 7.0", "not-an-integer", "Write 7."),
        ("tokens_per_hour = 7e99999999", "not-an-integer", "7E+99999999 is not"),
        ("tokens_per_hour = inf", "not-an-integer", "Infinity is not"),
        ("tokens_per_hour = nan", "not-an-integer", "NaN is not"),
        ('tokens_per_hour = "7"', "not-an-integer", "the text '7' is not an integer"),
        ("tokens_per_hour = true", "not-an-integer", "true is not"),
        ("tokens_per_hour = [7]", "not-an-integer", "a list is not"),
        ("tokens_per_hour = {}", "not-an-integer", "a table is not"),
        ("tokens_per_hour = 2026-01-01", "not-an-integer", "a date or time is not"),
        ("tokens_per_hour = -7", "negative", "-7 is negative"),
        ("tokens_per_hour = 2147483648", "too-large", "2,147,483,648 is more than 2,147,483,647"),
        (f"tokens_per_hour = {2**63 - 1}", "too-large", "9,223,372,036,854,775,807 is more"),
    ],
)
def test_tokens_that_are_none(found, line, code, says):
    (finding,) = found(plan(f"{line}\ntokens_per_month = 5000"))
    assert (finding.level, finding.code) == (Severity.ERROR, code)
    assert finding.place == "plans[0].tokens_per_hour"
    assert finding.name == "Small"
    assert says in finding.message


@pytest.mark.parametrize("field", ["tokens_per_month", "ip_tokens_per_hour", "ip_tokens_per_month"])
def test_every_price_is_checked(found, field):
    (finding,) = found(plan(f"tokens_per_hour = 7\n{field} = 0.5"))
    assert (finding.place, finding.code) == (f"plans[0].{field}", "not-an-integer")


@pytest.mark.parametrize(
    ("text", "place", "says"),
    [
        (f"token = [1]\n{USD}", "token", "`tokens`"),
        (f"zzz = 1\n{USD}", "zzz", "known keys: $schema, tokens, currencies, plans"),
        (plan("tokens_per_hor = 7"), "plans[0].tokens_per_hor", "`tokens_per_hour`"),
        (currency('code = "EUR"\nunit_cost = 1'), "currencies[0].unit_cost", "`token_unit_cost`"),
        (currency('code = "EUR"\nprefix = "E"'), "currencies[0].prefix", "`display_prefix`"),
        (currency('code = "EUR"\nDecimals = 2'), "currencies[0].Decimals", "`decimals`"),
    ],
)
def test_what_it_does_not_know_is_refused_by_name(found, text, place, says):
    (finding,) = [one for one in found(text) if one.code == "unknown-key"]
    assert finding.level is Severity.ERROR
    assert finding.place == place
    assert says in finding.message


@pytest.mark.parametrize(
    ("code", "says"),
    [
        ("usd", "Did you mean USD?"),
        ("EURO", "Did you mean EUR?"),
        ("XAU", "‘XAU’ is not a currency"),
        ("", "‘’"),
    ],
)
def test_currencies_that_do_not_exist(found, code, says):
    (finding,) = found(currency(f'code = "{code}"\ntoken_unit_cost = 1'))
    assert (finding.level, finding.code) == (Severity.ERROR, "unknown-currency")
    assert finding.place == "currencies[0].code"
    assert says in finding.message


def test_a_currency_of_the_past_is_a_warning(found):
    (finding,) = found(currency('code = "DEM"\ntoken_unit_cost = 1'))
    assert (finding.level, finding.code, finding.name) == (Severity.WARNING, "old-currency", "DEM")


@pytest.mark.parametrize(
    ("line", "code"),
    [
        ("", "missing"),
        ("token_unit_cost = 0", "too-small"),
        ("token_unit_cost = -0.001", "negative"),
        ("token_unit_cost = nan", "wrong-type"),
        ("token_unit_cost = -inf", "wrong-type"),
        ("token_unit_cost = 1e-99999999999999999999", "wrong-type"),
        ("token_unit_cost = true", "wrong-type"),
        ('token_unit_cost = "0,001"', "wrong-type"),
        ('token_unit_cost = "Infinity"', "wrong-type"),
        ("token_unit_cost = 1e-19", "too-large"),
        ("token_unit_cost = 1e18", "too-large"),
    ],
)
def test_unit_costs_that_are_none(found, line, code):
    (finding,) = found(currency(f'code = "EUR"\n{line}'))
    assert (finding.level, finding.code) == (Severity.ERROR, code)
    assert (finding.place, finding.name) == ("currencies[0].token_unit_cost", "EUR")


@pytest.mark.parametrize(
    ("line", "field", "code"),
    [
        ("decimals = 9", "decimals", "wrong-type"),
        ("decimals = -1", "decimals", "wrong-type"),
        ("decimals = 2.0", "decimals", "wrong-type"),
        ("decimals = true", "decimals", "wrong-type"),
        ("display_prefix = 1", "display_prefix", "wrong-type"),
        ('display_suffix = "\\u001b[31m"', "display_suffix", "not-printable"),
        (f'display_suffix = "{"x" * 65}"', "display_suffix", "too-large"),
        ('thousands_separator = "."', "decimals_separator", "same-separator"),
        ('decimals_separator = ""', "decimals_separator", "missing"),
    ],
)
def test_formats_that_cannot_be(found, line, field, code):
    (finding,) = found(currency(f'code = "EUR"\ntoken_unit_cost = 0.001\n{line}'))
    assert (finding.level, finding.place, finding.code) == (Severity.ERROR, f"currencies[0].{field}", code)


@pytest.mark.parametrize(
    ("text", "place", "code"),
    [
        ("", "currencies", "missing"),
        ("currencies = 1", "currencies", "wrong-type"),
        (f"{USD}{USD}", "currencies[1].code", "currency-twice"),
        ("[[currencies]]\ntoken_unit_cost = 1", "currencies[0].code", "missing"),
        ("[[currencies]]\ncode = 1\ntoken_unit_cost = 1", "currencies[0].code", "wrong-type"),
        (f"plans = [1]\n{USD}", "plans", "wrong-type"),
        (f"{USD}[[plans]]\ntokens_per_hour = 7", "plans[0].name", "missing"),
        (f'{USD}[[plans]]\nname = "  "', "plans[0].name", "missing"),
        (f'{USD}[[plans]]\nname = "a\\u001b[31m"', "plans[0].name", "not-printable"),
        (f'{USD}[[plans]]\nname = "{"x" * 256}"', "plans[0].name", "too-large"),
        (f"tokens = []\n{USD}", "tokens", "wrong-type"),
        (f"tokens = 5\n{USD}", "tokens", "wrong-type"),
        (f"tokens = [1, 0]\n{USD}", "tokens[1]", "too-small"),
        (f"tokens = [0.5]\n{USD}", "tokens[0]", "not-an-integer"),
    ],
)
def test_other_mistakes(found, text, place, code):
    errors = [finding for finding in found(text) if finding.level is Severity.ERROR]
    assert [(finding.place, finding.code) for finding in errors] == [(place, code)]


def test_all_mistakes_are_found_at_once(found):
    text = currency('code = "EURO"') + "[[plans]]\ntokens_per_hour = 0.5\ntokens_per_month = -1\n"
    assert [finding.place for finding in found(text)] == [
        "currencies[0].code",
        "currencies[0].token_unit_cost",
        "plans[1].name",
        "plans[1].tokens_per_hour",
        "plans[1].tokens_per_month",
    ]


@pytest.mark.parametrize(
    ("data", "says"),
    [
        (b"[[plans", "end of document"),
        (b"\xff", "UTF-8"),
        (b"a = " + b"[" * 20_000, "nested"),
        (b"#" * (LONGEST_FILE + 1), "longer"),
        (b"a = 1" + b"0" * 5000, "integer"),
    ],
)
def test_what_is_no_toml(data, says):
    with pytest.raises(DecodingError, match=says):
        read(data)


def test_a_byte_order_mark_is_no_mistake():
    prices, findings = read(b"\xef\xbb\xbf" + plan("tokens_per_hour = 7\ntokens_per_month = 5000").encode())
    assert prices is not None
    assert findings == []


# What can be read, and is odd


@pytest.mark.parametrize(
    ("per_hour", "per_month", "level", "code", "field"),
    [
        # 7 x 744 = 5208
        (7, 5208, Severity.WARNING, "cap-never-reached", ".tokens_per_month"),
        (7, 50_000, Severity.WARNING, "cap-never-reached", ".tokens_per_month"),
        (5000, 7, Severity.ERROR, "cap-below-one-hour", ".tokens_per_month"),
        (7, 6, Severity.ERROR, "cap-below-one-hour", ".tokens_per_month"),
        (0, 5000, Severity.INFORMATION, "monthly-only", ".tokens_per_hour"),
        (7, 0, Severity.INFORMATION, "hourly-only", ".tokens_per_month"),
        (0, 0, Severity.WARNING, "free", ""),
    ],
)
def test_prices_that_are_odd(found, per_hour, per_month, level, code, field):
    (finding,) = found(plan(f"tokens_per_hour = {per_hour}\ntokens_per_month = {per_month}"))
    assert (finding.level, finding.code, finding.place) == (level, code, f"plans[0]{field}")
    assert finding.name == "Small"


@pytest.mark.parametrize(("per_hour", "per_month"), [(7, 5207), (7, 7)])
def test_prices_that_are_just_not_odd(found, per_hour, per_month):
    assert found(plan(f"tokens_per_hour = {per_hour}\ntokens_per_month = {per_month}")) == []


def test_a_monthly_price_alone_says_that_it_is_always_charged(found):
    (finding,) = found(plan("tokens_per_month = 5000"))
    assert "5,000 tokens is charged for each month of use, however short (step 3)" in finding.message


def test_additional_ips_are_checked_as_a_plan_of_their_own(found):
    (finding,) = found(plan("tokens_per_hour = 7\ntokens_per_month = 5000\nip_tokens_per_hour = 10"))
    assert (finding.code, finding.place) == ("hourly-only", "plans[0].ip.tokens_per_month")
    assert finding.name == "Small: additional IP"


def test_two_plans_of_one_name(found):
    prices = "tokens_per_hour = 7\ntokens_per_month = 5000\n"
    (finding,) = found(plan(prices) + PLAN + prices)
    assert (finding.level, finding.code, finding.place) == (Severity.WARNING, "name-twice", "plans[1].name")
    assert "plans[0]" in finding.message


def test_no_plans_is_where_one_begins(found):
    (finding,) = found(USD)
    assert (finding.level, finding.place) == (Severity.INFORMATION, "plans")


@pytest.mark.parametrize(
    ("code", "unit_cost", "kind"),
    [
        # 7 tokens are 0.0049, and a month of 5000 is 3.50.
        ("USD", "0.0007", "hour-vanishes"),
        # A month of 5000 is 0.004995.
        ("USD", "0.000000999", "price-vanishes"),
        ("JPY", "0.07", "hour-vanishes"),
        ("JPY", "0.00009", "price-vanishes"),
    ],
)
def test_unit_costs_that_vanish(found, code, unit_cost, kind):
    (finding,) = found(currency(f'code = "{code}"\ntoken_unit_cost = {unit_cost}'))
    assert finding.code == kind
    assert finding.level is (Severity.ERROR if kind == "price-vanishes" else Severity.WARNING)
    assert "‘Small’" in finding.message


@pytest.mark.parametrize(("code", "unit_cost"), [("USD", "0.000715"), ("JPY", "0.0715")])
def test_unit_costs_that_just_do_not_vanish(found, code, unit_cost):
    """7 x 0.000715 = 0.005005, which is rounded up to a cent."""
    assert found(currency(f'code = "{code}"\ntoken_unit_cost = {unit_cost}')) == []


def test_without_plans_the_largest_row_must_not_vanish(found):
    text = '[[currencies]]\ncode = "USD"\ntoken_unit_cost = 0.0000001\n'
    assert [finding.code for finding in found(text)] == ["missing", "price-vanishes"]
    assert [finding.code for finding in found(f"tokens = [100000]\n{text}")] == ["missing"]


@pytest.mark.parametrize(
    ("unit_cost", "codes"),
    [
        ("0.00123456789012345", []),  # 15 digits
        ("0.001234567890123456", ["unit-cost-too-fine"]),  # 16
        ("0.001000000000000000", []),  # trailing zeros count for nothing
    ],
)
def test_unit_costs_with_more_digits_than_a_float_keeps(found, unit_cost, codes):
    text = currency(f'code = "EUR"\ntoken_unit_cost = "{unit_cost}"').replace("hour = 7", "hour = 10")
    assert [finding.code for finding in found(text.replace("5000", "7000"))] == codes
