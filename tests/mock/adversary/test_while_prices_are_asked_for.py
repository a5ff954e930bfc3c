"""The world may change while the billing endpoint thinks: what was read before must not be kept as true."""

import asyncio
from collections.abc import Awaitable, Callable, Iterator
from typing import Any

import pytest

from support.calls import Caller
from support.pricing import VENDOR_EXAMPLE


class Endpoint:
    """A billing endpoint in the event loop of the mock, that does something before it answers."""

    def __init__(self) -> None:
        self.meanwhile: Callable[[], Awaitable[Any]] | None = None
        self.questions = 0

    async def serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        head = await reader.readuntil(b"\r\n\r\n")
        length = next(line for line in head.lower().split(b"\r\n") if line.startswith(b"content-length:"))
        await reader.readexactly(int(length.partition(b":")[2]))
        self.questions += 1
        if self.meanwhile is not None:
            await self.meanwhile()
        writer.write(
            b"HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nConnection: close\r\n"
            b"Content-Length: %d\r\n\r\n" % len(VENDOR_EXAMPLE) + VENDOR_EXAMPLE
        )
        await writer.drain()
        writer.close()


@pytest.fixture
def endpoint(api: Caller) -> Iterator[Endpoint]:
    made = Endpoint()
    run = api.runner.run
    server = run(asyncio.start_server(made.serve, "127.0.0.1", 0))
    port = server.sockets[0].getsockname()[1]
    custom = {"url": f"http://127.0.0.1:{port}/", "token": ""}
    integration = {"type": "custom", "drivers": {"custom": custom}}
    assert api.patch("settings", {"billing_integration": integration}).status == 200
    yield made
    server.close()
    run(server.wait_closed())
    run(api.mock.prices.aclose())


def test_a_withdrawn_access_token_is_refused_although_its_answer_was_rendered_late(api, endpoint):
    operator = api.post("users", {"email": "op@example.com", "billing_user_id": 7, "roles": [1]}).data["id"]
    access_token = api.post(f"users/{operator}/tokens", {"is_one_time": False}).data
    caller = api.acting_as(access_token["access_token"])

    async def withdraw() -> None:
        path = f"users/{operator}/tokens/{access_token['id']}"
        assert (await api.ask("DELETE", path)).status == 204

    endpoint.meanwhile = withdraw
    assert caller.get("plans/1").status == 200  # it was good when the request came
    assert endpoint.questions == 1
    assert caller.get("plans/1").status == 401


def test_a_plan_that_changes_meanwhile_is_not_shown_as_it_was(api, endpoint):
    customer = api.post("users", {"email": "op@example.com", "billing_user_id": 7, "roles": [1]}).data["id"]
    caller = api.as_user(customer)

    async def rename() -> None:
        assert (await api.ask("PATCH", "plans/1", {"name": "new"})).status == 200

    endpoint.meanwhile = rename
    caller.get("plans/1")
    assert endpoint.questions == 1
    assert caller.get("plans/1").data["name"] == "new"
    assert caller.get("plans").data[0]["name"] == "new"
    assert caller.get("plans/1").data["price"]["per_hour"].startswith("£")


def test_a_billing_endpoint_may_call_back_while_it_is_asked(api, endpoint):
    customer = api.post("users", {"email": "op@example.com", "billing_user_id": 7, "roles": [1]}).data["id"]
    caller = api.as_user(customer)
    found: list[int] = []

    async def look_up() -> None:
        found.append((await api.ask("GET", f"users/{customer}")).status)
        found.append((await api.ask("PUT", f"users/{customer}", {"status": "suspended"})).status)

    endpoint.meanwhile = look_up
    assert "price" in caller.get("plans/1").data
    assert found == [200, 200]
    assert caller.get("account").data["status"] == "suspended"
