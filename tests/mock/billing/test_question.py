"""What is sent to the billing endpoint, and what its good answers become."""

import gzip
import ssl
from decimal import Decimal
from urllib.parse import urlsplit

import pytest

from mock_solusio.domain.prices import parse_pricing
from mock_solusio.moment import SECOND
from solusio_reference.app import create_app
from solusio_reference.serving import running
from solusio_reference.storage.customers import CustomerStore, seed_demo
from support.async_endpoint import http, raw, serving
from support.prices import GOOD, Integration, asking
from support.pricing import VENDOR_EXAMPLE

pytestmark = pytest.mark.anyio

SECRET = "s3cret Tökén+&="


@pytest.mark.parametrize(
    ("path", "credential", "form"),
    [
        ("/solusio/api/", "xxxxxxx", b"token=xxxxxxx&action=GetTokenPricing&userid=1"),
        ("/solusio/api/", "", b"action=GetTokenPricing&userid=1"),
        ("/billing.php?module=solusio", "a b&=ö", b"token=a+b%26%3D%C3%B6&action=GetTokenPricing&userid=1"),
    ],
)
async def test_the_bytes_of_the_question_are_those_of_the_vendors_curl_line(path, credential, form):
    async with serving(GOOD, path=path) as endpoint, asking() as (prices, _):
        await prices.ask(Integration(endpoint.url, credential), 1, 0)
    host = urlsplit(endpoint.url).netloc.encode()
    assert endpoint.requests == [
        b"POST " + path.encode() + b" HTTP/1.1\r\n"
        b"Host: " + host + b"\r\n"
        b"Accept: application/json\r\n"
        b"Content-Type: application/x-www-form-urlencoded\r\n"
        b"Content-Length: " + str(len(form)).encode() + b"\r\n\r\n" + form
    ]


async def test_neither_cookies_nor_proxies_get_in_between(monkeypatch):
    monkeypatch.setenv("HTTP_PROXY", "http://127.0.0.1:9")
    monkeypatch.setenv("ALL_PROXY", "http://127.0.0.1:9")
    answer = http(VENDOR_EXAMPLE, headers="Set-Cookie: PHPSESSID=1; Path=/\r\n")

    async with serving(answer) as endpoint, asking() as (prices, _):
        for user in (1, 2):
            assert (await prices.ask(Integration(endpoint.url), user, 0)).reason == ""
    assert len(endpoint.requests) == 2
    assert b"ookie" not in b"".join(endpoint.requests)


async def test_credentials_in_the_url_are_sent_as_curl_does():
    async with serving(GOOD) as endpoint, asking() as (prices, _):
        url = endpoint.url.replace("//", "//aladdin:opensesame@")
        await prices.ask(Integration(url), 1, 0)
    # The example of RFC 2617 with this password: base64 of "aladdin:opensesame".
    assert b"\r\nAuthorization: Basic YWxhZGRpbjpvcGVuc2VzYW1l\r\n" in endpoint.requests[0]


async def test_a_price():
    async with serving(GOOD) as endpoint, asking() as (prices, exchanges):
        answer = await prices.ask(Integration(endpoint.url), 7, 5 * SECOND)
    assert answer.pricing == parse_pricing(VENDOR_EXAMPLE)
    assert answer.reason == ""
    assert answer.fresh_until == 65 * SECOND
    [exchange] = exchanges
    assert exchange.sent
    assert (exchange.at, exchange.url) == (5 * SECOND, endpoint.url)
    assert (exchange.billing_user_id, exchange.status) == (7, 200)
    assert endpoint.requests[0].endswith(exchange.request_body)
    assert (b"Accept", b"application/json") in exchange.request_headers
    assert (b"Content-Type", b"application/json") in exchange.response_headers
    assert exchange.response_body == VENDOR_EXAMPLE
    assert exchange.duration > 0
    assert exchange.reason == ""
    assert exchange.pricing is answer.pricing


async def test_any_success_counts_and_no_content_type_is_asked_for():
    answer = http(VENDOR_EXAMPLE, "201 Created", "Content-Type: text/html\r\n")
    async with serving(answer) as endpoint, asking() as (prices, _):
        assert (await prices.ask(Integration(endpoint.url), 1, 0)).reason == ""


async def test_a_packed_answer_is_unpacked_and_reported_as_it_came():
    packed = gzip.compress(VENDOR_EXAMPLE)

    answer = http(packed, headers="Content-Encoding: gzip\r\n")
    async with serving(answer) as endpoint, asking() as (prices, exchanges):
        assert (await prices.ask(Integration(endpoint.url), 1, 0)).pricing == parse_pricing(VENDOR_EXAMPLE)
    assert exchanges[0].response_body == packed


@pytest.mark.parametrize(
    "wire",
    [
        b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n%x\r\n%s\r\n0\r\n\r\n",
        b"HTTP/1.0 200 OK\r\nX-Length: %d\r\n\r\n%s",  # the end of the connection is the end of the body
    ],
)
async def test_bodies_without_content_length(wire):
    answer = raw(wire % (len(VENDOR_EXAMPLE), VENDOR_EXAMPLE))
    async with serving(answer) as endpoint, asking() as (prices, _):
        assert (await prices.ask(Integration(endpoint.url), 1, 0)).reason == ""


@pytest.fixture(scope="module")
def reference():
    with CustomerStore.in_memory() as store:
        seed_demo(store)
        with running(create_app(store, token=SECRET, path="/solusio/api/"), "/solusio/api/") as url:
            yield url


@pytest.mark.parametrize(
    ("user", "cost"),
    [
        (1, "1.3763676"),  # 1.34 x 0.95 x 1.06 x 1.02
        (4, "0.165"),  # 0.15 x 1.1
        (9, "0"),  # 100 % off
    ],
)
async def test_the_reference_endpoint(reference, user, cost):
    async with asking() as (prices, _):
        answer = await prices.ask(Integration(reference, SECRET), user, 0)
    assert answer.pricing is not None
    assert answer.pricing.user_token_unit_cost == Decimal(cost)


async def test_what_the_reference_endpoint_refuses(reference):
    async with asking() as (prices, exchanges):
        wrong = await prices.ask(Integration(reference, "wrong"), 1, 0)
        unknown = await prices.ask(Integration(reference, SECRET), 999_999, 0)
    assert wrong.reason == "The billing endpoint refuses the authorization token (status 401)."
    assert unknown.reason == "The billing endpoint refuses (status 404)."
    assert [exchange.status for exchange in exchanges] == [401, 404]


# --- TLS -------------------------------------------------------------------------------------


async def test_an_unknown_certificate_is_not_accepted(server_tls):
    async with serving(GOOD, tls=server_tls) as endpoint, asking() as (prices, exchanges):
        answer = await prices.ask(Integration(endpoint.url), 1, 0)
    assert answer.reason.startswith("The certificate of the billing endpoint is not accepted: ")
    assert endpoint.requests == []
    assert exchanges[0].status is None


async def test_a_certificate_of_ones_own_authority(server_tls, client_tls):
    for verify in (client_tls, False):
        async with serving(GOOD, tls=server_tls) as endpoint, asking(verify=verify) as (prices, _):
            assert (await prices.ask(Integration(endpoint.url), 1, 0)).reason == ""


async def test_certificates_of_the_system_that_cannot_be_read(monkeypatch):
    def unreadable(*_args, **_options):
        raise PermissionError("/etc/ssl")

    monkeypatch.setattr(ssl, "create_default_context", unreadable)

    async with asking() as (prices, exchanges):
        answer = await prices.ask(Integration("http://127.0.0.1:9/"), 1, 0)
    assert answer.reason == "The certificates that this system trusts cannot be read."
    assert not exchanges[0].sent
