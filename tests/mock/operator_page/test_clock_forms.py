"""The buttons of the clock, on every page."""

import pytest

CLOCK = "/_mock/operator/clock"


@pytest.mark.parametrize(
    ("fields", "shown"),
    [
        ({"do": "hour"}, "Sun 1 Mar 2026, 01:00:00 UTC, frozen"),
        ({"do": "day"}, "Mon 2 Mar 2026, 00:00:00 UTC, frozen"),
        ({"do": "month"}, "Wed 1 Apr 2026, 00:00:00 UTC, frozen"),
        ({"do": "set", "moment": "2027-12-31T23:59"}, "Fri 31 Dec 2027, 23:59:00 UTC, frozen"),
        ({"do": "set", "moment": "2027-12-31T23:59:58"}, "Fri 31 Dec 2027, 23:59:58 UTC, frozen"),
    ],
)
def test_time_moves(operator, fields, shown):
    page = operator.send("/_mock/", CLOCK, fields)
    assert f"It is {shown}." in page.text
    assert shown.partition(" UTC")[0] in operator.open().text


def test_run_freeze_and_follow(operator, solusio):
    operator.send("/_mock/", CLOCK, {"do": "run"})
    assert solusio.clock.mode == "real"
    operator.send("/_mock/", CLOCK, {"do": "freeze"})
    assert solusio.clock.mode == "frozen"
    page = operator.send("/_mock/", CLOCK, {"do": "speed", "speed": "3600"})
    assert "3600 times as fast" in page.text
    assert solusio.clock.speed == 3600
    operator.send("/_mock/", CLOCK, {"do": "follow"})
    assert solusio.clock.mode == "real"


@pytest.mark.parametrize(
    ("fields", "words"),
    [
        ({"do": "speed", "speed": "fast"}, "run: "),
        ({"do": "speed", "speed": "0"}, "run: "),
        ({"do": "speed", "speed": "nan"}, "run: "),
        ({"do": "set", "moment": "soon"}, "set: "),
        ({"do": "set"}, "set: "),
        ({"do": "nothing"}, "expected set, advance"),
    ],
)
def test_wrong_values_are_explained_and_change_nothing(operator, solusio, fields, words):
    page = operator.send("/_mock/", CLOCK, fields)
    assert 'role="alert"' in page.text
    assert words in page.text
    assert solusio.mock.clock.described() == "2026-03-01T00:00:00.000000Z, frozen"


def test_a_form_returns_to_its_page_and_its_notice_is_shown_once(operator):
    path = "/_mock/operator/users?search=ann&page=2"
    page = operator.send(path, CLOCK, {"do": "hour"})
    assert str(page.url.copy_remove_param("said")).endswith(path)
    assert "It is Sun 1 Mar 2026, 01:00:00 UTC" in page.text
    assert "It is Sun" not in operator.open(str(page.url)).text


def test_a_link_cannot_forge_a_notice(operator):
    assert "hacked" not in operator.open("/_mock/?said=hacked").text


def test_journal_shows_the_call_of_the_control_api(operator, solusio):
    operator.send("/_mock/", CLOCK, {"do": "month"})
    (entry,) = solusio.journal.read(kind="control")
    assert (entry.method, entry.path, entry.operation) == ("POST", "/_mock/clock", "changeClock")
    assert entry.request.body == '{"advance":"P1M"}'
