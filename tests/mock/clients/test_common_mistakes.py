"""What the HTTP libraries of client code in the making send, and what the mock says about it."""

import gzip
import json
import socket
import zlib
from collections.abc import Callable
from typing import Any
from urllib.parse import quote

import pytest

FORM = "application/x-www-form-urlencoded"
JSON = "application/json"


@pytest.fixture
def ask(wire: Any, panel: Any) -> Callable[..., Any]:
    """Send a body with exactly these headers, and the administrator's access token."""

    def send(method: str, target: str, body: bytes = b"", **headers: str) -> Any:
        named = {name.replace("_", "-"): value for name, value in headers.items()}
        length = {"Content-Length": str(len(body))} if body else {}
        return wire.send(
            method, target, {"Authorization": f"Bearer {panel.admin_token}", **named, **length}, body
        )

    return send


@pytest.fixture
def notes(panel: Any) -> Callable[[], Any]:
    """Return the notes of the latest exchange."""
    return lambda: panel.journal.read(limit=1)[0].notes


@pytest.fixture
def new_wire(wire: Any, panel: Any) -> Any:
    """A connection of its own: the mock closes it after what is not HTTP."""
    made = type(wire)(panel.url)
    yield made
    made.close()


# The Content-Type of a body


@pytest.mark.parametrize(
    ("content_type", "body"),
    [
        (FORM, b'{"email": "curl@example.com"}'),  # PHP's and curl's own default
        (FORM, b"email=form@example.com"),
        (
            "multipart/form-data; boundary=x",
            b'--x\r\nContent-Disposition: form-data; name="email"\r\n\r\na@b.c',
        ),
        ("text/plain;charset=UTF-8", b'{"email": "fetch@example.com"}'),  # JavaScript's fetch
        (None, b'{"email": "bare@example.com"}'),
    ],
)
def test_the_fields_of_another_content_type_are_missing(ask, notes, content_type, body):
    headers = {} if content_type is None else {"Content_Type": content_type}
    answer = ask("POST", "/api/v1/users", body, **headers)
    assert answer.status == 422
    assert list(answer.json["errors"]) == ["email", "body"]
    assert answer.json["errors"]["email"] == ["The email field is required."]
    sent = (
        "The request has no Content-Type" if content_type is None else f"The Content-Type is {content_type}"
    )
    expected = (
        f"{sent}, so the fields of the body are not read. Send JSON with Content-Type: application/json."
    )
    assert answer.json["message"] == expected
    assert notes()[0] == expected


def test_a_change_of_nothing_is_refused_too(ask, panel):
    """Without a required field the real panel would change nothing, and say 200."""
    path = f"/api/v1/users/{panel.create_user()['id']}"
    answer = ask("PUT", path, b'{"status": "locked"}', Content_Type=FORM)
    assert (answer.status, list(answer.json["errors"])) == (422, ["body"])
    assert ask("GET", path).data["status"] == "active"


@pytest.mark.parametrize(
    "content_type", [JSON, "Application/JSON; charset=utf-8", "application/vnd.api+json"]
)
def test_json_by_any_of_its_names(ask, panel, content_type):
    path = f"/api/v1/users/{panel.create_user()['id']}"
    answer = ask("PUT", path, b'{"status": "locked"}', Content_Type=content_type)
    assert answer.data["status"] == "locked"


@pytest.mark.parametrize("body", [b"", b"{}", b"[]", b"null"])
@pytest.mark.parametrize("content_type", [None, FORM, JSON])
def test_an_empty_body_needs_no_content_type(ask, panel, body, content_type):
    headers = {} if content_type is None else {"Content_Type": content_type}
    path = f"/api/v1/users/{panel.create_user()['id']}"
    assert ask("GET", path, body, **headers).status == 200
    assert ask("PUT", path, body, **headers).status == 200
    assert ask("DELETE", path, body, **headers).status == 204


def test_who_may_not_ask_is_told_that_first(wire):
    answer = wire.send("POST", "/api/v1/users", {"Content-Type": FORM, "Content-Length": "3"}, b"a=b")
    assert answer.status == 401


# Compressed bodies


@pytest.mark.parametrize(
    ("coding", "compressed"),
    [
        ("gzip", gzip.compress),
        ("deflate", zlib.compress),
        ("gzip, deflate", lambda body: zlib.compress(gzip.compress(body))),
        ("identity", bytes),
    ],
)
def test_a_compressed_body_is_read(ask, panel, coding, compressed):
    body = json.dumps({"email": f"{quote(coding)}@example.com"}).encode()
    answer = ask("POST", "/api/v1/users", compressed(body), Content_Type=JSON, Content_Encoding=coding)
    assert (answer.status, answer.data["email"]) == (201, f"{quote(coding)}@example.com")
    assert panel.journal.read(limit=1)[0].request.body == body.decode()


@pytest.mark.parametrize(
    ("coding", "body", "status", "message"),
    [
        ("br", b"\x0b", 415, "Content-Encoding: expected gzip or x-gzip or deflate, got br."),
        ("gzip", b"{}", 400, "Content-Encoding: gzip, but the body is not valid gzip"),
        ("gzip", gzip.compress(b"0" * 5_000_000), 400, "it decompresses to more than 4194304 bytes"),
    ],
)
def test_a_body_that_cannot_be_decompressed(ask, notes, coding, body, status, message):
    answer = ask("POST", "/api/v1/users", body, Content_Type=JSON, Content_Encoding=coding)
    assert answer.status == status
    assert message in answer.json["message"]
    assert notes() == (answer.json["message"],)


# Paths and queries


@pytest.mark.parametrize("path", ["//api/v1/users", "/api//v1/users", "/api/v1//users", "///api/v1/users"])
def test_doubled_slashes_lead_to_the_api(ask, notes, panel, path):
    for _ in range(2):  # rendered, then cached
        answer = ask("GET", f"{path}?page=1")
        assert answer.json == ask("GET", "/api/v1/users?page=1").json
        assert f"requested as {path}" not in notes()
        ask("GET", f"{path}?page=1")
        assert f"requested as {path}" in notes()
        assert panel.journal.read(limit=1)[0].operation == "listUsers"


@pytest.mark.parametrize(
    ("target", "note"),
    [
        (
            "users?billing_user_id=2",
            "listUsers has no query parameter billing_user_id, so it changes nothing. "
            "Did you mean: filter[billing_user_id]?",
        ),
        (
            "users?filter%5Bemail%5D=a",
            "listUsers has no query parameter filter[email], so it changes nothing. It has "
            "filter[billing_user_id], filter[role_id], filter[search], filter[status], page, per_page.",
        ),
        (
            "usage?fom=2026-03-01T00:00:00Z",
            "listUsage has no query parameter fom, so it changes nothing. Did you mean: from?",
        ),
        (
            "users?filter[page]=1",
            "listUsers has no query parameter filter[page], so it changes nothing. Did you mean: page?",
        ),
        ("users/1?x=1", "getUser has no query parameter x, so it changes nothing. The operation has none."),
    ],
)
def test_an_unknown_parameter_changes_nothing_and_is_noted(ask, notes, target, note):
    known = ask("GET", f"/api/v1/{target.partition('?')[0]}")
    for _ in range(2):  # rendered, then cached
        answer = ask("GET", f"/api/v1/{target}")
        assert answer.status == 200
        assert answer.data == known.data
        assert notes() == (f"CL-005 (should): {note}",)


def test_known_parameters_are_not_noted(ask, notes):
    assert ask("GET", "/api/v1/users?filter[search]=&per_page=5&filter%5Bstatus%5D=active").status == 200
    assert notes() == ()


@pytest.mark.parametrize(
    ("target", "cause"),
    [
        ("/api/v1/users?filter[search]=Zoë", "Invalid char in url query"),
        ("/api/v1/usérs?token=secret", "Invalid char in url path"),
        ("/api/v1/users?filter[search]=a b", "Expected HTTP/"),
    ],
)
def test_what_is_not_valid_http_is_in_the_journal(new_wire, panel, target, cause):
    raw = target.encode().decode("latin-1")  # as bytes, this is UTF-8
    answer = new_wire.send("GET", raw, {})
    assert answer.status == 400
    assert answer.headers["content-type"] == "application/json"
    message = answer.json["message"]
    assert message.startswith(f"The request is not valid HTTP: {cause}")
    assert message.endswith("Percent-encode spaces and what is not ASCII in a URL.")
    (entry,) = panel.journal.read(limit=1)
    assert (entry.kind, entry.method, entry.status, entry.notes[0]) == ("api", "GET", 400, message)
    assert entry.path == target.partition("?")[0]
    assert entry.query == target.partition("?")[2].replace("secret", "***")


@pytest.mark.parametrize(
    "sent",
    [b"\x16\x03\x01\x02\x00\x01\x00", b"get / HTTP/1.1\r\n\r\n", b"GET / HTTP/1.1\r\nno colon\r\n\r\n"],
)
def test_other_things_that_are_not_http(panel, sent):
    host, port = panel.url.removeprefix("http://").split(":")
    with socket.create_connection((host, int(port)), timeout=30) as connection:
        connection.sendall(sent)
        with connection.makefile("rb") as received:
            assert received.read().startswith(b"HTTP/1.1 400 Bad Request\r\n")
    assert panel.journal.read(limit=1)[0].notes[0].startswith("The request is not valid HTTP: Invalid ")
