"""HAR files of other programs become recordings; what is no HAR is refused with a reason."""

import base64
import json
from typing import Any

import pytest

from mock_solusio.record.archive import FormBody, HiddenBody, NoBody, RecordingReader
from support.commands import invoke

SECRETS = [
    "ann.kowalczyk@real-host.de",
    "real-host",
    "GeheimesToken123",
    "Zwiebel-77!",
    "203.0.113.77",
    "kowalczyk",
]


def entry(
    method: str = "GET", url: str = "https://panel.real-host.de/api/v1/users", **more: Any
) -> dict[str, Any]:
    """An entry as browsers write it, with members that nobody needs."""
    answer = {"data": [{"id": 7, "email": SECRETS[0], "ip": SECRETS[4]}]}
    made = {
        "startedDateTime": "2026-03-01T12:00:00.000+01:00",
        "time": 12.5,
        "request": {
            "method": method,
            "url": url,
            "httpVersion": "HTTP/2",
            "cookies": [{"name": "session", "value": SECRETS[2]}],
            "headers": [
                {"name": ":authority", "value": "panel.real-host.de"},
                {"name": "Authorization", "value": f"Bearer {SECRETS[2]}"},
                {"name": "Referer", "value": "https://panel.real-host.de/"},
            ],
            "queryString": [],
            "headersSize": -1,
            "bodySize": 0,
        },
        "response": {
            "status": 200,
            "statusText": "OK",
            "headers": [{"name": "Content-Type", "value": "application/json"}],
            "content": {"size": 10, "mimeType": "application/json", "text": json.dumps(answer)},
            "redirectURL": "",
        },
        "cache": {},
        "timings": {"wait": 1},
        "serverIPAddress": SECRETS[4],
    }
    for path, value in more.items():
        target = made
        *steps, last = path.split("__")
        for step in steps:
            target = target[step]
        target[last] = value
    return made


@pytest.fixture
def importing(tmp_path):
    """Imports entries by the command line; gives its exit code and words, and the folder."""

    def made(*entries: Any, raw: bytes | None = None, options: tuple[str, ...] = ()):
        file, folder = tmp_path / "session.har", tmp_path / "recorded"
        har = {"log": {"version": "1.2", "creator": {"name": "x"}, "pages": [], "entries": list(entries)}}
        file.write_bytes(json.dumps(har).encode() if raw is None else raw)
        result = invoke("record", "--import-har", str(file), "--out", str(folder), "--seed", "s", *options)
        return result, folder

    return made


def test_a_session_of_a_browser(importing, leaks, everything):
    search = "https://panel.real-host.de/api/v1/users?filter%5Bsearch%5D=ann.kowalczyk%40real-host.de"
    body = {"mimeType": "application/json", "text": json.dumps({"email": SECRETS[0], "password": SECRETS[3]})}
    coded = base64.b64encode(json.dumps({"email": SECRETS[0]}).encode()).decode()
    result, folder = importing(
        entry(url=search, startedDateTime="2026-03-01T12:00:02Z"),
        entry("POST", request__postData=body, response__status=201),
        entry(url="https://panel.real-host.de/app.js"),
        entry(response__status=0),
        entry(
            startedDateTime="2026-03-01T12:00:03Z",
            response__content={
                "size": 9,
                "mimeType": "application/json",
                "text": coded,
                "encoding": "base64",
            },
        ),
    )
    assert (result.exit_code, result.output) == (
        0,
        f"3 exchanges recorded in {folder}.\n"
        "Left out: 1 not below /api/v1 (--all-paths imports them).\nLeft out: 1 without a response.\n",
    )
    posted, searched, coded_one = RecordingReader(folder)
    assert [one.number for one in (posted, searched, coded_one)] == [1, 2, 3]
    assert (posted.moment, posted.milliseconds) == ("2026-03-01T11:00:00.000Z", 12.5)
    asked = json.loads(bytes(posted.request.body.value))
    assert searched.request.query == [("filter[search]", asked["email"])]
    assert json.loads(bytes(coded_one.response.body.value)) == {"email": asked["email"]}
    assert [name for name, _ in posted.request.headers] == ["authorization", "content-type"]
    assert leaks(everything(folder), SECRETS) == []


def test_what_programs_write_differently(importing):
    form = {"mimeType": "application/x-www-form-urlencoded", "params": [{"name": "userid", "value": "1"}]}
    result, folder = importing(
        entry("POST", request__postData=form, time=-1),
        entry(response__content={"size": 0}, response__status=204, time=None),
        entry(response__content={"size": 5000, "mimeType": "application/json"}),
        entry(response__content={"size": 3, "mimeType": None, "text": "<p>"}, response__headers=[]),
    )
    assert result.exit_code == 0, result.output
    posted, empty, left_out, page = RecordingReader(folder)
    assert posted.request.body == FormBody([("userid", "1")])
    assert posted.milliseconds == 0
    assert empty.response.body == NoBody()
    assert isinstance(left_out.response.body, HiddenBody)
    assert page.response.body == HiddenBody(3, "not JSON in UTF-8")


def test_all_paths(importing):
    result, folder = importing(entry(url="https://panel.real-host.de/app.js"), options=("--all-paths",))
    assert result.exit_code == 0
    assert result.output == f"1 exchange recorded in {folder}.\n"


def test_a_byte_order_mark_is_no_obstacle(importing):
    har = b"\xef\xbb\xbf" + json.dumps({"log": {"entries": [entry()]}}).encode()
    assert importing(raw=har)[0].exit_code == 0


@pytest.mark.parametrize(
    ("entries", "words"),
    [
        ([entry(startedDateTime="yesterday")], "log.entries[0]: startedDateTime is not in ISO 8601"),
        ([entry(), entry(url="ftp://panel/x")], "log.entries[1]: the URL is not an http or https URL"),
        ([entry(url="http://panel:x/api/v1/")], "log.entries[0]: the URL is not valid"),
        (
            [entry(response__content={"text": "!!!", "encoding": "base64"})],
            "log.entries[0]: a body is not base64",
        ),
        (
            [entry(response__content={"text": "x", "encoding": "rot13"})],
            "log.entries[0]: the encoding of a body is neither absent nor base64",
        ),
        ([{"request": {}}], "log.entries[0].request.method: expected a value"),
        (
            [entry(response__status="200")],
            "session.har is not a HAR file: log.entries[0].response.status: expected an integer",
        ),
        ([], "has no request with a response below /api/v1"),
        ([entry(url="https://panel.real-host.de/")], "has no request with a response below /api/v1"),
    ],
)
def test_what_is_no_har_is_refused(importing, entries, words):
    result, folder = importing(*entries)
    assert result.exit_code == 2
    assert words in " ".join(result.output.split())
    assert "Kowalczyk" not in result.output
    assert not folder.exists()


@pytest.mark.parametrize(
    ("raw", "words"),
    [
        (b"", "session.har: not valid JSON"),
        (b"{}", "session.har is not a HAR file: log: expected a value"),
        (b"[]", "session.har is not a HAR file: the whole: expected an object"),
        (b"\xff", "session.har: not UTF-8 at byte 0"),
        (b"[" * 100_000, "session.har: not valid JSON: nested too deeply"),
    ],
)
def test_what_is_not_json_is_refused(importing, raw, words):
    result, _ = importing(raw=raw)
    assert result.exit_code == 2
    assert words in " ".join(result.output.split())
