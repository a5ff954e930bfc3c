"""Requests at the boundaries of the schema: the same ones in every run, sent before generated ones.

They are the forms that schemathesis' coverage phase makes of the document, with the endpoint's own token and
users, and a few that should not depend on a seed. A test holds them against schemathesis, whose import would
cost a check more than these forms.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

WORD = "AAA"
"""A text that is neither a number nor a constant of the document."""
QUOTE = "'"
"""A text that ends another in SQL and in many languages, where nothing escapes it."""
LOOSELY_EQUAL = "0"
"""The secret that a loose comparison takes for others: in PHP it equals each that begins with `0e`."""


def matching_forms(schema: Mapping[str, Any], right: Mapping[str, str]) -> Iterator[dict[str, str]]:
    """Yield forms that match the schema of the form; `right` has a right value for each parameter."""
    yield dict(right)
    yield {name: value for name, value in right.items() if name in schema["required"]}
    for name in right:
        yield from ({**right, name: value} for value in matching(schema["properties"][name]))


def violating_forms(schema: Mapping[str, Any], right: Mapping[str, str]) -> Iterator[dict[str, str]]:
    """Yield forms with exactly one parameter that is missing, though required, or violates its schema."""
    for name in schema["required"]:
        yield {other: value for other, value in right.items() if other != name}
    for name in right:
        yield from ({**right, name: value} for value in violating(schema["properties"][name]))


def matching(schema: Mapping[str, Any]) -> list[str]:
    """Return the least and greatest values of a bounded integer, and the ones next to them."""
    if schema.get("type") != "integer":
        return []
    least, most = schema["minimum"], schema["maximum"]
    return [str(value) for value in (least, least + 1, most - 1, most)]


def violating(schema: Mapping[str, Any]) -> list[str]:
    """Return values that just miss the schema of a constant or bounded integer, or are of another type.

    Of a secret, any text matches the schema, so what is returned is wrong only for this endpoint.
    """
    if "const" in schema:
        return [WORD, QUOTE]
    if schema.get("format") == "password":
        return [LOOSELY_EQUAL, QUOTE]
    if schema.get("type") != "integer":
        return []
    return [str(schema["minimum"] - 1), str(schema["maximum"] + 1), "0.5", "true", WORD, QUOTE]
