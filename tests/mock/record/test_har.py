"""HAR files of other programs become recordings; what is no HAR is refused with a reason."""

import base64
import json
from typing import Any

import httpx
import pytest

from mock_solusio.options import Options
from mock_solusio.record.archive import FormBody, HiddenBody, NoBody, RecordingReader
from mock_solusio.testing import started
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


FOREIGN = [
    (entry(url="wss://panel.real-host.de/ws", response__status=101), "a web socket"),
    (entry(url="https://panel.real-host.de/api/v1/ws", response__status=101), "a web socket"),
    (entry(url="ws://localhost:2992/sock", response__status=0, request__method=""), "a web socket"),
    (entry(url="data:image/png;base64,iVBORw0KGgo="), "not a request to an http or https URL"),
    (entry(url="blob:https://panel.real-host.de/1"), "not a request to an http or https URL"),
    (entry(url="chrome-extension://abcd/i.js"), "not a request to an http or https URL"),
    (entry(url="/img/logo.gif"), "not a request to an http or https URL"),
    (entry(url="http://panel:x/api/v1/"), "not a request to an http or https URL"),
    (entry(url="https://cdn.test/x.js", response=None), "not below /api/v1 (--all-paths imports them)"),
    (entry(url="https://cdn.test/x.js", startedDateTime=""), "not below /api/v1 (--all-paths imports them)"),
    (entry(response=None), "without a response"),
    (entry(response__status=None), "without a response"),
    (entry(response__status=0), "without a response"),
    (entry(response__status=999), "with a status that HTTP does not have"),
    (entry(startedDateTime="yesterday"), "startedDateTime is not in ISO 8601"),
    (entry(startedDateTime=None), "startedDateTime is not in ISO 8601"),
    (entry(response__status="200"), "not as HAR describes an entry (response.status)"),
    ({"request": {}}, "not as HAR describes an entry (request.method)"),
    (None, "not as HAR describes an entry (the whole)"),
    (
        entry(response__content={"text": "var x = 1;", "encoding": "base64"}),
        "with a body that is not base64, though it is called that",
    ),
    (
        entry(response__content={"text": "x", "encoding": "rot13"}),
        "with a body whose encoding is neither absent nor base64",
    ),
]


@pytest.mark.parametrize(("foreign", "reason"), FOREIGN)
def test_what_is_no_exchange_of_the_api_is_left_out_with_its_reason(importing, foreign, reason):
    result, folder = importing(entry(), foreign, foreign)
    assert (result.exit_code, result.output) == (
        0,
        f"1 exchange recorded in {folder}.\nLeft out: 2 {reason}.\n",
    )
    assert len(list(RecordingReader(folder))) == 1


def test_members_that_are_null_are_absent(importing):
    headers = [{"name": "X", "value": None}, {"name": None, "value": "x"}]
    result, folder = importing(
        entry(request__headers=headers, response__content=None, response__headers=None)
    )
    assert result.exit_code == 0
    (one,) = RecordingReader(folder)
    assert (one.request.headers, one.response.headers, one.response.body) == ([], [], NoBody())


LENGTH = [{"name": "Content-Length", "value": "1234"}, {"name": "content-type", "value": "application/json"}]


@pytest.mark.parametrize(
    "more",
    [
        {"response__content": {"size": 1234, "mimeType": "application/json"}},
        {"response__content": {"size": 1234, "mimeType": "application/json", "text": ""}},
        {"response__content": {"size": 0, "mimeType": "application/json"}, "response__bodySize": 1234},
        {"response__content": {"size": -1, "mimeType": "application/json"}, "response__headers": LENGTH},
        {"response__content": None, "response__bodySize": 1234},
    ],
)
def test_a_body_that_the_file_lacks_is_counted_and_never_served_as_another(importing, more):
    result, folder = importing(entry(), entry(url="https://panel.real-host.de/api/v1/plans", **more))
    assert result.output.splitlines() == [
        f"2 exchanges recorded in {folder}.",
        "1 exchange without the body of the response, which the HAR file lacks: "
        "`serve --recorded` answers 501 there.",
    ]
    assert list(RecordingReader(folder))[1].response.body == HiddenBody(1234, "not in the HAR file")
    with started(Options(recorded=folder)) as mock:
        answer = httpx.get(f"{mock.url}/api/v1/plans")
    assert (answer.status_code, answer.headers["content-type"]) == (501, "application/json")
    assert answer.json()["message"] == (
        "The recording lacks the body of this response, exchange 2: not in the HAR file."
    )


def test_a_body_that_no_response_has_is_not_missing(importing):
    kept = {"size": 1234, "mimeType": "application/json", "text": "{}"}
    result, folder = importing(
        entry("HEAD", response__content={"size": 1234}),
        entry("DELETE", response__status=204, response__content={"size": 0}),
        # Chrome shows what it had in its cache.
        entry(response__status=304, response__content=kept),
    )
    assert result.output == f"3 exchanges recorded in {folder}.\n"
    assert [one.response.body for one in RecordingReader(folder)] == [NoBody()] * 3


@pytest.mark.parametrize(
    ("entries", "words"),
    [
        ([], "has no request with a response below /api/v1 (--all-paths imports all)."),
        (
            [entry(url="https://panel.real-host.de/"), entry(response=None)],
            "(--all-paths imports all). Left out: 1 not below /api/v1 (--all-paths imports them); "
            "1 without a response.",
        ),
    ],
)
def test_a_file_without_exchanges_of_the_api_is_refused(importing, entries, words):
    result, folder = importing(*entries)
    assert result.exit_code == 2
    assert words in " ".join(result.output.split())
    assert not folder.exists()


def test_half_of_a_surrogate_pair_refuses_no_file(importing):
    """JavaScript has such strings; here one is in a response of something else than the API."""
    other = entry(url="https://chat.real-host.de/emoji", response__content__text="\ud83d \U0001f600 \\ud83d")
    result, folder = importing(entry(), other)
    assert result.exit_code == 0, result.output
    assert "Left out: 1 not below /api/v1" in result.output
    assert len(list((folder / "exchanges").iterdir())) == 1


@pytest.mark.parametrize(
    ("raw", "words"),
    [
        (b"", "session.har: not valid JSON"),
        (b"{}", "session.har is not a HAR file: log: expected a value"),
        (b"[]", "session.har is not a HAR file: the whole: expected an object"),
        (b"\xff", "session.har: not UTF-8 at byte 0"),
        (b"[" * 100_000, "session.har: not valid JSON: nested deeper than 200 levels"),
    ],
)
def test_what_is_not_json_is_refused(importing, raw, words):
    result, _ = importing(raw=raw)
    assert result.exit_code == 2
    assert words in " ".join(result.output.split())
