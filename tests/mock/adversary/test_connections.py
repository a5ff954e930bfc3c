"""Connections that clients keep, and requests that carry a header twice."""

import asyncio

from mock_solusio.server.messages import Request
from mock_solusio.server.uvicorn_server import make_server
from support.calls import respond


def test_a_connection_outlives_a_pause_of_its_client(mock):
    """Clients keep idle connections for a minute and more (Go 90 s, curl 118 s), and do not expect an end."""
    assert make_server(mock).config.timeout_keep_alive >= 60


def test_of_two_authorizations_the_first_counts_also_for_answers_that_are_kept(mock, api):
    customer = api.as_user(api.post("users", {"email": "customer@example.com"}).data["id"])

    async def account(*access_tokens: str) -> tuple[int, bool]:
        headers = [(b"host", b"mock.test")]
        headers += [(b"authorization", f"Bearer {one}".encode()) for one in access_tokens]
        request = Request("GET", "/api/v1/account", b"", headers, b"", "http", "127.0.0.1")
        answer = await respond(mock, request)
        return answer.status, b"customer@example.com" in answer.body

    for _ in range(2):  # rendered, then kept
        assert asyncio.run(account(customer.token, api.token)) == (200, True)
        assert asyncio.run(account(api.token)) == (200, False)
        assert asyncio.run(account(api.token, customer.token)) == (200, False)
        assert asyncio.run(account("unknown", customer.token))[0] == 401
        assert asyncio.run(account("unknown"))[0] == 401
        assert asyncio.run(account(customer.token, "unknown")) == (200, True)
        assert asyncio.run(account("unknown"))[0] == 401
