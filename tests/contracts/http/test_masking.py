"""No encoding of a secret may remain in a text, and nothing else may change."""

import base64
import html
import json
import urllib.parse

import pytest
from hypothesis import assume, given
from hypothesis import strategies as st

from solusio_contracts.http.masking import CUT, HIDDEN, Hidden, Mask, encoded, form_encoded, shortened

TOKEN = "kZ7-qf3XwT9b"
SHOWN = "${MOCK_SOLUSIO_TOKEN}"

SPELLINGS = {
    "plain": lambda secret: secret,
    "form": form_encoded,
    "form, small letters": lambda secret: form_encoded(secret).replace("%2B", "%2b").replace("%2F", "%2f"),
    "percent": lambda secret: urllib.parse.quote(encoded(secret), safe=""),
    "wholly percent": lambda secret: "".join(f"%{byte:02X}" for byte in encoded(secret)),
    "json": lambda secret: json.dumps(secret)[1:-1],
    "json, not ascii": lambda secret: json.dumps(secret, ensure_ascii=False)[1:-1],
    "php json": lambda secret: json.dumps(secret)[1:-1].replace("/", "\\/"),
    "html": html.escape,
    "php html": lambda secret: html.escape(secret).replace("&#x27;", "&#039;"),
    "repr": lambda secret: repr(secret)[1:-1],
    "repr of bytes": lambda secret: repr(encoded(secret))[2:-1],
    "base64": lambda secret: base64.b64encode(encoded(secret)).decode(),
    "base64 for urls": lambda secret: base64.urlsafe_b64encode(encoded(secret)).decode(),
    "bytes taken for latin-1": lambda secret: encoded(secret).decode("latin-1"),
}
secrets = st.text(st.characters(exclude_categories=["Cs"], exclude_characters="\0"), min_size=4, max_size=40)


def masked(*secrets: tuple[str, str]) -> Mask:
    mask = Mask()
    for secret, shown in secrets:
        mask.hide(secret, shown)
    return mask


@pytest.mark.parametrize("spelling", SPELLINGS)
@pytest.mark.parametrize("token", [TOKEN, "a+b/c=d&e\"f'g<h>\\i j~", "ключ-é-🔑", "\udcff\udcfeabcd", "abcd"])
def test_every_spelling_is_replaced(spelling, token):
    text = f"before:{SPELLINGS[spelling](token)}:behind"
    assert masked((token, SHOWN))(text) == f"before:{SHOWN}:behind"


@given(secret=secrets, spelling=st.sampled_from(sorted(SPELLINGS)), before=st.text(), after=st.text())
def test_no_spelling_is_left_in_any_text(secret, spelling, before, after):
    spelt = SPELLINGS[spelling](secret)
    result = masked((secret, "\0"))(before + spelt + after)
    assert spelt not in result
    assert "\0" in result


@given(secret=secrets, text=st.text())
def test_a_text_without_the_secret_stays_as_it_is(secret, text):
    assume(not any(spell(secret)[:4] in text for spell in SPELLINGS.values()))
    assume(not any(letter in text for letter in secret))
    assert masked((secret, SHOWN))(text) == text


@given(
    secret=st.text(min_size=1, max_size=12), text=st.text(max_size=60), places=st.lists(st.integers(0, 60))
)
def test_pieces_are_the_text(secret, text, places):
    for place in places[:4]:
        text = text[:place] + secret + text[place:]
    pieces = list(masked((secret, SHOWN)).pieces(text))
    assert "".join(one.raw if isinstance(one, Hidden) else one for one in pieces) == text


def test_without_secrets_nothing_changes():
    assert Mask()(f"token={TOKEN}… and so on") == f"token={TOKEN}… and so on"


def test_an_empty_secret_is_ignored():
    assert masked(("", SHOWN))("abc") == "abc"


def test_replace_stands_for_every_secret():
    mask = masked((TOKEN, SHOWN), ("Basic abcdef", "***"))
    assert mask(f"{TOKEN} Basic abcdef {TOKEN[:6]}…", replace="?") == "? ? ?…"


def test_the_first_name_of_a_secret_stays():
    assert masked((TOKEN, SHOWN), (TOKEN, "other"))(TOKEN) == SHOWN


# Short secrets


@pytest.mark.parametrize("secret", ["a", "ab", "abc", "+/", "é"])
@pytest.mark.parametrize(
    "text",
    [
        "token={}&action=x",
        "action=x&token={}",
        "'token={}'",
        '"token={}"',
        "token={} and",
        '{{"token":"{}","userid":1}}',
        '{{"token": "{}"}}',
    ],
)
def test_a_short_secret_is_replaced_where_it_is_the_token(secret, text):
    assert masked((secret, SHOWN))(text.format(secret)) == text.format(SHOWN)


@pytest.mark.parametrize(
    "text", ["a banana", "token=ab", "token=banana", "a=1&b=a", '"token": "ab"', "ntoken:a"]
)
def test_a_short_secret_is_left_where_it_is_not(text):
    """Masking every "a" in a report would hide nothing and ruin the report."""
    assert masked(("a", SHOWN))(text) == text


def test_a_short_part_of_a_secret_does_not_uncover_it():
    """The rule about the token's first letter also hides that letter."""
    mask = masked((TOKEN, SHOWN), (TOKEN[:1], "${MOCK_SOLUSIO_TOKEN:0:1}"))
    assert mask(f"token={TOKEN}&userid=1") == f"token={SHOWN}&userid=1"
    assert mask("token=k&userid=1") == "token=${MOCK_SOLUSIO_TOKEN:0:1}&userid=1"


# Secrets derived from each other

VARIANTS = (
    (TOKEN, SHOWN),
    (TOKEN[:-1], "${MOCK_SOLUSIO_TOKEN%?}"),
    (TOKEN[1:], "${MOCK_SOLUSIO_TOKEN#?}"),
    (TOKEN[:6], "${MOCK_SOLUSIO_TOKEN:0:6}"),
    (TOKEN[6:], "${MOCK_SOLUSIO_TOKEN:6}"),
    (TOKEN + "x", f"{SHOWN}x"),
    ("x" + TOKEN, f"x{SHOWN}"),
    (TOKEN + TOKEN, SHOWN + SHOWN),
    (f"{TOKEN},x", f"{SHOWN},x"),
    (f"{TOKEN}\x00x", f"{SHOWN}%00x"),
    (TOKEN.upper(), "${MOCK_SOLUSIO_TOKEN^^}"),
    # Two parts, the first of which is already hidden, with another letter between them.
    (f"{TOKEN[:6]}x{TOKEN[7:]}", "${MOCK_SOLUSIO_TOKEN:0:6}x${MOCK_SOLUSIO_TOKEN:7}"),
)


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        (TOKEN, SHOWN),
        (TOKEN[:-1], "${MOCK_SOLUSIO_TOKEN%?}"),
        (f"{TOKEN[:-1]}y", "${MOCK_SOLUSIO_TOKEN%?}y"),
        (f"y{TOKEN[1:]}", "y${MOCK_SOLUSIO_TOKEN#?}"),
        (TOKEN[:6], "${MOCK_SOLUSIO_TOKEN:0:6}"),
        (f"{TOKEN}x", f"{SHOWN}x"),
        (f"{TOKEN}{TOKEN}", f"{SHOWN}{SHOWN}"),
        (f"{TOKEN}%2Cx", f"{SHOWN}%2Cx"),
        (f"{TOKEN}%00x", f"{SHOWN}%00x"),
        (TOKEN.upper(), "${MOCK_SOLUSIO_TOKEN^^}"),
        (f"{TOKEN[:6]}x{TOKEN[7:]}", "${MOCK_SOLUSIO_TOKEN:0:6}x${MOCK_SOLUSIO_TOKEN:7}"),
        (f"{TOKEN[:6]}{TOKEN}", "${MOCK_SOLUSIO_TOKEN:0:6}" + SHOWN),
    ],
)
@pytest.mark.parametrize("backwards", [False, True])
def test_variants_of_a_token(text, expected, backwards):
    variants = VARIANTS[:1] + (VARIANTS[:0:-1] if backwards else VARIANTS[1:])
    mask = masked(*variants)
    assert mask(f"token={text}&userid=1") == f"token={expected}&userid=1"


def test_what_is_made_of_a_short_token_is_hidden_whole():
    mask = masked(("ab", SHOWN), ("a-ab-b", f"a-{SHOWN}-b"))
    assert mask("token=a-ab-b&userid=1") == f"token=a-{SHOWN}-b&userid=1"


def test_a_secret_that_holds_another_by_chance_is_hidden_whole():
    mask = masked(("1234", SHOWN), ("Bearer 12345678", HIDDEN))
    assert mask("Authorization: Bearer 12345678, token=1234") == f"Authorization: {HIDDEN}, token={SHOWN}"


@pytest.mark.parametrize(
    ("token", "text", "expected"),
    [
        # The second occurrence begins within the first.
        ("abab", "ababab", SHOWN + "${MOCK_SOLUSIO_TOKEN:2:2}"),
        ("abcabca", "abcabcabca", SHOWN + "${MOCK_SOLUSIO_TOKEN:4:3}"),
        ("aaaa", "a" * 10, SHOWN * 2 + "${MOCK_SOLUSIO_TOKEN:2:2}"),
        ("+b+b", "%2Bb%2Bb%2Bb", SHOWN + HIDDEN),
    ],
)
def test_occurrences_that_overlap(token, text, expected):
    assert masked((token, SHOWN))(f"<{text}>") == f"<{expected}>"


def test_different_secrets_that_overlap():
    mask = masked(("abcd", SHOWN), ("cdefgh", HIDDEN))
    # All of the longer one, and the remainder of the shorter one.
    assert mask("-abcdefgh-") == "-${MOCK_SOLUSIO_TOKEN:0:2}" + HIDDEN + "-"


def test_many_occurrences_take_no_time_out_of_proportion():
    assert masked(("aaaa", "b"))("a" * 40_000) == "b" * 10_000


# Texts that were cut


@pytest.mark.parametrize("size", range(4, len(TOKEN)))
def test_half_a_secret_at_a_cut_is_replaced(size):
    assert (
        masked((TOKEN, SHOWN))(f"'token={TOKEN[:size]}{CUT}' and {CUT}") == f"'token={SHOWN}{CUT}' and {CUT}"
    )


def test_what_is_not_a_secret_at_a_cut_stays():
    text = f"{TOKEN[1:]}{CUT} {TOKEN[:3]}{CUT} {TOKEN[:5]} {CUT}"
    assert masked((TOKEN, SHOWN))(text) == text


@given(place=st.integers(0, 60), limit=st.integers(1, 60))
def test_nothing_of_a_secret_is_left_by_shortening(place, limit):
    # No letter of the token is in the rest.
    text, cut = shortened(("." * place + TOKEN + "." * 60).encode(), masked((TOKEN, "?")), limit)
    assert not set(text) & set(TOKEN)
    assert len(text) == limit
    assert cut


def test_shortening_keeps_what_fits():
    assert shortened(b"a\tb\n" + "é".encode(), Mask(), 5) == ("a\tb\né", False)


def test_what_cannot_be_printed_shows_as_an_escape():
    assert shortened(b"\x1b[2J\r\n\xff\x00", Mask(), 100) == ("\\x1b[2J\n\\xff\\x00", False)


# Encodings


@pytest.mark.parametrize(
    ("text", "expected"),
    [("aé", b"a\xc3\xa9"), ("\udcff", b"\xff"), ("\ud83d", b"\xed\xa0\xbd"), ("", b"")],
)
def test_text_of_a_command_line_as_bytes(text, expected):
    assert encoded(text) == expected


def test_form_encoding():
    assert form_encoded("a b+c&é\udcff") == "a+b%2Bc%26%C3%A9%FF"
