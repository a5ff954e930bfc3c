"""`serve --recorded`: what is answered from the recording, in which order, and what is not."""

import json
from collections.abc import Callable
from typing import Any
from urllib.parse import urlencode

import httpx
import msgspec
import pytest

from mock_solusio.options import Options
from mock_solusio.record.anonymising import Anonymiser, RealExchange
from mock_solusio.record.archive import RecordingError, RecordingReader, RecordingWriter
from mock_solusio.record.player import RecordingPlayer
from mock_solusio.record.pseudonyms import Pseudonyms
from mock_solusio.testing import started

SEED = "a long secret of the tests"
JSON = [(b"content-type", b"application/json")]


@pytest.fixture
def folder(tmp_path):
    return tmp_path / "recorded"


@pytest.fixture
def write(folder) -> Callable[..., None]:
    """Records an exchange: `write("GET", "users?page=1", {"data": []})`."""
    pseudonyms = Pseudonyms(SEED)
    anonymiser = Anonymiser(pseudonyms)
    writer = RecordingWriter(folder, pseudonyms.fingerprint)

    def made(
        method: str,
        target: str,
        answer: Any,
        body: Any = None,
        status: int = 200,
        token: str = "",
        **more: Any,
    ) -> None:
        path, _, query = target.partition("?")
        raw = more.pop("raw", b"" if body is None else json.dumps(body).encode())
        number = writer.next_number()
        fields = {
            "number": number,
            "moment": "2026-03-01T00:00:00.000Z",
            "milliseconds": 1.0,
            "method": method,
            "origins": frozenset({"panel.real-host.de:443"}),
            "path": f"/api/v1/{path}",
            "query": query,
            "headers": [*JSON, *([(b"authorization", f"Bearer {token}".encode())] if token else [])],
            "body": raw,
            "status": status,
            "response_headers": JSON,
            "response_body": json.dumps(answer).encode(),
        }
        writer.add(anonymiser.exchange(RealExchange(**{**fields, **more})))

    made.writer = writer
    return made


@pytest.fixture
def serving(folder):
    """Serves the recording; gives a client of its API."""
    opened = []

    def made(**more: Any) -> httpx.Client:
        running = started(Options(recorded=folder, seed="tests", **more))
        solusio = running.__enter__()
        opened.append(running)
        made.solusio = solusio
        return solusio.client

    yield made
    for running in reversed(opened):
        running.__exit__(None, None, None)


def test_a_usage_of_another_shape_is_served_as_it_was_recorded(write, serving):
    usage = {
        "items": [{"vmId": 3, "hours_billed": 17, "cost": "0.01190", "factor": 1.10, "nested": [[1, 2.50]]}]
    }
    write("GET", "usage?from=2026-03-01&to=2026-04-01", usage)
    client = serving()
    answer = client.get("usage", params={"to": "2026-04-01", "from": "2026-03-01"})
    assert answer.json() == usage
    assert answer.headers["content-type"] == "application/json"
    (entry,) = serving.solusio.journal.read(path="/api/v1/usage")
    assert entry.notes == ("from the recording, exchange 1",)


def test_the_same_request_is_answered_in_sequence_and_the_last_one_stays(write, serving):
    for tasks in (3, 3, 2):
        write("GET", "tasks", {"total": tasks})
    write("GET", "tasks?page=2", {"total": 9})
    client = serving()
    assert [client.get("tasks").json()["total"] for _ in range(5)] == [3, 3, 2, 2, 2]
    assert client.get("tasks?page=2").json() == {"total": 9}
    assert httpx.post(f"{serving.solusio.url}/_mock/reset", trust_env=False).is_success
    assert client.get("tasks").json() == {"total": 3}


def test_what_was_not_recorded_comes_from_the_mock(write, serving):
    write("GET", "plans", {"data": []})
    client = serving()
    assert client.get("plans").json() == {"data": []}
    assert client.get("plans/1").json()["data"]["tokens_per_hour"] == 7
    assert client.get("users").json()["data"][0]["id"] == 1


def test_with_the_recording_only_it_is_refused_and_near_misses_are_named(write, serving):
    write("GET", "users?page=1&filter[status]=active", {})
    write("POST", "users", {}, {"billing_user_id": 7})
    write("GET", "servers/17", {})
    client = serving(recorded_only=True)
    for method, target, body, hint in [
        ("GET", "users?page=2", None, "GET /api/v1/users?filter[status]=active&page=1 (another query)"),
        ("POST", "users", {"billing_user_id": 8}, "the same with another body"),
        ("PUT", "servers/17", None, "GET /api/v1/servers/17 (another method)"),
        ("GET", "servers/18", None, "GET /api/v1/servers/17"),
    ]:
        answer = client.request(method, target, json=body)
        assert answer.status_code == 501
        assert answer.json()["message"].startswith(
            f"The recording has no response to {method} /api/v1/{target}. Did you mean"
        )
        assert hint in answer.json()["message"]
    answer = client.get("licence")
    assert answer.json() == {"message": "The recording has no response to GET /api/v1/licence."}
    assert httpx.get(f"{serving.solusio.url}/_mock/health", trust_env=False).is_success
    assert httpx.get(f"{serving.solusio.url}/docs", trust_env=False).is_success


def test_the_order_of_members_and_an_empty_body_do_not_matter(write, serving):
    write("POST", "users", {"id": 1}, {"billing_user_id": 7, "roles": [2], "tags": {"a": 1, "b": 2}})
    write("GET", "users", {"id": 2}, {})
    write("POST", "servers/1/start", {"id": 3})
    client = serving(recorded_only=True)
    body = {"tags": {"b": 2, "a": 1}, "roles": [2], "billing_user_id": 7}
    assert client.post("users", json=body).json() == {"id": 1}
    assert client.post("users", json={**body, "roles": [3]}).status_code == 501
    assert client.get("users").json() == {"id": 2}
    assert client.get("users/").json() == {"id": 2}
    assert client.request("POST", "servers/1/start", json=[]).json() == {"id": 3}


def test_credentials_in_a_body_are_not_compared(write, serving):
    for billing_user_id in (7, 8):
        write(
            "POST",
            "users",
            {"id": billing_user_id},
            {"billing_user_id": billing_user_id, "password": "Geheim-1"},
        )
    client = serving(recorded_only=True)
    body = {"billing_user_id": 8, "password": "another and longer"}
    assert client.post("users", json=body).json() == {"id": 8}
    assert client.post("users", json={"billing_user_id": 8}).status_code == 501


def test_a_body_may_differ_where_the_recording_holds_fakes(write, serving, folder):
    for billing_user_id in (7, 8):
        body = {"email": f"ann{billing_user_id}@real-host.de", "billing_user_id": billing_user_id}
        write("POST", "users", {"id": billing_user_id}, body)
    client = serving(recorded_only=True)
    fresh = {"email": "new@customer.test", "billing_user_id": 8}
    assert client.post("users", json=fresh).json() == {"id": 8}
    note = "from the recording, exchange 2, with another body where it was anonymised"
    assert [entry.notes for entry in serving.solusio.journal.read()] == [(note,)]
    # What is the same goes before what only may be.
    recorded = json.loads(bytes(RecordingReader(folder).read(1).request.body.value))
    assert client.post("users", json=recorded).json() == {"id": 7}
    # A query decides which customer it is: there nothing may differ.
    assert client.get("users", params={"filter[search]": "new@customer.test"}).status_code == 501


def test_answers_to_the_same_access_token_come_first(write, serving, folder):
    for token, number in (("AdminToken", 1), ("ClientToken", 2), ("ClientToken", 3)):
        write("GET", "account", {"id": number}, token=token)
    client = serving(recorded_only=True)
    fake = dict(RecordingReader(folder).read(2).request.headers)["authorization"]
    assert [client.get("account", headers={"Authorization": fake}).json()["id"] for _ in range(3)] == [
        2,
        3,
        3,
    ]
    assert [client.get("account").json()["id"] for _ in range(4)] == [1, 2, 3, 3]


def test_with_the_seed_real_values_are_recognised(write, serving):
    write("GET", "users?filter[search]=ann@real-host.de", {"data": [{"id": 7}]}, token="RealToken1")
    write("GET", "users?filter[search]=bob@real-host.de", {"data": [{"id": 8}]}, token="RealToken1")
    client = serving(recorded_only=True, recorded_seed=SEED)
    headers = {"Authorization": "Bearer RealToken1"}
    for name, number in (("ann", 7), ("bob", 8)):
        answer = client.get("users", params={"filter[search]": f"{name}@real-host.de"}, headers=headers)
        assert answer.json() == {"data": [{"id": number}]}


def test_links_lead_to_the_mock(write, serving):
    links = {
        "next": "https://panel.real-host.de/api/v1/users?page=2",
        "vnc": "https://panel.real-host.de:8443/x",
        "other": "https://shop.real-host.de/",
    }
    write("GET", "users", {"links": links})
    client = serving()
    made = client.get("users").json()["links"]
    assert made["next"] == f"{serving.solusio.url}/api/v1/users?page=2"
    assert made["vnc"].startswith("https://solusio.example:8443/")
    assert made["other"].startswith("https://shop-") is False
    assert made["other"].partition("//")[2].count(".") == 2


def test_forms_and_what_was_not_kept(write, serving, folder):
    form = [(b"content-type", b"application/x-www-form-urlencoded")]
    sent = urlencode({"userid": "1", "action": "GetTokenPricing", "token": "geheim"})
    write("POST", "forms", {"id": 1}, headers=form, raw=sent.encode())
    write(
        "GET",
        "page",
        None,
        response_headers=[(b"content-type", b"text/html")],
        response_body=b"<p>",
        status=404,
    )
    client = serving(recorded_only=True)
    asked = {"token": "another", "action": "GetTokenPricing", "userid": "1"}
    assert client.post("forms", data=asked).json() == {"id": 1}
    assert client.post("forms", json=asked).status_code == 501
    answer = client.get("page")
    assert (answer.status_code, answer.headers["content-type"]) == (404, "text/html")
    assert answer.text == "(The recording did not keep this body of 3 bytes.)"
    assert len(RecordingPlayer(folder)) == 2


def test_a_fault_still_strikes(write, serving):
    write("GET", "plans", {"data": []})
    client = serving()
    fault = {"kind": "status", "status": 503, "path": "/api/v1/plans", "times": 1}
    made = httpx.post(f"{serving.solusio.url}/_mock/faults", json=fault, trust_env=False)
    assert made.is_success, made.text
    assert client.get("plans").status_code == 503
    assert client.get("plans").json() == {"data": []}


# Folders that are no recordings


def test_folders_that_are_no_recordings(tmp_path, write, folder):
    write("GET", "plans", {})
    with pytest.raises(RecordingError, match=r"has no recording: recording\.json: No such file"):
        RecordingPlayer(tmp_path)
    with pytest.raises(RecordingError, match="was recorded with another seed"):
        RecordingPlayer(folder, seed="another")
    (folder / "exchanges" / "000001.json").write_text('{"number": "one"}')
    with pytest.raises(RecordingError, match=r"000001\.json: number: expected an integer"):
        RecordingPlayer(folder)
    head = msgspec.json.decode((folder / "recording.json").read_bytes())
    for change, words in (
        ({"version": 2}, "has a recording of version 2; this program reads version 1"),
        ({"format": "something"}, "has no recording, but 'something'"),
    ):
        (folder / "recording.json").write_bytes(msgspec.json.encode({**head, **change}))
        with pytest.raises(RecordingError, match=words):
            RecordingPlayer(folder)


@pytest.mark.parametrize(
    ("change", "words"),
    [
        ({"status": 99}, "exchange 1: expected a status from 200 to 599, got 99"),
        ({"status": 999}, "exchange 1: expected a status from 200 to 599, got 999"),
        ({"headers": [["x-a", "b\r\nSet-Cookie: c"]]}, "exchange 1: the header x-a has control characters"),
        ({"headers": [["x a", "b"]]}, "exchange 1: 'x a' is not a name of a header"),
        ({"headers": [["", "b"]]}, "exchange 1: '' is not a name of a header"),
        ({"headers": [["x-a", "Łódź"]]}, "exchange 1: a header has characters beyond ISO 8859-1"),
        ({"headers": [["Transfer-Encoding", "chunked"]]}, "the header Transfer-Encoding does not fit a body"),
        ({"headers": [["content-encoding", "gzip"]]}, "the header content-encoding does not fit a body"),
        ({"status": 204}, "exchange 1: a 204 response has no body"),
    ],
)
def test_what_http_cannot_send_is_refused_at_the_start(folder, write, change, words):
    write("GET", "plans", {"data": []})
    file = folder / "exchanges" / "000001.json"
    recorded = json.loads(file.read_text())
    recorded["response"].update(change)
    file.write_text(json.dumps(recorded))
    with pytest.raises(RecordingError, match=words):
        RecordingPlayer(folder)


CONDITION = {"If-None-Match": '"1"'}
RANGE = {"Range": "bytes=0-1"}


@pytest.mark.parametrize(
    ("status", "fitting", "other"), [(304, CONDITION, RANGE), (412, CONDITION, {}), (206, RANGE, CONDITION)]
)
def test_what_depended_on_a_condition_or_range_is_for_who_asked_so(write, serving, status, fitting, other):
    body = {} if status == 304 else {"response_body": b"[1]"}
    write("GET", "plans", None, status=status, **({"response_body": b""} | body))
    write("GET", "plans", {"data": [1]})
    client = serving(recorded_only=True)
    assert client.get("plans", headers=other).json() == {"data": [1]}
    assert client.get("plans", headers=fitting).status_code == status
    assert client.get("plans").json() == {"data": [1]}


def test_a_recording_of_conditions_alone_has_nothing_for_a_plain_request(write, serving):
    write("GET", "plans", None, status=304, response_body=b"")
    answer = serving(recorded_only=True).get("plans")
    assert answer.status_code == 501
    assert "The recording has no response to GET /api/v1/plans" in answer.json()["message"]


def test_an_error_keeps_its_status_without_its_body(write, serving):
    write("GET", "plans", None, status=502, response_body=None, response_bytes=7)
    answer = serving().get("plans")
    assert (answer.status_code, answer.headers["content-type"]) == (502, "text/plain; charset=utf-8")
    assert answer.text == "(The recording did not keep this body of 7 bytes.)"


def test_a_folder_is_continued_only_if_it_is_that_recording(tmp_path, write, folder):
    write("GET", "plans", {})
    with pytest.raises(RecordingError, match="made with another secret"):
        RecordingWriter(folder, Pseudonyms().fingerprint)
    with pytest.raises(RecordingError, match="is being recorded to by another program"):
        RecordingWriter(folder, Pseudonyms(SEED).fingerprint)
    write.writer.close()
    left = folder / "exchanges" / ".abc.part"
    left.write_text("{")
    assert RecordingWriter(folder, Pseudonyms(SEED).fingerprint).next_number() == 2
    assert not left.exists()
    (tmp_path / "own").mkdir()
    (tmp_path / "own" / "letter.txt").write_text("Dear Ann")
    with pytest.raises(RecordingError, match="is not empty and has no recording"):
        RecordingWriter(tmp_path / "own", "")
    with pytest.raises(RecordingError, match="cannot be written: Not a directory"):
        RecordingWriter(tmp_path / "own" / "letter.txt" / "x", "")
