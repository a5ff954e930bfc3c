"""A dead or wrong billing endpoint: the price is absent, the reason is told, nothing is raised."""

import asyncio
import gzip
import json
import socket

import pytest

from support.async_endpoint import http, raw, serving, silent
from support.prices import GOOD, Integration, asking
from support.pricing import VENDOR_EXAMPLE

pytestmark = pytest.mark.anyio

CLOSED = "The billing endpoint closed the connection before its answer was complete."
NGINX = b"<html>\r\n<head><title>404 Not Found</title></head>\r\n<body>\r\n</body>\r\n</html>\r\n"
PAGE = ", with an HTML page: does its URL lead to your program?"


def head(length, status="200 OK"):
    return f"HTTP/1.1 {status}\r\nContent-Type: application/json\r\nContent-Length: {length}\r\n\r\n".encode()


@pytest.mark.parametrize(
    ("respond", "reason"),
    [
        (http(b""), "The response is empty."),
        (http(b"", "204 No Content", ""), "The response is empty."),
        (
            http(b"<br />\n<b>Warning</b>: x in /srv/www/x.php\n" + VENDOR_EXAMPLE),
            "The response is not JSON: it begins with HTML (a page, or a PHP message before the JSON).",
        ),
        (http(VENDOR_EXAMPLE[:-1]), "The response is not valid JSON."),
        (http(b"{}"), "`user_token_unit_cost` is missing."),
        (
            http(b"", "302 Found", "Location: /login\r\n"),
            "The billing endpoint redirects (status 302), and redirects are not followed.",
        ),
        (
            http(VENDOR_EXAMPLE, "307 Temporary Redirect", "Location: /\r\n"),
            "The billing endpoint redirects (status 307), and redirects are not followed.",
        ),
        (
            http(VENDOR_EXAMPLE, "403 Forbidden"),
            "The billing endpoint refuses the authorization token (status 403).",
        ),
        (http(b"", "404 Not Found"), "The billing endpoint refuses (status 404)."),
        (http(NGINX, "404 Not Found"), f"The billing endpoint refuses (status 404){PAGE}"),
        (
            http(NGINX, "403 Forbidden"),
            f"The billing endpoint refuses the authorization token (status 403){PAGE}",
        ),
        (http(NGINX, "502 Bad Gateway"), f"The billing endpoint fails (status 502){PAGE}"),
        (
            http(VENDOR_EXAMPLE, "500 Internal Server Error"),
            "The billing endpoint fails (status 500).",
        ),
        (raw(b""), CLOSED),
        (raw(head(len(VENDOR_EXAMPLE)) + VENDOR_EXAMPLE[:10]), CLOSED),
        (raw(b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\nff\r\n{}"), CLOSED),
        (
            raw(b"SSH-2.0-OpenSSH_9.2\r\n\r\n"),
            "The answer of the billing endpoint is not HTTP.",
        ),
        (
            raw(b"HTTP/1.1 200 OK\r\nX: " + b"x" * 300_000 + b"\r\n\r\n"),
            "The answer of the billing endpoint is not HTTP.",
        ),
        (
            http(VENDOR_EXAMPLE, headers="Content-Encoding: gzip\r\n"),
            "",  # it says packed and is not: taken as it is
        ),
        (
            http(gzip.compress(VENDOR_EXAMPLE)[:-9], headers="Content-Encoding: gzip\r\n"),
            "The answer cannot be unpacked (Content-Encoding).",
        ),
    ],
)
async def test_answers_that_are_no_price(respond, reason):
    async with serving(respond) as endpoint, asking() as (prices, exchanges):
        answer = await prices.ask(Integration(endpoint.url), 1, 123)
    assert answer.reason == reason
    assert (answer.pricing is None) is bool(reason)
    assert [exchange.reason for exchange in exchanges] == [reason]
    if reason:
        assert answer.fresh_until == 123
    assert len(endpoint.requests) == 1


@pytest.mark.parametrize(
    "sent",
    [b"", b"HTTP/1.1 200", head(10), head(10) + b"{", head(10, "500 Oops")],
    ids=["nothing", "half a status", "head", "half a body", "500"],
)
async def test_an_endpoint_that_falls_silent(sent):
    async with (
        serving(silent(sent)) as endpoint,
        asking(timeout=0.8) as (prices, exchanges),
    ):
        answer = await prices.ask(Integration(endpoint.url), 1, 0)
    assert answer.reason == "The billing endpoint gave no complete answer within 0.8 s."
    assert len(exchanges) == 1
    assert exchanges[0].sent
    assert exchanges[0].duration >= 0.8
    assert exchanges[0].response_body == (b"{" if sent.endswith(b"{") else b"")


async def test_the_limit_is_on_the_whole_and_not_on_each_piece():
    async def trickle(writer):
        writer.write(head(1_000_000))
        while True:
            writer.write(b" ")
            await writer.drain()
            await asyncio.sleep(0.01)

    async with serving(trickle) as endpoint, asking(timeout=0.8) as (prices, exchanges):
        answer = await prices.ask(Integration(endpoint.url), 1, 0)
    assert answer.reason == "The billing endpoint gave no complete answer within 0.8 s."
    assert exchanges[0].response_body.strip() == b""
    assert exchanges[0].response_body


@pytest.mark.parametrize("length", ["Content-Length: 999999999", "X: endless"])
async def test_a_huge_body_is_not_read_to_its_end(length):
    async def flood(writer):
        writer.write(f"HTTP/1.1 200 OK\r\n{length}\r\n\r\n".encode())
        while True:
            writer.write(b" " * 10_000)
            await writer.drain()

    async with serving(flood) as endpoint, asking(body_limit=50_000) as (prices, exchanges):
        answer = await prices.ask(Integration(endpoint.url), 1, 0)
    assert answer.reason == "The answer of the billing endpoint is larger than 50000 bytes."
    assert exchanges[0].response_body == b" " * 50_000


async def test_a_body_of_exactly_the_limit():
    size = len(VENDOR_EXAMPLE)
    async with serving(GOOD) as endpoint:
        async with asking(body_limit=size) as (prices, _):
            assert (await prices.ask(Integration(endpoint.url), 1, 0)).reason == ""
        async with asking(body_limit=size - 1) as (prices, _):
            answer = await prices.ask(Integration(endpoint.url), 1, 0)
            assert "larger than" in answer.reason


async def test_a_small_body_that_unpacks_to_a_huge_one():
    bomb = gzip.compress(b" " * 1_000_000)
    assert len(bomb) < 10_000

    answer = http(bomb, headers="Content-Encoding: gzip\r\n")
    async with serving(answer) as endpoint, asking(body_limit=10_000) as (prices, _):
        answer = await prices.ask(Integration(endpoint.url), 1, 0)
    assert answer.reason == "The answer of the billing endpoint is larger than 10000 bytes."


async def test_nobody_listens():
    with socket.create_server(("127.0.0.1", 0)) as listener:
        port = listener.getsockname()[1]

    async with asking() as (prices, exchanges):
        answer = await prices.ask(Integration(f"http://127.0.0.1:{port}/"), 1, 0)
    assert answer.reason == "The billing endpoint refuses connections."
    assert exchanges[0].status is None
    assert exchanges[0].request_body.endswith(b"&action=GetTokenPricing&userid=1")


async def test_a_name_that_does_not_resolve(monkeypatch):
    def unknown(*_args, **_options):
        raise socket.gaierror(socket.EAI_NONAME, "Name or service not known")

    monkeypatch.setattr(socket, "getaddrinfo", unknown)

    async with asking() as (prices, _):
        answer = await prices.ask(Integration("http://billing.invalid/"), 1, 0)
    assert answer.reason == "The host name of the billing endpoint cannot be resolved."


async def test_tls_where_there_is_none():
    def refuse(_reader, writer):
        writer.write(b"HTTP/1.1 400 Bad Request\r\n\r\n")
        writer.close()

    async with await asyncio.start_server(refuse, "127.0.0.1", 0) as server, asking() as (prices, _):
        port = server.sockets[0].getsockname()[1]
        answer = await prices.ask(Integration(f"https://127.0.0.1:{port}/"), 1, 0)
    assert answer.reason == "The TLS handshake with the billing endpoint failed."


@pytest.mark.parametrize(
    "url",
    [
        "",
        "billing.example/api",
        "ftp://127.0.0.1/",
        "http://",
        "http:///api",
        "http://[::1/",
        "http://127.0.0.1:port/",
        "http://127.0.0.1/\n",
        "file:///etc/passwd",
        "http://\ud800/",
    ],
)
async def test_urls_that_are_none(url):
    async with asking() as (prices, exchanges):
        answer = await prices.ask(Integration(url), 1, 0)
    assert answer.reason.startswith("The URL of the billing endpoint is not a valid http")
    assert not exchanges[0].sent
    assert exchanges[0].status is None


@pytest.mark.parametrize("url", ["http://127.0.0.1:99999/", f"http://{'a' * 64}.example/"])
async def test_urls_with_which_nothing_can_be_reached(url):
    async with asking(timeout=2.0) as (prices, _):
        answer = await prices.ask(Integration(url), 1, 0)
    assert answer.pricing is None
    assert "billing endpoint" in answer.reason


async def test_an_authorization_token_that_is_no_text():
    async with serving(GOOD) as endpoint, asking() as (prices, _):
        assert (await prices.ask(Integration(endpoint.url, "\ud800"), 1, 0)).reason == ""


# --- secrets ---------------------------------------------------------------------------------


@pytest.mark.parametrize("status", ["200 OK", "302 Found", "403 Forbidden", "500 Internal Server Error"])
@pytest.mark.parametrize("shape", ["text", "name", "value", "nested", "cut"])
async def test_no_reason_repeats_what_the_endpoint_repeats(status, shape):
    secret = "hunter2hunter2"
    body = {
        "text": f"Warning: wrong token {secret} in /srv/www/billing.php\n",
        "name": json.dumps({secret: {"user_token_unit_cost": 1}}),
        "value": json.dumps({"user_token_unit_cost": secret, "currency": secret}),
        "nested": json.dumps({"user_token_unit_cost": 1, "currency": {"code": [secret]}}),
        "cut": f'{{"{secret}',
    }[shape].encode()

    answer = http(body, status, f"Location: /?token={secret}\r\nX-Token: {secret}\r\n")
    async with serving(answer, path=f"/{secret}/?k={secret}") as endpoint:
        url = endpoint.url.replace("//", f"//{secret}:{secret}@", 1)
        async with asking() as (prices, exchanges):
            answer = await prices.ask(Integration(url, secret), 1, 0)
    assert endpoint.requests
    for reason in (answer.reason, exchanges[0].reason):
        assert reason
        assert secret not in reason
        assert "srv" not in reason
