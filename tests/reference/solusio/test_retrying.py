"""Which requests are repeated, and after which wait, against a real server with injected faults."""

import socket
import threading
from datetime import UTC, datetime, timedelta
from email.utils import format_datetime

import httpx
import pytest
import respx

from solusio_reference.solusio.retrying import (
    MAX_TOTAL_WAIT,
    NoResponse,
    RetryingClient,
    backoff,
    retry_after,
)

ANN = b'{"email": "ann@example.com", "billing_user_id": 7}'


@pytest.fixture
def waits():
    """Return the waits that were requested; these tests do not wait."""
    return []


@pytest.fixture
def fail(solusio):
    """Return a function that makes the next requests fail."""

    def order(**fault):
        solusio.client.post(f"{solusio.url}/_mock/faults", json=fault).raise_for_status()

    return order


@pytest.fixture
def retrying(solusio, waits):
    headers = {"Authorization": f"Bearer {solusio.admin_token}"}
    with httpx.Client(headers=headers) as client:
        yield RetryingClient(client, timeout=10, attempts=5, sleep=waits.append)


@pytest.fixture
def users(solusio):
    return f"{solusio.url}/api/v1/users"


def calls(solusio):
    # A client sees a cut connection before the mock records it; after some other responses, it has.
    for _ in range(3):
        solusio.client.get(f"{solusio.url}/_mock/health").raise_for_status()
    return [(entry.method, entry.status) for entry in solusio.journal.read() if entry.kind == "api"]


def within(wait, least, most):
    return least <= wait <= most


def test_waits_double_and_are_random():
    for attempt, longest in ((1, 0.5), (2, 1), (3, 2), (4, 4)):
        drawn = {backoff(attempt) for _ in range(100)}
        assert all(within(wait, longest / 2, longest) for wait in drawn)
        assert len(drawn) > 50


@pytest.mark.parametrize("method", ["GET", "POST"])
def test_after_429_the_wait_is_as_long_as_the_server_asks(solusio, retrying, waits, fail, users, method):
    fail(kind="status", status=429, retry_after=3, times=2)
    answer = retrying.send(method, users, ANN if method == "POST" else None)
    assert answer.status == (201 if method == "POST" else 200)
    assert calls(solusio) == [(method, 429), (method, 429), (method, answer.status)]
    assert within(waits[0], 3.25, 3.5)
    assert within(waits[1], 3.5, 4)


def test_a_post_is_repeated_after_503_with_retry_after(solusio, retrying, fail, users):
    fail(kind="status", status=503, retry_after=1)
    assert retrying.send("POST", users, ANN).status == 201
    assert calls(solusio) == [("POST", 503), ("POST", 201)]


@pytest.mark.parametrize("status", [500, 502, 503, 504])
def test_a_failed_post_is_not_repeated_since_it_may_have_been_processed(
    solusio, retrying, waits, fail, users, status
):
    fail(kind="status", status=status)
    assert retrying.send("POST", users, ANN).status == status
    assert calls(solusio) == [("POST", status)]
    assert waits == []


@pytest.mark.parametrize("status", [500, 502, 503, 504])
@pytest.mark.parametrize("method", ["GET", "PUT", "PATCH", "DELETE"])
def test_repeatable_methods_are_repeated_after_a_failure(
    solusio, retrying, waits, fail, users, method, status
):
    user = solusio.create_user()
    fail(kind="status", status=status, times=2)
    answer = retrying.send(method, f"{users}/{user['id']}", b"{}" if method.startswith("P") else None)
    assert answer.status == (204 if method == "DELETE" else 200)
    assert calls(solusio)[1:] == [(method, status), (method, status), (method, answer.status)]
    assert len(waits) == 2


@pytest.mark.parametrize("status", [400, 401, 403, 404, 409, 422, 501])
def test_a_permanent_error_is_not_retried(solusio, retrying, waits, fail, users, status):
    fail(kind="status", status=status)
    assert retrying.send("GET", users).status == status
    assert calls(solusio) == [("GET", status)]
    assert waits == []


def test_the_last_failure_is_returned(solusio, retrying, waits, fail, users):
    fail(kind="status", status=500, times=None)
    assert retrying.send("GET", users).status == 500
    assert calls(solusio) == [("GET", 500)] * 5
    assert len(waits) == 4


@pytest.mark.parametrize("status", [429, 503])
def test_an_hour_is_too_long_to_wait(solusio, retrying, waits, fail, users, status):
    fail(kind="status", status=status, retry_after=3600, times=None)
    assert retrying.send("GET", users).status == status
    assert calls(solusio) == [("GET", status)]
    assert waits == []


def test_the_total_wait_is_limited(retrying, waits, fail, users):
    fail(kind="status", status=429, retry_after=25, times=None)
    assert retrying.send("GET", users).status == 429
    # A third wait of 25 seconds would be too long.
    assert len(waits) == 2
    assert sum(waits) <= MAX_TOTAL_WAIT


@pytest.mark.parametrize(
    "cut", [{"at": "headers"}, {"at": "headers", "reset": True}, {"at": "body"}, {"effect": True}]
)
def test_after_a_lost_response_all_but_a_post_are_repeated(solusio, retrying, waits, fail, users, cut):
    fail(kind="cut", **cut)
    assert retrying.send("GET", users).status == 200
    assert len(waits) == 1
    fail(kind="cut", **cut)
    with pytest.raises(NoResponse) as caught:
        retrying.send("POST", users, ANN)
    assert caught.value.maybe_done
    assert [method for method, _ in calls(solusio)] == ["GET", "GET", "POST"]


def test_a_repeated_deletion_finds_that_the_first_succeeded(solusio, retrying, fail, users):
    user = solusio.create_user()
    fail(kind="cut", effect=True)
    assert retrying.send("DELETE", f"{users}/{user['id']}").status == 404


def test_a_server_that_does_not_respond(waits, fail, users):
    fail(kind="timeout", seconds=30, times=None)
    with httpx.Client() as client:
        impatient = RetryingClient(client, timeout=0.05, attempts=3, sleep=waits.append)
        with pytest.raises(NoResponse, match=r"^no response within 0\.05 seconds$") as caught:
            impatient.send("GET", users)
        assert caught.value.maybe_done
        assert len(waits) == 2
        with pytest.raises(NoResponse):
            impatient.send("POST", users, ANN)
        assert len(waits) == 2


def test_a_response_that_trickles_has_a_deadline(solusio, waits, fail, users):
    # Each chunk arrives in time; all of them together take half a minute.
    fail(kind="slow", chunk=1, pause=0.02, times=None)
    with httpx.Client(headers={"Authorization": f"Bearer {solusio.admin_token}"}) as client:
        impatient = RetryingClient(client, timeout=1.5, attempts=1, sleep=waits.append)
        with pytest.raises(NoResponse, match=r"no response within 1\.5 seconds"):
            impatient.send("GET", users)


@pytest.mark.parametrize("method", ["GET", "POST"])
def test_a_refused_connection_is_retried_since_nothing_was_sent(method):
    """A server that restarts: nobody listens at the first attempt, but at the second."""
    with socket.socket() as server, httpx.Client() as client:
        server.bind(("127.0.0.1", 0))
        waits = []

        def answer():
            connection, _ = server.accept()
            with connection:
                connection.recv(65536)
                connection.sendall(
                    b"HTTP/1.1 201 Created\r\nContent-Length: 2\r\nConnection: close\r\n\r\n{}"
                )

        thread = threading.Thread(target=answer)

        def wait(seconds):
            waits.append(seconds)
            server.listen()
            thread.start()

        url = f"http://127.0.0.1:{server.getsockname()[1]}/"
        found = RetryingClient(client, timeout=10, attempts=2, sleep=wait).send(method, url)
        thread.join(10)
        assert (found.status, found.body, len(waits)) == (201, b"{}", 1)


def test_a_port_where_nobody_listens(waits):
    with socket.socket() as nobody, httpx.Client() as client:
        nobody.bind(("127.0.0.1", 0))
        with pytest.raises(NoResponse, match="refused") as caught:
            RetryingClient(client, timeout=10, attempts=5, sleep=waits.append).send(
                "POST", f"http://127.0.0.1:{nobody.getsockname()[1]}/"
            )
    assert not caught.value.maybe_done
    assert len(waits) == 4
    assert all(within(wait, most / 2, most) for wait, most in zip(waits, (0.5, 1, 2, 4), strict=True))


@respx.mock
def test_an_untrusted_certificate_is_not_retried(waits):
    refused = httpx.ConnectError("[SSL: CERTIFICATE_VERIFY_FAILED] certificate verify failed")
    route = respx.get("https://solus.example/").mock(side_effect=refused)
    with httpx.Client() as client, pytest.raises(NoResponse, match="CERTIFICATE"):
        RetryingClient(client, timeout=10, attempts=5, sleep=waits.append).send(
            "GET", "https://solus.example/"
        )
    assert route.call_count == 1


@respx.mock
def test_a_date_in_retry_after_is_measured_by_the_servers_clock(waits):
    # The clock of this server is years behind.
    then = datetime(2001, 2, 3, 4, 5, 6, tzinfo=UTC)
    busy = httpx.Response(
        503,
        headers={
            "Date": format_datetime(then, usegmt=True),
            "Retry-After": format_datetime(then + timedelta(seconds=7), usegmt=True),
        },
    )
    respx.get("http://solus.example/").mock(side_effect=[busy, httpx.Response(200)])
    with httpx.Client() as client:
        retrying = RetryingClient(client, timeout=10, attempts=5, sleep=waits.append)
        assert retrying.send("GET", "http://solus.example/").status == 200
    assert within(waits[0], 7.25, 7.5)


@pytest.mark.parametrize(
    ("value", "seconds"),
    [
        ("0", 0),
        ("120", 120),
        (" 7 ", 7),
        ("9" * 5000, 9_999_999_999),
        ("Wed, 21 Oct 2015 07:28:00 GMT", 0),
        ("", None),
        ("-1", None),
        ("1.5", None),
        ("١٢", None),
        ("soon", None),
        ("Wed, 99 Oct 2015 07:28:00 GMT", None),
    ],
)
def test_retry_after(value, seconds):
    assert retry_after({"Retry-After": value}) == seconds


def test_without_a_date_header_retry_after_is_measured_by_our_clock():
    soon = format_datetime(datetime.now(UTC) + timedelta(seconds=1000), usegmt=True)
    assert within(retry_after({"Retry-After": soon}), 900, 1000)


def test_a_response_that_is_too_long_is_not_read_to_the_end(retrying, users, monkeypatch):
    monkeypatch.setattr("solusio_reference.solusio.retrying.MAX_BODY_BYTES", 10)
    with pytest.raises(NoResponse, match="more than 10 bytes"):
        retrying.send("GET", users)


@pytest.mark.parametrize(("timeout", "attempts"), [(0, 5), (-1, 5), (30, 0)])
def test_invalid_settings(timeout, attempts):
    with httpx.Client() as client, pytest.raises(ValueError, match="attempts"):
        RetryingClient(client, timeout=timeout, attempts=attempts)
