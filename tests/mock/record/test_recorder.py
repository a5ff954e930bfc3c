"""The proxy: what passes through it unchanged, what is written, and what happens when things go wrong."""

import asyncio
import gzip
import json
import socket
import ssl
import threading
import zlib
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from urllib.parse import unquote

import httpx
import pytest
import trustme

from mock_solusio.record import proxy as record
from mock_solusio.record.archive import HiddenBody, NoBody, RecordingReader
from mock_solusio.record.proxy import Upstream, UpstreamError, decoded
from mock_solusio.server.asgi import BODY_LIMIT
from mock_solusio.server.uvicorn_server import running


def value_of(body):
    return json.loads(bytes(body.value))


@contextmanager
def raw_upstream(*answers: bytes, hold: threading.Event | None = None):
    """A server that says exactly these bytes, one text a connection, and then hangs up."""
    with socket.create_server(("127.0.0.1", 0)) as listener:

        def serve() -> None:
            for answer in answers:
                with listener.accept()[0] as connection:
                    connection.settimeout(20)
                    while b"\r\n\r\n" not in connection.recv(65536):
                        pass
                    connection.sendall(answer)
                    if hold is not None:
                        hold.wait(20)

        thread = threading.Thread(target=serve)
        thread.start()
        try:
            yield f"http://127.0.0.1:{listener.getsockname()[1]}"
        finally:
            if hold is not None:
                hold.set()
            thread.join(20)


# What passes through


def test_a_request_arrives_as_it_was_sent(canned, recording):
    app, url = canned
    app.answer("POST /api/v1/users/ä b", {"data": {}})
    sent = b'{ "email":"ann@real-host.de" ,"n":1.10}'
    with recording(url) as session:
        answer = session.client.post(
            session.url + "/api/v1/users/%C3%A4%20b?filter%5Bsearch%5D=a+b&filter[x]=%41&empty=",
            content=sent,
            headers={
                "Authorization": "Bearer GeheimesToken123",
                "Content-Type": "application/json; charset=utf-8",
                "User-Agent": "billing/1.0",
                "X-Own": "1",
                "Connection": "keep-alive, X-Hop",
                "X-Hop": "for this connection",
                "TE": "trailers",
                "Accept-Encoding": "br;q=1, gzip;q=0.8, zstd",
            },
        )
    assert answer.json() == {"data": {}}
    (asked,) = app.asked
    assert asked["target"] == b"/api/v1/users/%C3%A4%20b?filter%5Bsearch%5D=a+b&filter[x]=%41&empty="
    assert asked["body"] == sent
    headers = dict(asked["headers"])
    assert len(headers) == len(asked["headers"])
    assert headers == {
        "host": url.removeprefix("http://"),
        "authorization": "Bearer GeheimesToken123",
        "content-type": "application/json; charset=utf-8",
        "content-length": str(len(sent)),
        "user-agent": "billing/1.0",
        "x-own": "1",
        "accept": "*/*",
        "accept-encoding": "gzip;q=0.8",
    }


def test_a_get_with_a_body_and_a_post_without(canned, recording):
    app, url = canned
    app.answer("GET /api/v1/users", {"data": []})
    app.answer("POST /api/v1/servers/1/start", {"data": {}})
    with recording(url) as session:
        session.client.request("GET", "users", content=b"{}")
        session.client.post("servers/1/start")
    assert [one["body"] for one in app.asked] == [b"{}", b""]
    assert [one.request.method for one in session.exchanges()] == ["GET", "POST"]


def test_an_answer_arrives_as_it_was_given(canned, recording):
    app, url = canned
    body = b'{ "data" : [ {"email":"ann@real-host.de"} ] }\n'
    app.answer(
        "GET /api/v1/users",
        body,
        status=203,
        set_cookie="a=1; Path=/",
        x_own="ja",
        date="Mon, 02 Mar 2026 00:00:00 GMT",
    )
    app.answers["GET /api/v1/users"][1].append((b"set-cookie", b"b=2"))
    with recording(url) as session:
        answer = session.client.get("users")
        direct = httpx.get(f"{url}/api/v1/users", trust_env=False)
    assert answer.content == body
    assert (answer.status_code, answer.headers.get_list("set-cookie")) == (203, ["a=1; Path=/", "b=2"])
    ours = [line for line in answer.headers.multi_items() if line[0] != "date"]
    assert ours == [line for line in direct.headers.multi_items() if line[0] != "date"]
    assert "Mon, 02 Mar 2026 00:00:00 GMT" in answer.headers.get_list("date")


@pytest.mark.parametrize("encoding", ["gzip", "deflate"])
def test_a_compressed_answer_stays_compressed_and_is_recorded_plain(canned, recording, encoding):
    app, url = canned
    plain = json.dumps(
        {"data": [{"id": number, "email": "ann@real-host.de"} for number in range(500)]}
    ).encode()
    coded = gzip.compress(plain) if encoding == "gzip" else zlib.compress(plain)
    app.answer("GET /api/v1/users", coded, content_encoding=encoding)
    with recording(url) as session:
        with session.client.stream("GET", "users") as answer:
            assert b"".join(answer.iter_raw()) == coded
            assert answer.headers["content-encoding"] == encoding
        (kept,) = session.exchanges()
    assert len(value_of(kept.response.body)["data"]) == 500
    assert [name for name, _ in kept.response.headers if name != "date"] == ["content-type"]


def test_what_we_cannot_decompress_passes_and_is_not_kept(canned, recording):
    app, url = canned
    app.answer("GET /api/v1/users", b"\x1b\x03\x00", content_encoding="br")
    with recording(url) as session:
        with session.client.stream("GET", "users") as answer:
            assert b"".join(answer.iter_raw()) == b"\x1b\x03\x00"
        (kept,) = session.exchanges()
    assert isinstance(kept.response.body, HiddenBody)


def test_a_small_body_that_grows_without_end_is_not_unpacked():
    bomb = gzip.compress(b"0" * (record.KEPT_LIMIT + 1))
    assert decoded(bomb, [(b"content-encoding", b"gzip")]) is None
    assert decoded(gzip.compress(b"0")[:-9], [(b"content-encoding", b"gzip")]) is None
    assert decoded(zlib.compress(b"0")[2:-4], [(b"Content-Encoding", b"deflate")]) == b"0"


def test_redirects_are_not_followed_and_lead_to_where_they_led(canned, recording):
    app, url = canned
    app.answer("GET /api/v1/users", b"", status=302, location=f"{url}/login?mail=ann%40real-host.de")
    with recording(url) as session:
        answer = session.client.get("users", follow_redirects=False)
        (kept,) = session.exchanges()
    assert (answer.status_code, answer.headers["location"]) == (302, f"{url}/login?mail=ann%40real-host.de")
    assert len(app.asked) == 1
    location = dict(kept.response.headers)["location"]
    assert location.startswith("https://solusio.example/login?mail=")
    assert "real-host" not in location


@pytest.mark.parametrize(("method", "status"), [("HEAD", 200), ("DELETE", 204), ("GET", 304), ("POST", 500)])
def test_answers_without_a_body(canned, recording, method, status):
    app, url = canned
    app.answers[f"{method} /api/v1/users/7"] = (status, [(b"x-own", b"1")], b"")
    with recording(url) as session:
        answer = session.client.request(method, "users/7")
        (kept,) = session.exchanges()
    assert (answer.status_code, answer.content, answer.headers["x-own"]) == (status, b"", "1")
    assert (kept.response.status, kept.response.body) == (status, NoBody())


def test_big_bodies(canned, recording, monkeypatch):
    monkeypatch.setattr(record, "KEPT_LIMIT", 3_000_000)
    app, url = canned
    kept_whole = json.dumps([{"id": at, "name": f"web{at}.real-host.de"} for at in range(40_000)]).encode()
    too_large = b"[" + b"1," * 2_000_000 + b"1]"
    assert len(kept_whole) < 3_000_000 < len(too_large)
    app.answer("GET /api/v1/servers", kept_whole)
    app.answer("GET /api/v1/usage", too_large)
    app.answer("POST /api/v1/users", {})
    with recording(url) as session:
        assert session.client.get("servers").content == kept_whole
        assert session.client.get("usage").content == too_large
        assert session.client.post("users", content=b"[" + b"1," * 1_000_000 + b"1]").status_code == 200
        refused = session.client.post("users", content=b" " * (BODY_LIMIT + 1))
        servers, usage, users = session.exchanges()
    assert refused.status_code == 413
    assert len(app.asked) == 3
    assert len({one["name"] for one in value_of(servers.response.body)}) == 40_000
    assert isinstance(usage.response.body, HiddenBody)
    assert len(value_of(users.request.body)) == 1_000_001
    assert b"real-host" not in session.everything()


def test_only_the_api_is_recorded_unless_asked(canned, recording, tmp_path):
    app, url = canned
    app.answer("GET /login", b"<p>Ann</p>", content_type="text/html")
    app.answer("GET /api/v1", {})
    for more, expected in (({}, ["/api/v1"]), ({"all_paths": True}, ["/login", "/api/v1"])):
        with recording(url, folder=tmp_path / str(len(expected)), **more) as session:
            assert session.client.get(session.url + "/login").text == "<p>Ann</p>"
            session.client.get(session.url + "/api/v1")
            assert [one.request.path for one in session.exchanges()] == expected


def test_the_host_can_be_that_of_the_recorder(canned, recording):
    app, url = canned
    app.answer("GET /api/v1/users", {"links": {"next": "http://billing.real-host.de/api/v1/users?page=2"}})
    with recording(url, keep_host=True) as session:
        session.client.get("users", headers={"Host": "billing.real-host.de"})
        (kept,) = session.exchanges()
    assert dict(app.asked[0]["headers"])["host"] == "billing.real-host.de"
    assert value_of(kept.response.body)["links"]["next"] == "https://solusio.example/api/v1/users?page=2"
    assert session.said == []


def test_many_at_once(canned, recording):
    app, url = canned
    waiting = asyncio.Event()

    async def slow(scope, _, send):
        # Nobody is answered before the last has asked: so they are truly under way at once.
        if len(app.asked) >= 20:
            waiting.set()
        await asyncio.wait_for(waiting.wait(), 20)
        await send(
            {
                "type": "http.response.start",
                "status": 200,
                "headers": [(b"content-type", b"application/json")],
            }
        )
        name = unquote(scope["query_string"].decode().removeprefix("search="))
        await send({"type": "http.response.body", "body": json.dumps({"email": name}).encode()})

    app.answers["GET /api/v1/users"] = slow
    with recording(url) as session, ThreadPoolExecutor(20) as pool:
        names = [f"user{at % 5}@real-host.de" for at in range(20)]
        answers = pool.map(lambda name: session.client.get("users", params={"search": name}).json(), names)
        assert [one["email"] for one in answers] == names
        kept = session.exchanges()
    assert [one.number for one in kept] == list(range(1, 21))
    pairs = {(one.request.query[0][1], value_of(one.response.body)["email"]) for one in kept}
    assert len(pairs) == 5
    assert all(asked == answered for asked, answered in pairs)


# TLS


@pytest.fixture
def tls_upstream(canned):
    app, _ = canned
    app.answer("GET /api/v1/users", {"data": []})
    authority = trustme.CA()
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    authority.issue_cert("127.0.0.1").configure_cert(context)
    with running(app, tls=context) as url:
        yield url, authority


def test_a_certificate_that_is_not_trusted(tls_upstream, recording):
    url, _ = tls_upstream
    with recording(url) as session:
        answer = session.client.get("users")
        assert answer.status_code == 502
        reason = f"{url} has a certificate that is not trusted (--insecure accepts it)"
        assert answer.json() == {"message": f"The recorder got no response: {reason}."}
        assert session.exchanges() == []


def test_a_certificate_that_is_accepted(tls_upstream, recording, tmp_path):
    url, authority = tls_upstream
    trusting = ssl.create_default_context()
    authority.configure_trust(trusting)
    for at, verify in enumerate((False, trusting)):
        with recording(url, verify=verify, folder=tmp_path / str(at)) as session:
            assert session.client.get("users").json() == {"data": []}
            assert len(session.exchanges()) == 1


# When things go wrong


def test_an_upstream_that_is_not_there(recording):
    with socket.create_server(("127.0.0.1", 0)) as listener:
        port = listener.getsockname()[1]
    with recording(f"http://127.0.0.1:{port}") as session:
        answer = session.client.get("users?token=geheim")
    assert answer.status_code == 502
    assert answer.headers["content-type"] == "application/json"
    begin = f"The recorder got no response: http://127.0.0.1:{port} could not be reached"
    assert answer.json()["message"].startswith(begin)
    assert len(session.said) == 1
    assert "geheim" not in session.said[0]
    assert session.exchanges() == []


def test_an_upstream_that_does_not_answer_in_time(recording):
    hold = threading.Event()
    with raw_upstream(b"", hold=hold) as url, recording(url, timeout=0.2) as session:
        answer = session.client.get("users")
        hold.set()
    assert answer.status_code == 502
    assert answer.json()["message"].endswith("did not respond in time.")


def test_an_upstream_that_drips_has_an_end(scripted, recording):
    def drip(peer):
        peer.head()
        peer.send(b"HTTP/1.1 200 OK\r\n")
        try:
            while not peer.stopped.is_set():
                peer.send(b"X-A: b\r\n")
                peer.pause(0.02)
        except OSError:
            pass

    with recording(scripted(drip).url.partition("/solusio")[0], max_seconds=0.3) as session:
        answer = session.client.get("users")
    assert answer.status_code == 502
    assert answer.json()["message"].endswith("did not respond in time.")


@pytest.mark.parametrize("said", [b"", b"HTTP/1.1 200", b"SMTP ready\r\n\r\n"])
def test_an_upstream_that_speaks_no_http(recording, said):
    with raw_upstream(said) as url, recording(url) as session:
        answer = session.client.get("users")
    assert answer.status_code == 502
    assert "was cut off" in answer.json()["message"]


@pytest.mark.parametrize(
    "head", [b"999 Odd\r\n", b"600 Odd\r\n", b"200 OK\r\nX-A: b\x00c\r\n", b"200 OK\r\nX A: b\r\n"]
)
def test_an_answer_that_cannot_be_passed_on_is_a_502(recording, head):
    with raw_upstream(b"HTTP/1.1 " + head + b"Content-Length: 2\r\n\r\n{}") as url, recording(url) as session:
        answer = session.client.get("users")
    assert answer.status_code == 502
    assert answer.json()["message"].startswith(f"The recorder got no response: {url} ")
    assert session.exchanges() == []


def test_an_answer_that_breaks_off_is_no_whole_answer_and_is_not_recorded(recording):
    head = b"HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nContent-Length: 2000000\r\n\r\n"
    with raw_upstream(head + b" " * 1_000_000) as url, recording(url) as session:
        try:
            outcome = str(session.client.get("users").status_code)
        except httpx.HTTPError as error:
            outcome = type(error).__name__
        # Nothing, or a part of the answer, may have been on its way already.
        assert outcome in {"502", "RemoteProtocolError", "ReadError"}
        assert session.exchanges() == []
    assert len(session.said) == 1
    assert "was cut off" in session.said[0]


def test_what_cannot_be_written_is_passed_on_and_told(canned, recording, monkeypatch):
    app, url = canned
    app.answer("GET /api/v1/users", {"data": []})
    with recording(url) as session:
        session.client.get("users")

        def full(_):
            raise OSError(28, "No space left on device")

        monkeypatch.setattr(session.recorder._writer, "add", full)
        assert session.client.get("users").json() == {"data": []}
    assert session.said == ["Cannot record exchange 2: No space left on device."]
    assert (session.recorder.recorded, session.recorder.lost) == (1, 1)


def test_a_recording_is_continued_with_its_seed(canned, recording):
    app, url = canned
    app.answer("GET /api/v1/users", {"email": "ann@real-host.de"})
    for _ in range(2):
        with recording(url) as session:
            session.client.get("users")
    first, second = session.exchanges()
    assert (first.number, second.number) == (1, 2)
    assert first.response.body == second.response.body
    assert len(list(RecordingReader(session.folder))) == 2


@pytest.mark.parametrize(
    ("url", "words"),
    [
        ("panel.real-host.de", "expected a URL such as"),
        ("ftp://panel.real-host.de", "expected a URL such as"),
        ("https://", "expected a URL such as"),
        ("https://panel:x", "is not a URL"),
        ("https://ann:pw@panel.de", "without user name"),
        ("https://panel.de/?a=1", "without user name, query"),
        ("https://panel.de/login", "without '/login'"),
        ("https://[::1", "is not a URL"),
    ],
)
def test_an_upstream_must_be_an_address(url, words):
    with pytest.raises(UpstreamError, match=words.replace("?", r"\?")):
        Upstream(url)


@pytest.mark.parametrize(
    ("url", "expected", "origin"),
    [
        ("https://Panel.de/api/v1/", "https://panel.de", "panel.de:443"),
        ("http://10.0.0.1:8080", "http://10.0.0.1:8080", "10.0.0.1:8080"),
        ("https://[::1]:444/", "https://[::1]:444", "::1:444"),
        ("https://pänel.de", "https://xn--pnel-loa.de", "xn--pnel-loa.de:443"),
    ],
)
def test_addresses_of_upstreams(url, expected, origin):
    assert (Upstream(url).url, Upstream(url).origin) == (expected, origin)
