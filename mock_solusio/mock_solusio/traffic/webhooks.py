"""Sends the deliveries of event handlers (vendor's page "Using Event Handlers").

A delivery is a POST without a body; all parameters are in the URL. Up to five redirects are followed, and
certificates are not verified. A status of 400 and above, a time-out and a refused connection fail its task.

Deliveries of one handler are sent one after the other, those of different handlers at the same time. None
holds up a request to the mock. A delivery that was under way when the process ended is sent again.
"""

import asyncio
import functools
import time
from typing import TYPE_CHECKING, Final

from mock_solusio.domain import event_handlers
from mock_solusio.domain.records.event_handlers import DELIVERIES, EVENT_HANDLERS, Delivery
from mock_solusio.moment import SECOND
from mock_solusio.store.store import Store
from mock_solusio.traffic.faults import Faults
from mock_solusio.traffic.journal import Journal
from solusio_contracts.http.url import is_loopback

if TYPE_CHECKING:
    import httpx

REDIRECTS: Final = 5
"""How many redirects are followed (vendor's page)."""
TIMEOUT: Final = 10.0
"""Real seconds for one request (assumed)."""
BODY_LIMIT: Final = 64 * 1024
"""Bytes of a response that are read."""
HELD: Final = 60 * SECOND
"""How long a delivery waits for the next one to overtake it."""
ELSEWHERE: Final = (
    "not sent: {host} is not this machine. Webhooks reach other hosts only with `serve --webhooks-anywhere`"
)


class Webhooks:
    """Sends what is due, and finishes the tasks. For the thread of the event loop."""

    def __init__(self, store: Store, journal: Journal, faults: Faults, *, anywhere: bool = False) -> None:
        self._store = store
        self._journal = journal
        self._faults = faults
        self._anywhere = anywhere
        self._sending: dict[int, asyncio.Task[None]] = {}
        self._client: httpx.AsyncClient | None = None

    def start_due(self) -> None:
        """Start sending what is due. Without a running event loop nothing happens: its own tick does it."""
        if all(handler.id in self._sending for handler in self._store[EVENT_HANDLERS].find()):
            return  # whatever else is due follows what is being sent
        try:
            loop = asyncio.get_running_loop()
        except RuntimeError:
            return
        for handler_id in {one.handler_id for one in event_handlers.due(self._store)} - self._sending.keys():
            sending = loop.create_task(self._send_due(handler_id), name=f"event handler {handler_id}")
            self._sending[handler_id] = sending
            sending.add_done_callback(functools.partial(self._sent, handler_id))

    async def aclose(self) -> None:
        """Cancel what is being sent, and close the connections."""
        sending = list(self._sending.values())
        for task in sending:
            task.cancel()
        if sending:
            await asyncio.wait(sending)
        if self._client is not None:
            await self._client.aclose()
            self._client = None

    def _sent(self, handler_id: int, sending: asyncio.Task[None]) -> None:
        del self._sending[handler_id]
        if not sending.cancelled():
            sending.result()

    async def _send_due(self, handler_id: int) -> None:
        for delivery in event_handlers.due(self._store):
            mine = delivery.handler_id == handler_id
            # Meanwhile it may have been canceled with its handler.
            if mine and self._store[DELIVERIES].get(delivery.id) == delivery:
                await self._deliver(delivery)

    async def _deliver(self, delivery: Delivery) -> None:
        fault = None if delivery.was_scripted else self._faults.next_webhook(delivery.event)
        wrong = fault.delivery if fault else ""
        if wrong == "late":
            assert fault is not None  # noqa: S101 - it says so
            self._postpone(delivery, round(fault.delay * SECOND))
        elif wrong == "out-of-order":
            self._postpone(delivery, HELD, waits_for_next=True)
        elif wrong == "lost":
            self._note(delivery, delivery.url, notes=["lost: a fault demands that nothing is sent"])
            self._finish(delivery, "done", "Sent.")
        else:
            status, output = await self._post(delivery)
            if wrong == "twice":
                status, output = await self._post(delivery)
            self._finish(delivery, status, output)

    def _postpone(self, delivery: Delivery, wait: int, *, waits_for_next: bool = False) -> None:
        with self._store.transaction() as world:
            event_handlers.postpone(world, delivery, world.now + wait, waits_for_next=waits_for_next)

    def _finish(self, delivery: Delivery, status: str, output: str) -> None:
        with self._store.transaction() as world:
            if world[DELIVERIES].get(delivery.id) != delivery:
                return  # the handler was deleted, or the state replaced, while it was being sent
            event_handlers.finish(world, delivery, status=status, output=output)
            for held in world[DELIVERIES].find(handler_id=delivery.handler_id):
                if held.waits_for_next:
                    event_handlers.postpone(world, held, world.now)

    async def _post(self, delivery: Delivery) -> tuple[str, str]:
        """Send a delivery; return the status and the output of its task."""
        import httpx

        if self._client is None:
            from solusio_contracts.http.client import async_client

            self._client = async_client(
                verify=False,  # SolusIO does not verify certificates either (vendor's page)
                timeout=None,  # the limit is on the whole exchange
                limits=httpx.Limits(max_keepalive_connections=0),
            )
        try:
            request = self._client.build_request("POST", delivery.url)
            for _ in range(REDIRECTS + 1):
                response = await self._exchange(delivery, request)
                if response is None:
                    return "failed", ELSEWHERE.format(host=request.url.host)
                if response.next_request is None:
                    failed = response.status_code >= 400
                    return "failed" if failed else "done", f"HTTP {response.status_code}"
                request = response.next_request
        except TimeoutError:
            return "failed", f"No response within {TIMEOUT:g} seconds."
        except (httpx.HTTPError, httpx.InvalidURL, ValueError) as error:
            return "failed", f"{type(error).__name__}: {error}"
        return "failed", f"More than {REDIRECTS} redirects."

    async def _exchange(self, delivery: Delivery, request: "httpx.Request") -> "httpx.Response | None":
        """Send one request and note it in the journal; None: the host is not allowed."""
        assert self._client is not None  # noqa: S101 - made by the caller
        url = str(request.url)
        if not (self._anywhere or is_loopback(request.url.host)):
            self._note(delivery, url, method=request.method, notes=[ELSEWHERE.format(host=request.url.host)])
            return None
        began = time.perf_counter()
        body = b""
        try:
            async with asyncio.timeout(TIMEOUT):
                response = await self._client.send(request, stream=True, follow_redirects=False)
                try:
                    async for piece in response.aiter_raw():
                        body += piece
                        if len(body) >= BODY_LIMIT:
                            break
                finally:
                    await response.aclose()
        except Exception as error:
            reason = "no response in time" if isinstance(error, TimeoutError) else str(error)
            self._note(
                delivery, url, method=request.method, began=began, headers=request.headers.raw, notes=[reason]
            )
            raise
        self._note(
            delivery,
            url,
            method=request.method,
            began=began,
            headers=request.headers.raw,
            status=response.status_code,
            response_headers=response.headers.raw,
            response_body=body,
        )
        return response

    def _note(
        self,
        delivery: Delivery,
        url: str,
        *,
        method: str = "POST",
        began: float | None = None,
        headers: list[tuple[bytes, bytes]] | None = None,
        status: int = 0,
        response_headers: list[tuple[bytes, bytes]] | None = None,
        response_body: bytes = b"",
        notes: list[str] | None = None,
    ) -> None:
        handler = self._store[EVENT_HANDLERS].get(delivery.handler_id)
        path, _, query = url.partition("?")
        self._journal.add(
            "webhook",
            method,
            path,
            moment=self._store.now,
            query=query.encode(),
            headers=tuple(headers or ()),
            status=status,
            response_headers=tuple(response_headers or ()),
            response_body=response_body,
            milliseconds=0.0 if began is None else (time.perf_counter() - began) * 1000,
            notes=[
                f"{delivery.event} for the event handler {handler.name if handler else delivery.handler_id}",
                *(notes or ()),
            ],
        )
