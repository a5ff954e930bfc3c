"""Values of form parameters: Hypothesis strategies for a schema, and for any text, number or JSON value.

schemathesis draws such values as parts of a whole request (media type, headers, hooks, filters), which takes
6 to 8 ms of processor time for each; a value alone takes less than 1 ms.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from hypothesis import strategies as st
from hypothesis.strategies import SearchStrategy

MEMBERS = 3
"""Items of a generated list, and extra parameters, at most."""

# All of Unicode except surrogates. The codec "utf-8" means the same, but Hypothesis would spend a second on
# trying every code point.
_CHARACTERS = st.characters(exclude_categories=["Cs"])

text: SearchStrategy[str] = st.text(_CHARACTERS)
some_text: SearchStrategy[str] = st.text(_CHARACTERS, min_size=1)
number: SearchStrategy[float] = st.integers() | st.floats(allow_nan=False, allow_infinity=False)
# Written in a form, JSON's other values are words, and nothing is nested deeper than a list.
_one: SearchStrategy[Any] = st.sampled_from(("null", "true", "false")) | number | text
anything: SearchStrategy[Any] = _one | st.lists(_one, max_size=MEMBERS)
extra_parameters: SearchStrategy[dict[str, Any]] = st.dictionaries(text, anything, max_size=MEMBERS)


def matching(schema: Mapping[str, Any]) -> SearchStrategy[Any]:
    """Return a strategy for values that match the schema of a parameter.

    Raises:
        ValueError: the schema says more than this function reads, so some values would not match it.
    """
    match {key: value for key, value in schema.items() if key in _CONSTRAINTS}:
        case {"const": value, **rest} if not rest:
            return st.just(value)
        case {"type": "integer", "minimum": least, "maximum": most, **rest} if not rest:
            return st.integers(least, most)
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
