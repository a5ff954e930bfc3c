"""The lines about requests: for people, and as JSON."""

import json
from datetime import UTC, datetime

import pytest

from mock_solusio.moment import parse_moment
from mock_solusio.traffic.exchanges import RawExchange, summary
from mock_solusio.traffic.journal import Journal
from mock_solusio.traffic.log_lines import is_logged, json_line, logged, parse, text_lines

ENDED = datetime(2026, 3, 1, 12, 0, 0, 250_000, UTC)
MARCH = parse_moment("2026-02-01T00:00:00Z")
SECRET = "s3cret-s3cret"


def exchange(method="GET", path="/api/v1/users", **more) -> RawExchange:
    journal = Journal()
    seen: list[RawExchange] = []
    journal.on_exchange = seen.append
    kind = more.pop("kind", "api")
    journal.add(kind, method, path, **{"moment": MARCH, "status": 200, "milliseconds": 1.26, **more})
    return seen[0]


def line(*, colour=False, source=False, **more) -> str:
    return text_lines(logged(summary(exchange(**more)), ENDED), colour=colour, source=source)


def test_a_line_has_method_status_milliseconds_and_the_path_as_a_person_writes_it():
    words = line(query=b"filter%5Bsearch%5D=ann&page=2").split()
    assert words[1:] == ["GET", "200", "1.3", "ms", "/api/v1/users?filter[search]=ann&page=2"]
    assert line(status=0).split()[2] == "none"


def test_notes_and_findings_stand_below():
    told = line(status=404, notes=["no such path", "CL-004 (should): unknown operation", "CL-002 (must): x"])
    assert [one.strip() for one in told.splitlines()[1:]] == [
        "no such path",
        "CL-004 should: unknown operation",
        "CL-002 must: x",
    ]


@pytest.mark.parametrize(
    ("kind", "label"), [("billing", "price"), ("webhook", "webhook"), ("ui", "POST"), ("control", "POST")]
)
def test_what_the_mock_sends_itself_is_labelled(kind, label):
    assert line(method="POST", kind=kind).split()[1] == label


def test_colours_say_how_it_went():
    red, yellow, green, cyan = ("\x1b[31m", "\x1b[33m", "\x1b[32m", "\x1b[36m")
    assert green + "200" in line(colour=True)
    assert yellow + "404" in line(colour=True, status=404)
    assert red + "503" in line(colour=True, status=503)
    assert red + "none" in line(colour=True, status=0)
    findings = line(colour=True, notes=["why", "CL-004 (should): a", "CL-002 (must): b"])
    assert cyan + "why" in findings
    assert yellow + "CL-004" in findings
    assert red + "CL-002" in findings
    assert red + "No price" in line(colour=True, kind="billing", notes=["No price for user 1: it is down."])
    assert green + "User 1" in line(colour=True, kind="billing", notes=["User 1 pays 0.001 USD a token."])
    assert "\x1b" not in line(notes=["why", "CL-002 (must): b"], status=500)


def test_what_a_client_sends_cannot_move_the_cursor():
    told = line(path="/api/v1/\x1b[2J", query=b"a%0Ab=1%1B[2J", notes=["\x1b[2J\n"], method="GET")
    assert "\x1b" not in told
    assert len(told.splitlines()) == 2


def test_json_has_documented_members(documents_of_the_log):
    members = json.loads(json_line(logged(summary(exchange(notes=["why", "CL-002 (must): b"])), ENDED)))
    assert list(members) == documents_of_the_log
    assert members == {
        "time": "2026-03-01T12:00:00.250Z",
        "source": "solusio",
        "number": 1,
        "moment": "2026-02-01T00:00:00.000000Z",
        "kind": "api",
        "method": "GET",
        "path": "/api/v1/users",
        "query": "",
        "operation": None,
        "status": 200,
        "milliseconds": 1.26,
        "notes": ["why"],
        "findings": [{"clause": "CL-002", "level": "must", "text": "b"}],
    }


@pytest.fixture
def documents_of_the_log(pytestconfig) -> list[str]:
    """The members that docs/mock.md lists."""
    page = (pytestconfig.rootpath / "docs" / "mock.md").read_text(encoding="utf-8")
    table = page.partition("<!-- log members -->")[2].partition("\n\n")[0]
    cells = [row.split("|")[1] for row in table.strip().splitlines()[2:]]
    return [name.strip(" `") for cell in cells for name in cell.split(",")]


def test_secrets_are_masked_in_both_forms():
    one = exchange(
        query=f"token={SECRET}&x={SECRET}".encode(),
        path=f"/auth/by_token/{SECRET}",
        headers=[(b"authorization", f"Bearer {SECRET}".encode())],
        notes=[f"http://x/?api_token={SECRET}", f"sent {SECRET}", "http://ann:hunter2@x/"],
    )
    for shown in (
        json_line(logged(summary(one), ENDED)),
        text_lines(logged(summary(one), ENDED), colour=True),
    ):
        assert SECRET not in shown
        assert "hunter2" not in shown
        assert "***" in shown


def test_static_files_have_no_line():
    assert is_logged("ui", "/login")
    assert is_logged("api", "/static/x")
    assert not is_logged("ui", "/static/style.css")
    assert not is_logged("ui", "/favicon.ico")


def test_a_line_of_json_is_read_back_and_anything_else_is_not():
    one = logged(summary(exchange(notes=["why"])), ENDED)
    assert parse(json_line(one)) == one
    assert parse("Traceback (most recent call last):\n") is None
    assert parse('{"a": 1}\n') is None
