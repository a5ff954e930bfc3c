"""Pages of other origins: with `--cors` a browser lets them call the API."""

import http.client
import json
from collections.abc import Iterator
from contextlib import closing
from typing import Any

import pytest

from mock_solusio.options import Options
from mock_solusio.testing import Solusio, started

PAGE = "http://localhost:3000"
ASKED = {
    "Access-Control-Request-Method": "PATCH",
    "Access-Control-Request-Headers": "authorization,content-type",
}


@pytest.fixture(scope="module")
def solusio() -> Iterator[Solusio]:
    with started(Options(cors=(PAGE, "https://shop.example"))) as made:
        yield made


def ask(solusio: Solusio, method: str, path: str, origin: str | None, body: Any = None, **more: str) -> Any:
    """Send what a browser would; return status and headers."""
    host = solusio.url.removeprefix("http://")
    headers = {"Authorization": f"Bearer {solusio.admin_token}", "Content-Type": "application/json", **more}
    if origin is not None:
        headers["Origin"] = origin
    with closing(http.client.HTTPConnection(host, timeout=30)) as connection:
        connection.request(method, path, None if body is None else json.dumps(body), headers)
        response = connection.getresponse()
        response.read()
    return response.status, {name.lower(): value for name, value in response.getheaders()}


@pytest.mark.parametrize("origin", [PAGE, "https://shop.example"])
def test_a_page_asks_first_and_then_calls(solusio: Solusio, origin: str) -> None:
    status, headers = ask(solusio, "OPTIONS", "/api/v1/users/1", origin, **ASKED)
    assert (status, headers["access-control-allow-origin"]) == (200, origin)
    assert "PATCH" in headers["access-control-allow-methods"]
    assert headers["access-control-allow-headers"] == "authorization,content-type"
    for _ in range(2):  # rendered, then cached
        status, headers = ask(solusio, "GET", "/api/v1/users", origin)
        assert (status, headers["access-control-allow-origin"], headers["vary"]) == (200, origin, "Origin")
    # A refusal must be readable, too.
    status, headers = ask(solusio, "POST", "/api/v1/users", origin, {})
    assert (status, headers["access-control-allow-origin"]) == (422, origin)


def test_other_pages_and_programs_get_no_permission(solusio: Solusio) -> None:
    status, headers = ask(solusio, "OPTIONS", "/api/v1/users", "http://evil.example", **ASKED)
    assert (status, "access-control-allow-origin" in headers) == (400, False)
    (entry,) = solusio.journal.read(limit=1)
    assert entry.notes == ("start with --cors http://evil.example to allow this page",)
    for origin in ("http://evil.example", None):
        _, headers = ask(solusio, "GET", "/api/v1/users", origin)
        assert "access-control-allow-origin" not in headers


def test_the_control_api_is_for_no_page(solusio: Solusio) -> None:
    status, headers = ask(solusio, "GET", "/_mock/health", PAGE)
    assert (status, "access-control-allow-origin" in headers) == (403, False)


def test_faults_reach_a_page(solusio: Solusio) -> None:
    fault = {"kind": "status", "status": 429, "operation": "listUsers"}
    assert solusio.client.post(f"{solusio.url}/_mock/faults", json=fault).status_code == 201
    status, headers = ask(solusio, "GET", "/api/v1/users", PAGE)
    assert (status, headers["access-control-allow-origin"], headers["retry-after"]) == (429, PAGE, "1")
    assert headers["access-control-expose-headers"] == "Retry-After"
    fault = {"kind": "cut", "operation": "listUsers"}
    assert solusio.client.post(f"{solusio.url}/_mock/faults", json=fault).status_code == 201
    with pytest.raises(http.client.RemoteDisconnected):
        ask(solusio, "GET", "/api/v1/users", PAGE)


def test_any_origin() -> None:
    with started(Options(cors=("*",))) as solusio:
        assert ask(solusio, "GET", "/api/v1/users", PAGE)[1]["access-control-allow-origin"] == "*"
        assert ask(solusio, "OPTIONS", "/api/v1/users", PAGE, **ASKED)[0] == 200


def test_without_the_option_no_page_may_call() -> None:
    with started() as solusio:
        status, headers = ask(solusio, "OPTIONS", "/api/v1/users", PAGE, **ASKED)
        assert (status, "access-control-allow-origin" in headers) == (405, False)
        assert "access-control-allow-origin" not in ask(solusio, "GET", "/api/v1/users", PAGE)[1]
