"""Values of form parameters: Hypothesis strategies for a schema, and for any text, number or JSON value.

A text is made of bytes that stand for characters, a few of each kind. For a text of any characters, each new
process of Hypothesis would first sort 1.1 million code points into categories.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from hypothesis import strategies as st
from hypothesis.strategies import SearchStrategy

MEMBERS = 3
"""Items of a generated list, and extra parameters, at most."""

BEYOND_LATIN_1 = (
    "١７७𝟙"  # digits of other scripts
    "İıſ\u212aẞﬁ"  # letters whose case changes their length or their script
    "Жאم漢한ก"
    "\u0301\u200b\u200d\u202e\ufeff"  # combining, joining, invisible, changing the direction
    "\u2028\u3000"  # white space
    "＇％＜"  # become ASCII where characters are normalised
    "\ufffd\ufffe\ue000\U0010ffff"  # replacement, no character, private use
    "😀\U0001f1fa"
)
"""Characters of each kind that programs treat in their own way; they take the place of C1 controls."""
# The simplest byte is 0, and the simplest character "0".
CHARACTERS = "".join(map(chr, (*range(0x30, 0x80), *range(0x30), *range(0xA0, 0x100)))) + BEYOND_LATIN_1
"""The character of each byte: ASCII, Latin-1, and a few of what is beyond."""

WORDS = (
    *("null", "undefined", "None", "true", "false", "NaN", "Infinity", "-0", "0e0", "1e999", "0x1"),
    *("[]", "{}", "__proto__", "constructor", "%00", "%s%n", "../"),
    *("'", '"', "\\", "' OR '1'='1", "1 OR 1=1"),
)
"""Texts that some language or database reads as something else than text."""


SIZES = (8, 16, 32, 64, 128)
"""Bits of generated integers: each size comes equally often."""
NUMBERS = (0, -1, 0.5, 1.5, 2**31, 2**53 + 1, 2**63, -0.0, 1e16, 5e-324, 1.7976931348623157e308)
"""Numbers at which programs round, overflow or change the notation."""


def _text(least: int) -> SearchStrategy[str]:
    made = st.binary(min_size=least).map(lambda codes: "".join(CHARACTERS[code] for code in codes))
    return made | st.sampled_from(WORDS)


text = _text(0)
some_text = _text(1)
_integer = st.sampled_from(SIZES).flatmap(lambda bits: st.integers(-(2**bits), 2**bits))
number: SearchStrategy[float] = (
    st.sampled_from(NUMBERS) | _integer | st.floats(allow_nan=False, allow_infinity=False)
)
# Written in a form, JSON's other values are words, and nothing is nested deeper than a list.
_one: SearchStrategy[Any] = st.sampled_from(("null", "true", "false")) | number | text
anything: SearchStrategy[Any] = _one | st.lists(_one, max_size=MEMBERS)
extra_parameters: SearchStrategy[dict[str, Any]] = st.lists(st.tuples(text, anything), max_size=MEMBERS).map(
    dict
)


def matching(schema: Mapping[str, Any]) -> SearchStrategy[Any]:
    """Return a strategy for values that match the schema of a parameter.

    Raises:
        ValueError: the schema says more than this function reads, so some values would not match it.
    """
    match {key: value for key, value in schema.items() if key in _CONSTRAINTS}:
        case {"const": value, **rest} if not rest:
            return st.just(value)
        case {"type": "integer", "minimum": least, "maximum": most, **rest} if not rest:
            return st.sampled_from(SIZES).flatmap(lambda bits: st.integers(least, min(least + 2**bits, most)))
        case {"type": "string", **rest} if not rest:
            return text
        case constraints:
            raise ValueError(f"expected a constant, a bounded integer or any text, got {constraints}")


_CONSTRAINTS = frozenset(
    {
        *("const", "type", "enum", "not", "allOf", "anyOf", "oneOf", "$ref"),
        *("minimum", "maximum", "exclusiveMinimum", "exclusiveMaximum", "multipleOf"),
        *("minLength", "maxLength", "pattern"),
    }
)
