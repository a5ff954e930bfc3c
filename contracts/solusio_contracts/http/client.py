"""HTTP clients that follow the proxy variables of the environment, except to reach this machine.

A proxy cannot reach 127.0.0.1 of the machine that asks it, and hardly anybody sets NO_PROXY. The proxy is
looked up for each request, so one that cannot be used harms only the requests that need it.
"""

import ssl
import urllib.request
from typing import Any, Final, TypeVar

import httpx

from solusio_contracts.http.url import is_loopback

_DEFAULT_LIMITS: Final = httpx.Limits(max_connections=100, max_keepalive_connections=20)

T = TypeVar("T", httpx.HTTPTransport, httpx.AsyncHTTPTransport)

_Known = dict[tuple[str | None, bool], T]
"""Transports by their proxy, and by whether they need certificates."""


def client(
    *, verify: ssl.SSLContext | bool = True, limits: httpx.Limits = _DEFAULT_LIMITS, **options: Any
) -> httpx.Client:
    """Return a client; `options` are those of `httpx.Client`.

    A request that needs a proxy which cannot be used raises `httpx.ProxyError`.
    """
    return httpx.Client(transport=_Transport(verify=verify, limits=limits), trust_env=False, **options)


def async_client(
    *, verify: ssl.SSLContext | bool = True, limits: httpx.Limits = _DEFAULT_LIMITS, **options: Any
) -> httpx.AsyncClient:
    """Return a client as `client` does, for asyncio."""
    return httpx.AsyncClient(
        transport=_AsyncTransport(verify=verify, limits=limits), trust_env=False, **options
    )


def proxy_for(url: httpx.URL) -> str | None:
    """Return the proxy that the environment names for a URL; None for this machine and for NO_PROXY."""
    if is_loopback(url.host) or url.host.endswith(".localhost"):
        return None
    if urllib.request.proxy_bypass(url.netloc.decode("ascii")):
        return None
    named = urllib.request.getproxies()
    proxy = named.get(url.scheme) or named.get("all")
    return proxy if not proxy or "://" in proxy else f"http://{proxy}"


class _Transport(httpx.BaseTransport):
    """Sends each request directly or through its proxy."""

    def __init__(self, **options: Any) -> None:
        self._options = options
        self._transports: _Known[httpx.HTTPTransport] = {}

    def handle_request(self, request: httpx.Request) -> httpx.Response:
        """Send a request."""
        transport = _transport(httpx.HTTPTransport, self._transports, request.url, self._options)
        return transport.handle_request(request)

    def close(self) -> None:
        """Close all connections."""
        for one in self._transports.values():
            one.close()


class _AsyncTransport(httpx.AsyncBaseTransport):
    """The same for asyncio."""

    def __init__(self, **options: Any) -> None:
        self._options = options
        self._transports: _Known[httpx.AsyncHTTPTransport] = {}

    async def handle_async_request(self, request: httpx.Request) -> httpx.Response:
        """Send a request."""
        transport = _transport(httpx.AsyncHTTPTransport, self._transports, request.url, self._options)
        return await transport.handle_async_request(request)

    async def aclose(self) -> None:
        """Close all connections."""
        for one in self._transports.values():
            await one.aclose()


def _transport(kind: type[T], known: "_Known[T]", url: httpx.URL, options: dict[str, Any]) -> T:
    proxy = proxy_for(url)
    encrypted = url.scheme == "https" or proxy is not None
    if (proxy, encrypted) not in known:
        # Reading the system's certificates takes 20 ms, and plain HTTP needs none.
        chosen = options if encrypted else {**options, "verify": False}
        try:
            known[proxy, encrypted] = kind(proxy=proxy, **chosen)
        except (ImportError, ValueError, httpx.InvalidURL) as error:
            # The proxy's URL may hold a password.
            text = str(error).partition(".")[0] if isinstance(error, ImportError) else "not a valid proxy URL"
            raise httpx.ProxyError(
                f"the proxy that the environment names for {url.scheme}:// cannot be used: {text}"
            ) from None
    return known[proxy, encrypted]
