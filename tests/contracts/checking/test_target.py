"""The endpoint as rules see it: requests, first responses, concurrency, patience, bookkeeping."""

import threading
from base64 import b64encode
from concurrent.futures import Future, ThreadPoolExecutor
from typing import Any

import pytest

from solusio_contracts.checking.target import PATIENCE, Session, Target, TargetSettings
from solusio_contracts.http.connection import Connection
from solusio_contracts.http.exchange import FORM_TYPE, Exchange, FailureKind, Request

TOKEN = "kZ7-qf3XwT9b"
BODY = b'{"base_token_unit_cost": 1.34, "user_token_unit_cost": 1.2}'
GOOD = b"HTTP/1.1 200 OK\r\nContent-Length: %d\r\n\r\n%s" % (len(BODY), BODY)
REFUSED = b"HTTP/1.1 404 Not Found\r\nContent-Length: 2\r\n\r\n{}"


def always(answer: bytes = GOOD) -> Any:
    def script(peer: Any) -> None:
        peer.request()
        peer.send(answer)

    return script


def silent(peer: Any) -> None:
    peer.until_closed()


def target_at(url: str, **settings: Any) -> Target:
    return Target(TargetSettings(**({"url": url, "users": (1, 2), "timeout": 5.0} | settings)))


# Settings


@pytest.mark.parametrize(
    ("settings", "message"),
    [
        ({"users": ()}, "expected at least one user id"),
        ({"url": "ftp://h/"}, "expected http://HOST/PATH"),
        ({"headers": (("Bad Name", "x"),)}, "is not a valid header"),
        ({"headers": (("Content-Length", "1"),)}, "cannot be set"),
        ({"headers": (("Host", "a"), ("host", "b"))}, "Host can be set only once"),
    ],
)
def test_settings_that_cannot_work(settings, message):
    with pytest.raises(ValueError, match=message):
        target_at(**({"url": "http://h/"} | settings))


# Parameters


@pytest.mark.parametrize(
    ("arguments", "expected"),
    [
        ({}, [("token", TOKEN), ("action", "GetTokenPricing"), ("userid", "1")]),
        ({"userid": 2}, [("token", TOKEN), ("action", "GetTokenPricing"), ("userid", "2")]),
        ({"userid": "x"}, [("token", TOKEN), ("action", "GetTokenPricing"), ("userid", "x")]),
        ({"userid": ""}, [("token", TOKEN), ("action", "GetTokenPricing"), ("userid", "")]),
        ({"token": "y"}, [("token", "y"), ("action", "GetTokenPricing"), ("userid", "1")]),
        ({"token": ""}, [("token", ""), ("action", "GetTokenPricing"), ("userid", "1")]),
        ({"action": "z"}, [("token", TOKEN), ("action", "z"), ("userid", "1")]),
        ({"leave_out": "token"}, [("action", "GetTokenPricing"), ("userid", "1")]),
        ({"leave_out": "userid"}, [("token", TOKEN), ("action", "GetTokenPricing")]),
    ],
)
def test_parameters(arguments, expected):
    assert target_at("http://h/", token=TOKEN).parameters(**arguments) == tuple(expected)


def test_parameters_without_a_configured_token():
    target = target_at("http://h/")
    assert target.parameters() == (("action", "GetTokenPricing"), ("userid", "1"))
    assert target.parameters(token="x")[0] == ("token", "x")


def test_parameters_name_a_user_with_a_price(scripted):
    target = target_at(scripted(always(REFUSED), always()).url)
    assert target.parameters()[-1] == ("userid", "1")
    assert target.priced_users() == [2]
    assert target.parameters()[-1] == ("userid", "2")


def test_what_is_asked_is_sent(scripted):
    server = scripted(always())
    target = target_at(server.url, token=TOKEN)
    target.ask(target.parameters(), "a question", headers=(("Accept", "text/html"),))
    sent = b"".join(server.peers[0].reads)
    assert sent.endswith(f"\r\n\r\ntoken={TOKEN}&action=GetTokenPricing&userid=1".encode())
    assert b"\r\nAccept: text/html\r\n" in sent
    assert b"application/json" not in sent


# Headers of the integrator


@pytest.mark.parametrize(
    ("added", "own", "expected"),
    [
        (
            (("X-Key", "abc"),),
            None,
            (("Accept", "application/json"), ("Content-Type", FORM_TYPE), ("X-Key", "abc")),
        ),
        ((("accept", "*/*"),), None, (("Content-Type", FORM_TYPE), ("accept", "*/*"))),
        # A rule that sends another type tests exactly that.
        (
            (("Content-Type", "x/y"),),
            (("Content-Type", "application/json"),),
            (("Content-Type", "application/json"),),
        ),
        ((("X", "1"), ("X", "2")), (), (("X", "1"), ("X", "2"))),
    ],
)
def test_headers_of_the_integrator(scripted, added, own, expected):
    target = target_at(scripted(always()).url, headers=added)
    request = Request(b"x") if own is None else Request(b"x", own)
    seen = target.send(request, "a question")
    assert seen.ok
    assert seen.request.headers == expected


@pytest.mark.parametrize(
    ("header", "hidden"),
    [
        (("X-Api-Key", "abc123def"), ["abc123def"]),
        (("Authorization", "Bearer abc123def"), ["Bearer abc123def", "abc123def"]),
        (
            ("Authorization", f"Basic {b64encode(b'jane:s3cret:x').decode()}"),
            [b64encode(b"jane:s3cret:x").decode(), "jane:s3cret:x", "s3cret:x"],
        ),
        (("Authorization", "Basic no-base64!"), ["no-base64!"]),
        (("Cookie", "session=abc123def; theme=dark1"), ["abc123def", "dark1"]),
    ],
)
def test_values_of_headers_are_hidden(header, hidden):
    mask = target_at("http://h/", headers=(header,)).mask
    for secret in hidden:
        assert mask(f"<{secret}>") == "<***>"


@pytest.mark.parametrize(
    "header",
    [("Accept", "application/json"), ("Host", "billing.example"), ("X-Env", "1"), ("User-Agent", "mine-1.0")],
)
def test_values_that_are_no_secrets_are_shown(header):
    text = f"{header[1]} token={header[1]}"
    assert target_at("http://h/", headers=(header,)).mask(text) == text


def test_the_token_is_hidden():
    assert target_at("http://h/", token=TOKEN).mask(TOKEN) == "${MOCK_SOLUSIO_TOKEN}"


# First responses


def test_a_first_response_is_requested_once(scripted):
    server = scripted(always())
    target = target_at(server.url)
    first = target.first_response(2)
    assert first.description == "a valid request for user 2"
    assert target.first_response(2) is first
    assert [user for user, _ in target.first_responses()] == [1, 2]
    assert target.first_responses()[1][1] is first
    assert len(server.peers) == 2


def test_a_price_is_requested_again(scripted):
    target = target_at(scripted(always()).url)
    assert target.price_of(1) is not target.price_of(1, "again")
    assert [one.description for one in target.exchanges] == ["a valid request for user 1", "again"]


def test_prices_are_the_responses_with_an_object(scripted):
    listed = GOOD.replace(BODY, b"[" + b" " * (len(BODY) - 2) + b"]")
    target = target_at(scripted(always(REFUSED), always(listed), always()).url, users=(1, 2, 3))
    assert [(user, exchange.status) for user, exchange, _ in target.prices()] == [(1, 404), (3, 200)]
    assert (
        target.prices()[1][2]["user_token_unit_cost"]
        == target.prices()[1][1].reading.value["user_token_unit_cost"]
    )
    assert target.priced_users() == [3]


# Sessions


def test_a_talk_uses_one_connection(scripted):
    def script(peer: Any) -> None:
        for _ in range(2):
            peer.request()
            peer.send(GOOD)

    server = scripted(script)
    target = target_at(server.url)
    with target.session() as session:
        first = session.send(Request(b"a"), "the first")
        second = session.send(Request(b"b"), "the second")
        third = session.send(Request(b"c"), "the third")
    assert [one.status for one in (first, second, third)] == [200, 200, None]
    assert third.failure is FailureKind.CUT
    assert len(server.peers) == 1
    assert session.connection is None


def test_a_talk_tries_to_connect_again(scripted, closed_port):
    target = target_at(f"http://127.0.0.1:{closed_port}/")
    with target.session() as session:
        first = session.send(Request(b"a"), "the first")
        target.origin = target_at(scripted(always()).url).origin
        second = session.send(Request(b"b"), "the second")
    assert (first.failure, first.sent) == (FailureKind.UNREACHABLE, b"")
    assert (first.description, first.number, second.number) == ("the first", 1, 2)
    assert second.ok


# Concurrency


def test_a_crowd_asks_at_one_moment(scripted):
    """The server responds only when it has all requests."""
    gate = threading.Barrier(20)

    def script(peer: Any) -> None:
        body = peer.request().rpartition(b"\r\n\r\n")[2]
        gate.wait(10)
        peer.send(b"HTTP/1.1 200 OK\r\nContent-Length: %d\r\n\r\n%s" % (len(body), body))

    target = target_at(scripted(script).url)
    questions = [(Request(f"number={n}".encode()), f"question {n}") for n in range(20)]
    seen = target.send_concurrently(questions)
    assert [one.body for one in seen] == [request.body for request, _ in questions]
    assert [one.description for one in seen] == [description for _, description in questions]
    assert sorted(one.number for one in seen) == list(range(1, 21))
    assert target.requests_sent == len(target.exchanges) == 20


def test_no_concurrent_requests():
    assert target_at("http://h/").send_concurrently([]) == []


def test_a_crowd_for_which_this_machine_has_no_threads(monkeypatch):
    """The requests that wait for the others are released at once."""
    submit = ThreadPoolExecutor.submit
    started: list[Any] = []

    def limited(self: ThreadPoolExecutor, *arguments: Any) -> "Future[Any]":
        if len(started) == 3:
            raise RuntimeError("can't start new thread")
        started.append(arguments)
        return submit(self, *arguments)

    sent: list[str] = []

    def send(*arguments: Any, **_: Any) -> None:
        sent.append(arguments[2])

    monkeypatch.setattr(ThreadPoolExecutor, "submit", limited)
    monkeypatch.setattr(Session, "send_unjudged", send)
    with pytest.raises(RuntimeError, match="can't start new thread"):
        target_at("http://h/").send_concurrently([(Request(b""), str(n)) for n in range(5)])
    assert sorted(sent) == ["0", "1", "2"]


def test_a_crowd_of_which_one_breaks(scripted, monkeypatch):
    send = Session.send_unjudged

    def breaking(self: Session, request: Request, description: str, **more: Any) -> Exchange:
        if description == "1":
            raise OSError("Too many open files")
        return send(self, request, description, **more)

    monkeypatch.setattr(Session, "send_unjudged", breaking)
    target = target_at(scripted(always()).url)
    with pytest.raises(OSError, match="Too many open files"):
        target.send_concurrently([(Request(b""), str(n)) for n in range(4)])
    assert target.requests_sent == 3


# Up or down


def test_an_endpoint_that_is_up(scripted):
    server = scripted(silent)
    target = target_at(server.url)
    assert target.is_up()
    assert target.requests_sent == 0


def test_an_endpoint_that_is_down(closed_port):
    assert not target_at(f"http://127.0.0.1:{closed_port}/").is_up(0.1)


def test_an_endpoint_that_comes_up_in_time(scripted, monkeypatch, closed_port):
    target = target_at(f"http://127.0.0.1:{closed_port}/")
    there = target_at(scripted(silent).url).origin
    tries: list[float] = []

    class Later(Connection):
        def __init__(self, origin: Any, **more: Any) -> None:
            tries.append(more["timeout"])
            super().__init__(there if len(tries) == 3 else origin, **more)

    monkeypatch.setattr("solusio_contracts.checking.target.Connection", Later)
    assert target.is_up(5)
    assert tries == [1.0] * 3


def test_an_endpoint_behind_tls(scripted, server_tls, client_tls):
    up = scripted(silent, tls=server_tls)
    assert target_at(up.url, tls=client_tls).is_up()
    # A proxy accepts the connection, but the program behind it is gone.
    gone = scripted(lambda peer: peer.read())
    assert not target_at(gone.url.replace("http:", "https:"), tls=client_tls).is_up(0.2)
    # A busy server is not gone.
    busy = scripted(lambda peer: peer.stopped.wait(10))
    assert target_at(busy.url.replace("http:", "https:"), tls=client_tls).is_up(0.2)


def test_a_failure_is_that_of_the_last_request(scripted):
    target = target_at(
        scripted(always(), always(b""), always(b"HTTP/1.1 200 OK\r\nContent-Length: 1\r\n\r\n")).url
    )
    assert not target.last_request_failed()
    for expected in (False, True, False):
        target.price_of(1)
        assert target.last_request_failed() is expected


# Patience and memory


def test_patience_ends_after_some_time_outs(scripted, monkeypatch):
    monkeypatch.setattr("solusio_contracts.checking.target.SHORT_TIMEOUT", 0.05)
    target = target_at(scripted(silent).url, timeout=0.1)
    texts = [target.price_of(1).failure_text for _ in range(PATIENCE + 1)]
    assert texts == ["no response within 0.1 s"] * PATIENCE + ["no response within 0.05 s"]
    # A rule gets the timeout it asks for.
    seen = target.send(Request(b""), "a question", timeout=0.15)
    assert seen.failure_text == "no response within 0.15 s"


def test_a_short_time_out_is_never_made_longer(scripted):
    target = target_at(scripted(silent).url, timeout=0.05)
    texts = {target.price_of(1).failure_text for _ in range(PATIENCE + 2)}
    assert texts == {"no response within 0.05 s"}


def test_what_is_not_kept_is_counted(scripted):
    target = target_at(scripted(always()).url)
    assert target.send(Request(b""), "one of many", keep=False).ok
    assert (len(target.exchanges), target.requests_sent) == (0, 1)


def test_only_so_many_exchanges_are_kept(monkeypatch, scripted):
    monkeypatch.setattr("solusio_contracts.checking.log.KEPT", 2)
    target = target_at(scripted(always()).url)
    for _ in range(4):
        target.price_of(1)
    assert [one.number for one in target.exchanges] == [3, 4]


def test_only_so_many_bytes_are_kept(monkeypatch, scripted):
    target = target_at(scripted(always()).url)
    one = target.price_of(1)
    size = len(one.sent) + len(one.received) + len(one.body) + len(one.content)
    monkeypatch.setattr("solusio_contracts.checking.log.KEPT_BYTES", 3 * size)
    for _ in range(5):
        target.price_of(1)
    assert [one.number for one in target.exchanges] == [4, 5, 6]


def test_numbers_are_given_once():
    target = target_at("http://h/")
    with ThreadPoolExecutor(8) as pool:
        numbers = list(pool.map(lambda _: target.next_number(), range(500)))
    assert sorted(numbers) == list(range(1, 501))
