"""`fleet describe`: the same figures from a state file and a timeline, worked out by hand for a small one."""

import re
from pathlib import Path

import pytest

from mock_solusio.fleet.sources import SourceError, open_source
from mock_solusio.fleet.statistics import FleetStatistics
from mock_solusio.moment import DAY, HOUR, MINUTE, parse_moment
from support.commands import invoke

EXAMPLES = Path(__file__).parents[3] / "docs/examples"
TIMELINE = EXAMPLES / "timeline.ndjson"


def read(file):
    source = open_source(file)
    made = FleetStatistics(source.begin, source.end)
    for spans in source.servers:
        made.add(spans)
    return source, made


def test_a_timeline_by_hand():
    """The example of the docs, March 2026; hours of `web` are anchored at 8:00, those of `shop` at 0:05."""
    source, made = read(TIMELINE)
    assert (source.kind, source.customers) == ("timeline", 2)
    assert (made.servers, made.living, made.owners) == (2, 1, {1, 2})
    # web: all 31 days; shop: 1 March 0:05 to 25 March 9:00.
    shop = 24 * DAY + 9 * HOUR - 5 * MINUTE
    assert made.span == 31 * DAY + shop
    # web as small until 16 March 12:00: 15.5 days of 24 hours; then as large for as long.
    # shop: 584 h 55 min, so 585 hours at 7.
    assert made.plans["small"].hours == 372 + 585
    assert made.plans["small"].tokens == 372 * 7 + 585 * 7
    assert (made.plans["Large"].hours, made.plans["Large"].tokens) == (372, 372 * 28)
    # web's second address: 3 March 9:00 to 20 March 9:00; small costs 1 until the 16th, 12:00, large nothing.
    # shop's: as long as shop itself.
    assert made.resources["additional_ip"].hours == 17 * 24 + 585
    assert made.resources["additional_ip"].tokens == 13 * 24 + 3 + 585
    # Backup: 5 March 2:00 to 21 March 9:00; 10 % of 7 is 1 for 274 hours, of large nothing.
    assert made.resources["backup"].hours == 16 * 24 + 7
    assert made.resources["backup"].tokens == 11 * 24 + 10
    # The installer: 6 March 9:00 to 11:30, at 2.
    assert (made.resources["iso_image"].hours, made.resources["iso_image"].tokens) == (3, 6)
    assert sum(made.days) == made.tokens
    # On 2 March: web 24 h at 7, shop and its address 24 h at 7 and 1.
    assert made.days[1] == 24 * 7 + 24 * 8
    assert made.days[30] == 24 * 28


def test_a_state_file_and_a_timeline_of_the_same_fleet_come_to_the_same(month):
    (state, from_state), (line, from_line) = read(month / "month.db"), read(month / "month.ndjson")
    assert (state.kind, line.kind) == ("state file", "timeline")
    assert (state.begin, state.end, state.customers) == (line.begin, line.end, line.customers)
    assert from_state.begin == parse_moment("2026-03-01T00:00:00Z")
    assert from_state.end == parse_moment("2026-04-01T00:00:00Z")
    for name in ("servers", "living", "span", "minutes", "plans", "resources", "days"):
        assert getattr(from_state, name) == getattr(from_line, name), name
    assert from_state.servers > 300


def test_a_world(month):
    source, made = read(month / "month.toml")
    _, whole = read(month / "month.ndjson")
    assert source.kind == "world"
    assert made.living == made.servers == whole.living


def test_a_generated_fleet_is_described_as_its_model_is(fleet_of, tmp_path):
    file = tmp_path / "azure.db"
    done = invoke(
        "fleet", "generate", "--profile", "azure2017", "--users", 12, "--seed", "x", "--state", file
    )
    assert done.exit_code == 0
    _, made = read(file)
    fleet = fleet_of("azure2017", users=12, seed="x", begin="2026-06-01T00:00:00Z")
    spans = [
        (fleet.end if one.ended_at is None else one.ended_at) - max(one.created_at, fleet.begin)
        for one in fleet.servers()
    ]
    assert made.servers == len(spans)
    assert made.span == sum(spans)
    assert made.living == sum(one.ended_at is None for one in fleet.servers())
    assert made.mean_hours == pytest.approx(51.8, rel=0.02)
    spans.sort(reverse=True)
    assert made.share_of_longest(10) == pytest.approx(sum(spans[: len(spans) // 10]) / sum(spans), rel=0.01)
    assert made.quantile(50) == pytest.approx(spans[len(spans) // 2], rel=0.05, abs=MINUTE)


def test_lifetimes_of_nothing():
    nothing = FleetStatistics(0, DAY)
    assert (nothing.mean_hours, nothing.share_of_longest(10)) == (0, 0)
    assert (nothing.quantile(50), nothing.longest()) == (0, 0)


@pytest.mark.parametrize("name", ["month.db", "month.ndjson", "month.toml"])
def test_tables_for_people(month, name):
    done = invoke("fleet", "describe", month / name)
    assert done.exit_code == 0, done.output
    for text in ("customers", "hours per server, mean", "Lifetimes within this time", "1 Core, 1 GB RAM"):
        assert text in done.output
    assert "Tokens per day" in done.output
    assert f"{name}: " in done.output


@pytest.mark.parametrize("ending", ["svg", "png"])
def test_pictures_are_the_same_each_time(month, tmp_path, ending):
    made = []
    for number in (1, 2):
        file = tmp_path / f"{number}.{ending}"
        done = invoke("fleet", "describe", month / "month.ndjson", "--plot", file)
        assert done.exit_code == 0, done.output
        made.append(file.read_bytes())
    assert made[0] == made[1]
    if ending == "svg":
        text = made[0].decode()
        assert "percent of servers" in text
        assert "tokens per day" in text
        assert "30 days" in text
    else:
        assert made[0].startswith(b"\x89PNG")


def test_a_picture_of_another_kind(month, tmp_path):
    refused = invoke("fleet", "describe", month / "month.ndjson", "--plot", tmp_path / "f.gif")
    assert refused.exit_code == 2
    assert "ends in .svg or .png" in refused.output


@pytest.mark.parametrize(
    ("content", "message"),
    [
        (b"", "has no servers to describe"),
        (b"\x00\x01 nothing", "not valid TOML"),
        (b"SQLite format 3\0 and nothing more", "file is not a database"),
        (b'{"users": [{"mail": "a@example.com"}]}', "users\\[0\\]"),
        (b'{"at": "2026-03-01T00:00:00Z", "do": "server.stop", "on": 7}', "Line 1: on: "),
        (
            b'{"at": "2026-03-01T00:00:00Z", "do": "server.delete", "on": "web"}',
            "Line 1: there is no server 'web'",
        ),
        (
            b'{"at": "2026-03-01T00:00:00Z", "do": "server.create", "as": "web", "plan": "huge"}',
            "Line 1: there is no plan 'huge'",
        ),
        (b'[[servers]]\nname = "web"\nuser = 1\nplan = "huge"\n', "servers\\[0\\].plan: there is no plan"),
    ],
)
def test_files_that_tell_of_no_fleet(tmp_path, content, message):
    file = tmp_path / "file"
    file.write_bytes(content)
    refused = invoke("fleet", "describe", file)
    assert refused.exit_code == 2, refused.output
    assert re.search(message, " ".join(refused.output.split())), refused.output


def test_a_state_file_that_is_in_use(month, tmp_path):
    from mock_solusio.app import Mock
    from mock_solusio.options import Options

    state = tmp_path / "month.db"
    state.write_bytes((month / "month.db").read_bytes())
    mock = Mock(Options(file=state))
    try:
        with pytest.raises(SourceError, match="is in use, or was not closed"):
            open_source(state)
    finally:
        mock.close()
