"""How the oracle reads what was sent."""

import pytest

from solusio_contracts.fuzzing.oracle import SentForm, user_reason
from support.fuzzing import KNOWN, UNKNOWN

# How the oracle reads what was sent


@pytest.mark.parametrize(
    "text", ["7", " 7", "+7", "07", "７", "7\0", "7.0", "7e0", "0x7", "4294967295", "1.00000000000000001"]
)
def test_a_sane_server_may_read_a_user(text):
    assert user_reason(text, KNOWN, UNKNOWN) is None


@pytest.mark.parametrize(
    ("text", "clause"),
    [
        ("", "TP-202"),
        (" \t", "TP-202"),
        ("null", "TP-203"),
        ("NaN", "TP-203"),
        ("Infinity", "TP-203"),
        ("7.5", "TP-204"),
        ("1e-400", "TP-204"),
        ("0", "TP-205"),
        ("-7", "TP-205"),
        ("-7.5", "TP-205"),
        ("9223372036854775808", "TP-206"),  # 2^63
        ("4294967303", "TP-206"),  # 2^32 + 7, and 7 is known
        ("1e400", "TP-206"),
        ("7abc", "TP-207"),
        ("7,5", "TP-207"),
        ("+7 OR 1=1", "TP-207"),
        ("' OR 7", "TP-208"),
        ("é", "TP-209"),
        ("a\nb", "TP-209"),
        (str(UNKNOWN), "TP-211"),
    ],
)
def test_no_sane_server_reads_a_user(text, clause):
    fault = user_reason(text, KNOWN, UNKNOWN)
    assert fault is not None
    assert fault.clause == clause


def faults(body: str) -> list[str]:
    return [fault.clause for fault in SentForm(body.encode()).refusal_reasons("abc", KNOWN, UNKNOWN)]


@pytest.mark.parametrize(
    ("body", "clauses"),
    [
        ("token=abc&action=GetTokenPricing&userid=7", []),
        ("token=+abc+&action=gettokenpricing&userid=7&x=y", []),
        # Either of two may count ...
        ("token=wrong&token=abc&action=x&action=GetTokenPricing&userid=x&userid=7", []),
        # ... unless both are wrong.
        ("token=wrong&token=bad&action=GetTokenPricing&userid=7", ["TP-108"]),
        ("token=abc&action=GetTokenPricing&userid=x&userid=-1", ["TP-205"]),
        # PHP drops a space before a name, and everything after a zero byte.
        ("+token=abc&action%00x=GetTokenPricing&USERID=7", []),
        ("token%5B%5D=abc&action=GetTokenPricing&userid=7", ["TP-107"]),
        ("token=abc&action%5Ba%5D=GetTokenPricing&userid%5B0%5D=7", ["TP-214", "TP-210"]),
        ("token=ab&action=GetTokenPricing&userid=7", ["TP-104"]),
        ("token=ABC&action=GetTokenPricing&userid=7", ["TP-105"]),
        ("token=xyz&action=GetTokenPricing&userid=7", ["TP-101"]),
        ("token=&action=&userid=", ["TP-103", "TP-213", "TP-202"]),
        ("", ["TP-102", "TP-213", "TP-201"]),
        ("[1]", ["TP-102", "TP-213", "TP-201"]),
    ],
)
def test_what_forbids_a_price(body, clauses):
    assert faults(body) == clauses


@pytest.mark.parametrize(
    ("body", "odd"),
    [
        ("token=abc&action=GetTokenPricing&userid=7", ""),
        ("x=y&token=abc&action=GetTokenPricing&userid=7", "additional parameters"),
        ("x=y&token=abc&action=GetTokenPricing&userid=+7", "userid"),
        ("action=GetTokenPricing&userid=7", "token"),
        ("token=abc&userid=8", "several"),
    ],
)
def test_which_parameter_is_odd(body, odd):
    assert SentForm(body.encode()).altered("abc", KNOWN) == odd
