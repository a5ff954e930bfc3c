"""Generated values match the schema of their parameter."""

from typing import Any

import jsonschema_rs
import pytest
from hypothesis import HealthCheck, given, settings

from solusio_contracts.fuzzing import generator, values


@pytest.mark.parametrize("field", generator.FIELDS)
def test_values_match_the_schema_of_their_parameter(field):
    schema = generator.form_schema()["properties"][field]
    valid = jsonschema_rs.Draft202012Validator(dict(schema))

    @settings(max_examples=50, database=None, deadline=None, suppress_health_check=list(HealthCheck))
    @given(values.matching(schema))
    def check(value: Any) -> None:
        valid.validate(value)

    with generator.quiet_hypothesis():
        check()


@pytest.mark.parametrize(
    "schema",
    [
        {"type": "string", "pattern": "^a"},
        {"type": "integer", "minimum": 1},
        {"type": "integer", "minimum": 1, "maximum": 9, "multipleOf": 2},
        {"const": 1, "not": {"const": 1}},
        {},
    ],
)
def test_a_schema_that_says_more_is_refused(schema):
    with pytest.raises(ValueError, match="expected a constant, a bounded integer or any text, got"):
        values.matching(schema)


def test_each_byte_stands_for_a_character_of_its_own():
    assert len(values.CHARACTERS) == len(set(values.CHARACTERS)) == 256
    values.CHARACTERS.encode()  # has no surrogate
    assert set(map(chr, range(128))) < set(values.CHARACTERS)
