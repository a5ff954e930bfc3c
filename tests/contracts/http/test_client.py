"""Clients follow the proxy variables of the environment, but reach this machine directly."""

import ast
import asyncio
from pathlib import Path

import httpx
import pytest

from solusio_contracts.http.client import async_client, client, proxy_for

ROOT = Path(__file__).parents[3]
OK = b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\nConnection: close\r\n\r\nok"


@pytest.fixture(autouse=True)
def _no_variables(monkeypatch):
    for name in ("http_proxy", "https_proxy", "all_proxy", "no_proxy"):
        for spelling in (name, name.upper()):
            monkeypatch.delenv(spelling, raising=False)


@pytest.fixture
def everything_by(monkeypatch):
    """Return a function that sends all requests through a proxy."""

    def use(proxy: str, **more: str) -> None:
        for name, value in {"HTTP_PROXY": proxy, "HTTPS_PROXY": proxy, "ALL_PROXY": proxy, **more}.items():
            monkeypatch.setenv(name, value)

    return use


@pytest.mark.parametrize(
    "host", ["127.0.0.1:8000", "127.8.0.1", "localhost", "[::1]:80", "billing.localhost"]
)
def test_no_proxy_leads_to_this_machine(everything_by, host):
    everything_by("http://proxy.test:3128")
    assert proxy_for(httpx.URL(f"http://{host}/")) is None
    assert proxy_for(httpx.URL(f"https://{host}/")) is None


def test_other_hosts_have_the_proxy_of_their_scheme(monkeypatch):
    monkeypatch.setenv("HTTPS_PROXY", "proxy.test:3128")
    assert proxy_for(httpx.URL("https://panel.example/")) == "http://proxy.test:3128"
    assert proxy_for(httpx.URL("http://panel.example/")) is None


def test_hosts_in_no_proxy_are_asked_directly(everything_by):
    everything_by("http://proxy.test:3128", NO_PROXY="panel.example,10.0.0.9")
    assert proxy_for(httpx.URL("http://panel.example/")) is None
    assert proxy_for(httpx.URL("http://10.0.0.9:81/")) is None
    assert proxy_for(httpx.URL("http://10.0.0.8:81/")) == "http://proxy.test:3128"


def test_requests_go_where_they_should(everything_by, scripted):
    def answers(peer):
        peer.request()
        peer.send(OK)

    proxy, own = scripted(answers), scripted(answers)
    everything_by(f"http://127.0.0.1:{proxy.port}")
    with client() as one:
        assert one.get(own.url).text == one.get("http://panel.example/api").text == "ok"

    async def both() -> list[str]:
        async with async_client() as another:
            return [(await another.get(url)).text for url in (own.url, "http://panel.example/api")]

    assert asyncio.run(both()) == ["ok", "ok"]
    assert [len(server.peers) for server in (own, proxy)] == [2, 2]
    assert proxy.peers[0].reads[0].startswith(b"GET http://panel.example/api HTTP/1.1")


@pytest.mark.parametrize("proxy", ["socks5://proxy.test:1080", "gopher://proxy.test"])
def test_a_proxy_that_cannot_be_used_harms_only_what_needs_it(everything_by, scripted, proxy):
    def answers(peer):
        peer.request()
        peer.send(OK)

    everything_by(proxy)
    with client() as one:
        assert one.get(scripted(answers).url).text == "ok"
        with pytest.raises(httpx.ProxyError, match="the proxy that the environment names for http:// cannot"):
            one.get("http://panel.example/")


def test_every_client_of_ours_is_made_here():
    factory = ROOT / "contracts/solusio_contracts/http/client.py"
    others = ("httpx.Client", "httpx.AsyncClient", "httpx.get", "httpx.post", "urllib.request.urlopen")
    made = [
        f"{file.relative_to(ROOT)}:{node.lineno}"
        for package in ("contracts", "mock_solusio")
        for file in (ROOT / package).rglob("*.py")
        if file != factory
        for node in ast.walk(ast.parse(file.read_text(encoding="utf-8")))
        if isinstance(node, ast.Call) and ast.unparse(node.func) in others
    ]
    assert made == []
