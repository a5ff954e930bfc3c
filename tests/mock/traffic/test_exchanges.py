"""How the journal shows an exchange; `test_redaction` is about its secrets."""

from mock_solusio.traffic.journal import Journal
from support.journals import add


def test_an_exchange_is_shown_whole():
    journal = Journal()
    number = add(
        journal,
        "POST",
        query=b"a=1",
        headers=[(b"content-type", b"application/json"), (b"x-trace", b"7")],
        body=b'{"email": "ann@example.com"}',
        status=201,
        response_headers=[(b"content-type", b"application/json")],
        response_body=b'{"data": {"id": 7}}',
        operation="createUser",
        milliseconds=1.23456,
        notes=["made"],
    )
    (entry,) = journal.read()
    assert (entry.number, entry.moment, entry.kind) == (number, "2026-03-01T00:00:00.000000Z", "api")
    assert (entry.method, entry.path, entry.query) == ("POST", "/api/v1/users", "a=1")
    assert (entry.status, entry.operation, entry.milliseconds, entry.notes) == (
        201,
        "createUser",
        1.235,
        ("made",),
    )
    assert entry.request.headers == [("content-type", "application/json"), ("x-trace", "7")]
    assert (entry.request.body, entry.request.bytes) == ('{"email": "ann@example.com"}', 28)
    assert (entry.response.body, entry.response.bytes) == ('{"data": {"id": 7}}', 19)
    assert journal.get(number) == entry
    assert journal.get(number + 1) is None


def test_bytes_that_are_no_text_are_shown_somehow():
    journal = Journal()
    add(journal, body=b"\xff\xfe{", query=b"\xff", headers=[(b"x", b"\xe9")])
    (entry,) = journal.read()
    assert (entry.request.body, entry.query, entry.request.headers) == ("\\xff\\xfe{", "\\xff", [("x", "é")])
