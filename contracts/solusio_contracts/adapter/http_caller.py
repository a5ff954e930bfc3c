"""Calls a billing system over HTTP, with limits on time and size."""

import time
from collections.abc import Sequence
from dataclasses import dataclass
from functools import cache
from http.cookiejar import CookieJar, DefaultCookiePolicy
from typing import Any

import httpx
import msgspec

from solusio_contracts.http.client import client as make_client


class CallError(Exception):
    """No connection can be made."""


@dataclass(frozen=True, slots=True)
class CallResult:
    """The response, or as much of it as was received."""

    status: int
    body: bytes
    location: str = ""
    """Target of a redirect."""
    problem: str = ""
    """Why the response is not complete."""


def call(
    url: str, body: Any, *, headers: Sequence[tuple[str, str]], timeout: float, largest: int
) -> CallResult:
    """GET a URL, or POST a body to it as JSON, within `timeout` seconds and `largest` bytes in total.

    Redirects are not followed, since a redirected POST would lose its body.

    Raises:
        CallError: no connection can be made.
    """
    content = body if body is None or isinstance(body, bytes) else msgspec.json.encode(body)
    sent = [("Accept", "application/json"), *headers]
    if content is not None:
        sent.append(("Content-Type", "application/json"))
    deadline = time.monotonic() + timeout
    received = bytearray()
    status = 0
    try:
        with _client(encrypted=httpx.URL(url).scheme == "https").stream(
            "GET" if content is None else "POST", url, content=content, headers=sent, timeout=timeout
        ) as response:
            status = response.status_code
            for piece in response.iter_bytes():
                received += piece
                if len(received) > largest:
                    return CallResult(
                        status, bytes(received), problem=f"sent more than {largest // 1024**2} MiB"
                    )
                if time.monotonic() > deadline:
                    raise httpx.ReadTimeout("")
            return CallResult(status, bytes(received), response.headers.get("location", ""))
    except (httpx.ConnectError, httpx.ConnectTimeout, httpx.UnsupportedProtocol, httpx.InvalidURL) as error:
        raise CallError(str(error) or "no response to the connection") from None
    except httpx.TimeoutException:
        return CallResult(status, bytes(received), problem=f"was not answered within {timeout:g} s")
    except (httpx.HTTPError, UnicodeError) as error:
        return CallResult(
            status, bytes(received), problem=f"was cut off: {str(error) or type(error).__name__}"
        )


@cache
def _client(*, encrypted: bool) -> httpx.Client:
    """Make a client once: it takes longer than most calls, with TLS to read all certificates of authorities.

    It keeps no connection, since a billing system may close one just as the next step is sent; and no
    cookies, so that steps have nothing in common.
    """
    return make_client(
        verify=httpx.create_ssl_context(trust_env=False) if encrypted else False,
        limits=httpx.Limits(max_keepalive_connections=0),
        cookies=CookieJar(DefaultCookiePolicy(allowed_domains=())),
    )
