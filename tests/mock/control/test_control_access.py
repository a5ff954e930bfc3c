"""Who reaches the control API, and who does not."""

import pytest

from mock_solusio.control.access import refused
from mock_solusio.server.messages import Request


def reason(client="127.0.0.1", scheme="http", *, anywhere=False, **headers) -> str | None:
    sent = {"host": "127.0.0.1:8008", **{name.replace("_", "-"): value for name, value in headers.items()}}
    lines = [(name.encode(), value.encode()) for name, value in sent.items() if value is not None]
    return refused(Request("POST", "/_mock/clock", b"", lines, b"", scheme, client), anywhere=anywhere)


@pytest.mark.parametrize("client", ["127.0.0.1", "127.8.8.8", "::1", "::ffff:127.0.0.1", ""])
def test_this_machine_is_served(client):
    assert reason(client) is None


@pytest.mark.parametrize(
    "client", ["192.168.1.7", "10.0.0.1", "::ffff:10.0.0.1", "2001:db8::1", "localhost.evil", "0"]
)
def test_other_machines_are_not(client):
    assert "serves this machine only" in reason(client)


@pytest.mark.parametrize("header", ["forwarded", "x_forwarded_for", "x_real_ip"])
def test_what_a_proxy_passes_on_is_not(header):
    assert "serves this machine only" in reason(**{header: "127.0.0.1"})


def test_other_machines_are_served_if_the_operator_says_so():
    assert reason("192.168.1.7", anywhere=True, host="192.168.1.2:8008") is None
    assert reason("192.168.1.7", anywhere=True, host="solusio:8008", x_forwarded_for="10.0.0.1") is None


@pytest.mark.parametrize(
    "host", ["127.0.0.1", "127.0.0.1:1", "localhost:8008", "LOCALHOST", "[::1]:8008", "a.localhost"]
)
def test_own_names(host):
    assert reason(host=host) is None


@pytest.mark.parametrize(
    "host",
    [
        "evil.example",
        "evil.example:8008",
        "localhost.evil.example",
        "127.0.0.1.evil.example",
        "",
        None,
        "[::",
        "10.0.0.1",
    ],
)
def test_names_that_could_be_anybodys(host):
    assert "host name" in reason(host=host)


def test_a_bound_name_is_refused_to_other_machines_too():
    assert "host name" in reason(anywhere=True, host="evil.example:8008")


@pytest.mark.parametrize("site", ["cross-site", "same-site"])
def test_pages_of_other_sites(site):
    assert "other sites" in reason(sec_fetch_site=site)


@pytest.mark.parametrize(
    "origin",
    [
        "https://evil.example",
        "null",
        "http://127.0.0.1",
        "http://127.0.0.1:3000",
        "https://127.0.0.1:8008",
        "http://localhost:8008",
    ],
)
def test_other_origins(origin):
    assert "other sites" in reason(origin=origin)


def test_own_pages():
    assert reason(origin="http://127.0.0.1:8008", sec_fetch_site="same-origin") is None
    assert reason(origin="https://127.0.0.1:8008", scheme="https") is None
    assert reason(sec_fetch_site="none") is None


def test_the_control_api_asks_first(control):
    refusal = control("GET", "/_mock/health", client="10.0.0.1")
    assert refusal.status == 403
    assert "--control-from-anywhere" in refusal.message
    for headers in (
        {"host": "evil.example"},
        {"origin": "https://evil.example"},
        {"sec-fetch-site": "cross-site"},
    ):
        answer = control("POST", "/_mock/clock", {"advance": "P1M"}, headers=headers)
        assert answer.status == 403
    assert control("GET", "/_mock/clock").data["moment"] == "2026-03-01T00:00:00.000000Z"
