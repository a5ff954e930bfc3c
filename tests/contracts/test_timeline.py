"""Timelines: what a line may say, and the errors of one that is wrong."""

import json
from datetime import UTC, datetime
from importlib import resources
from pathlib import Path

import jsonschema_rs
import pytest

from solusio_contracts import timeline
from solusio_contracts.timeline import TimelineError

EXAMPLE = Path(__file__).parents[2] / "docs/examples/timeline.ndjson"
AT = '"at": "2026-03-01T00:00:00Z"'


@pytest.fixture(scope="module")
def published():
    return json.loads(
        resources.files("solusio_contracts").joinpath("timeline.schema.json").read_text("utf-8")
    )


@pytest.fixture
def file(tmp_path):
    def write(*lines):
        path = tmp_path / "t.ndjson"
        path.write_text("".join(f"{line}\n" for line in lines), encoding="utf-8")
        return path

    return write


def test_the_published_schema_is_true(published):
    assert published == json.loads(json.dumps(timeline.schema()))


def test_the_example_of_the_docs_is_a_timeline(published):
    validator = jsonschema_rs.Draft202012Validator(published, validate_formats=True)
    for line in EXAMPLE.read_text(encoding="utf-8").splitlines():
        validator.validate(json.loads(line))
    assert {line.event.verb for line in timeline.read(EXAMPLE)} == set(
        validator_verbs := [one["properties"]["do"]["const"] for one in _events(published)]
    ), validator_verbs


def _events(published):
    found = [one for one in published["$defs"].values() if "do" in one["properties"]]
    for one in found:
        one["properties"]["do"].setdefault("const", one["properties"]["do"].get("enum", [None])[0])
    return found


@pytest.mark.parametrize(
    "line",
    [
        f'{{{AT}, "do": "server.explode", "on": "web"}}',
        f'{{{AT}, "do": "server.stop"}}',
        '{"at": "yesterday", "do": "server.stop", "on": "web"}',
        f'{{{AT}, "do": "server.stop", "on": "web", "colour": "red"}}',
        f'{{{AT}, "do": "plan.create", "as": "small", "tokens_per_hour": 0.5}}',
        f'{{{AT}, "do": "plan.create", "as": "small", "tokens_per_hour": -1}}',
        f'{{{AT}, "do": "user.update", "on": "ann", "status": "asleep"}}',
        "[]",
    ],
)
def test_the_schema_and_the_reader_refuse_the_same(published, file, line):
    validator = jsonschema_rs.Draft202012Validator(published, validate_formats=True)
    assert not validator.is_valid(json.loads(line))
    with pytest.raises(TimelineError, match=r"^Line 1: "):
        list(timeline.read(file(line)))


@pytest.mark.parametrize(
    ("lines", "message"),
    [
        ([f'{{{AT}, "do": "server.explode", "on": "web"}}'], "Line 1: do: expected one of plan.create, "),
        (["", f'{{{AT}, "do": "server.stop"}}'], "Line 2: on: is missing."),
        (['{"do": "server.stop", "on": "web"}'], "Line 1: at: is missing."),
        (["{"], "Line 1: not valid JSON: "),
        (["\x00"], "Line 1: not valid JSON: "),
        ([f'{{{AT}, "do": "server.stop", "on": ""}}'], "Line 1: on: expected a string of length >= 1"),
        (
            [
                f'{{{AT}, "do": "server.stop", "on": "web"}}',
                '{"at": "2026-02-01T00:00:00Z", "do": "server.stop", "on": "web"}',
            ],
            "Line 2: 2026-02-01T00:00:00Z is earlier than the line above, 2026-03-01T00:00:00Z.",
        ),
        (['{"timeline": 2, "begin": "2026-03-01T00:00:00Z"}'], "Line 1: timeline: "),
        (['{"timeline": 1}'], "Line 1: begin: is missing."),
        ([f'{{{AT}, "do": "server.stop", "on": "{"x" * timeline.LINE_LIMIT}"}}'], "Line 1 has more than"),
    ],
)
def test_errors_name_the_line_and_what_is_wrong(file, lines, message):
    with pytest.raises(TimelineError) as error:
        list(timeline.read(file(*lines)))
    assert str(error.value).startswith(message)


def test_a_timeline_that_says_nothing_of_itself_begins_with_its_first_event(file):
    path = file('{"at": "2026-03-01T01:00:00+02:00", "do": "server.stop", "on": "web"}')
    assert timeline.header(path).begin == datetime(2026, 2, 28, 23, tzinfo=UTC)


def test_an_empty_timeline_is_none(file):
    with pytest.raises(TimelineError, match="has no events"):
        timeline.header(file())


def test_reading_resumes_from_an_offset():
    whole = list(timeline.read(EXAMPLE))
    middle = whole[len(whole) // 2]
    rest = list(timeline.read(EXAMPLE, middle.following, middle.number))
    assert rest == whole[len(whole) // 2 + 1 :]
