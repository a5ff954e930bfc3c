"""A running mock for tests, in this process: `with started() as solusio: ...`, or the fixture `solusio`."""

import json
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from datetime import datetime, timedelta
from typing import TYPE_CHECKING, Any

from mock_solusio.moment import MINUTE, Micros, micros, parse_moment

if TYPE_CHECKING:
    import httpx

    from mock_solusio.app import Mock
    from mock_solusio.clock import Clock, Mode
    from mock_solusio.options import Options
    from mock_solusio.server.asgi import Receive, Scope, Send
    from mock_solusio.server.loop_thread import LoopThread
    from mock_solusio.traffic.journal import Journal
    from mock_solusio.traffic.referee import ConductFinding


class MockClock:
    """The clock of a mock. Everything due by then has run when a method returns, as with `POST /_mock/clock`.

    Methods raise `ValueError` for what is not a moment, a span or a speed of the clock.
    """

    def __init__(self, mock: "Mock", thread: "LoopThread") -> None:
        self._mock = mock
        self._thread = thread

    def __repr__(self) -> str:
        return f"<MockClock {self._mock.clock.described()}>"

    def now(self) -> Micros:
        """Return the moment, in microseconds since 1970."""
        return self._mock.clock.now()

    @property
    def speed(self) -> float:
        """Seconds of this clock per real second; 0 if it is frozen."""
        return self._mock.clock.speed

    @property
    def mode(self) -> "Mode":
        """`real`, `frozen` or `speed`."""
        return self._mock.clock.mode

    def set(self, moment: str | datetime | Micros) -> None:
        """Go to a moment, such as `2026-03-01T00:00:00Z`, and continue from there at the same speed."""
        if isinstance(moment, str):
            moment = parse_moment(moment)
        elif isinstance(moment, datetime):
            if moment.tzinfo is None:
                raise ValueError(f"expected a moment with a time zone, got {moment.isoformat()}")
            moment = micros(moment)
        self._change(lambda clock: clock.set(moment))

    def advance(self, span: str | timedelta | Micros) -> None:
        """Move forward by an ISO 8601 span such as `PT1H` or `P1M`, a `timedelta`, or microseconds."""
        from mock_solusio.clock import later

        if isinstance(span, str):
            self._change(lambda clock: clock.set(later(clock.now(), span)))
            return
        length = span // timedelta(microseconds=1) if isinstance(span, timedelta) else span
        self._change(lambda clock: clock.advance(length))

    def freeze(self) -> None:
        """Stop at the present moment."""
        self._change(lambda clock: clock.freeze())

    def run(self, speed: float = 1.0) -> None:
        """Run from the present moment at a speed (1 = real time)."""
        self._change(lambda clock: clock.run(speed))

    def follow(self) -> None:
        """Follow the machine's time from now on."""
        self._change(lambda clock: clock.follow())

    def _change(self, change: "Callable[[Clock], None]") -> None:
        def work() -> None:
            change(self._mock.clock)
            self._mock.clock_changed()
            self._mock.settle()

        self._thread.run(work)


class MockFaults:
    """The faults of a mock: what happens to matching requests from now on, as with `/_mock/faults`.

    They affect every client, this object's own calls too: create what the test needs first.
    """

    def __init__(self, mock: "Mock", thread: "LoopThread") -> None:
        self._mock = mock
        self._thread = thread

    def __repr__(self) -> str:
        return f"<MockFaults {len(self._mock.faults)} active>"

    def order(self, kind: str, /, **fields: Any) -> dict[str, Any]:
        """Inject a fault: `order("status", status=503, operation="createUser", times=2)`.

        `kind` and fields are those of `POST /_mock/faults`. Returns the fault as it is listed, with its `id`.

        Raises:
            ValueError: there is no such kind or field, or a value does not fit; the text says what does.
        """
        from mock_solusio.domain.errors import DomainError

        try:
            body = json.dumps({"kind": kind, **fields}).encode()
        except TypeError as error:
            raise ValueError(f"a field of the fault cannot be written as JSON: {error}") from None
        try:
            return self._thread.run(lambda: self._mock.faults.add_json(body))
        except DomainError as error:
            raise ValueError(error.message) from None

    def list(self) -> "list[dict[str, Any]]":
        """Return all faults with what they did so far (`hits`, `left`), including those that are over."""
        return self._thread.run(self._mock.faults.list)

    def clear(self) -> None:
        """Delete all faults, and release the requests they hold back."""
        self._thread.run(self._mock.faults.clear)


class Solusio:
    """A mock SolusIO on a loopback port, with shortcuts for tests.

    Methods that create something call the API as the administrator; a refusal raises `httpx.HTTPStatusError`
    with the mock's message.
    """

    def __init__(self, mock: "Mock", url: str, thread: "LoopThread") -> None:
        self.mock = mock
        self.url = url
        """Without a trailing slash; the API is at `{url}/api/v1`."""
        self.admin_token = mock.admin_token
        """Access token of the administrator."""
        self.clock = MockClock(mock, thread)
        """The clock, to be set and advanced."""
        self.faults = MockFaults(mock, thread)
        """Wrong, late and missing responses on demand."""
        self._thread = thread
        self._client: httpx.Client | None = None
        self._made = 0

    def __repr__(self) -> str:
        return f"<Solusio {self.url}>"

    @property
    def journal(self) -> "Journal":
        """The requests and responses so far, without secrets."""
        return self.mock.journal

    @property
    def findings(self) -> "list[ConductFinding]":
        """What clients did wrong by the clauses of conduct, without secrets.

        The calls of this object are not judged.
        """
        return self.mock.journal.findings()

    @property
    def client(self) -> "httpx.Client":
        """A client of the API with the administrator's access token: `solusio.client.get("users")`."""
        if self._client is None:
            from mock_solusio.traffic.referee import HELPER
            from solusio_contracts.http.client import client

            self._client = client(
                base_url=f"{self.url}/api/v1/",
                headers={
                    "Authorization": f"Bearer {self.admin_token}",
                    "Accept": "application/json",
                    "User-Agent": HELPER.decode(),
                },
                timeout=30,
            )
        return self._client

    def call(self, method: str, path: str, body: Mapping[str, Any] | None = None) -> Any:
        """Call the API; return `data` of the response, or the whole response if it has none.

        Raises:
            httpx.HTTPStatusError: the status is 400 or above; the text has the mock's message and what is
                wrong with each field.
        """
        answer = self.client.request(method, path, json=body)
        if answer.is_error:
            import httpx

            raise httpx.HTTPStatusError(_refusal(answer), request=answer.request, response=answer)
        if not answer.content:
            return None
        value = answer.json()
        return value["data"] if isinstance(value, dict) and "data" in value else value

    def create_user(self, **fields: Any) -> dict[str, Any]:
        """Create a user with the fields of `POST /users`; those left out are generated."""
        fields.setdefault("email", f"user{self._next()}@example.com")
        made: dict[str, Any] = self.call("POST", "users", fields)
        return made

    def create_plan(self, **fields: Any) -> dict[str, Any]:
        """Create a plan with the fields of `POST /plans`; those left out are generated."""
        fields.setdefault("name", f"plan {self._next()}")
        fields.setdefault("virtualization_type", "kvm")
        fields.setdefault("storage_type", "fb")
        fields.setdefault("image_format", "qcow2")
        fields.setdefault("params", {"disk": 10, "ram": 1024 * 1024 * 1024, "vcpu": 1})
        fields.setdefault("tokens_per_hour", 7)
        fields.setdefault("tokens_per_month", 5000)
        made: dict[str, Any] = self.call("POST", "plans", fields)
        return made

    def create_server(self, *, wait: bool = True, **fields: Any) -> dict[str, Any]:
        """Create a server with the fields of `POST /servers`; those left out are generated.

        `wait`: advance the clock until the server is started, and return it as it is then.
        """
        fields.setdefault("name", f"server{self._next()}")
        fields.setdefault("plan", self._first("plans"))
        fields.setdefault("location", self._first("locations"))
        if "application" not in fields:
            fields.setdefault("os", self.call("GET", "os_images")[0]["versions"][0]["id"])
        if "user" not in fields and "project" not in fields:
            fields["user"] = self.create_user()["id"]
        made: dict[str, Any] = self.call("POST", "servers", fields)
        if wait:
            self.settle()
            made = self.call("GET", f"servers/{made['id']}")
        return made

    def settle(self, limit: Micros = 60 * MINUTE) -> None:
        """Advance the clock until no task is pending or running.

        Raises:
            TimeoutError: there still is one after `limit`.
        """
        passed = 0
        while self._thread.run(self._open_tasks):
            if passed > limit:
                raise TimeoutError("some tasks do not finish")
            self.clock.advance(MINUTE)
            passed += MINUTE

    def reset(self) -> None:
        """Return to the state after the start: data, clock, journal, findings and faults."""

        def work() -> None:
            self.mock.clock.reset()
            self.mock.clock_changed()
            self.mock.reset()

        self._thread.run(work)

    def access_token(self, user_id: int, *, one_time: bool = False) -> str:
        """Create an access token for a user."""
        secret: str = self.call("POST", f"users/{user_id}/tokens", {"is_one_time": one_time})["access_token"]
        return secret

    def login_link(self, user_id: int) -> str:
        """Create a link that logs a user in, once."""
        return f"{self.url}/auth/by_token/{self.access_token(user_id, one_time=True)}"

    def close(self) -> None:
        """Close the client's connections."""
        if self._client is not None:
            self._client.close()

    def _open_tasks(self) -> int:
        self.mock.settle()
        return self.mock.open_tasks()

    def _next(self) -> int:
        self._made += 1
        return self._made

    def _first(self, path: str) -> int:
        found: list[dict[str, Any]] = self.call("GET", path)
        return int(found[0]["id"])


@contextmanager
def started(options: "Options | None" = None) -> Iterator[Solusio]:
    """Run a mock on a free loopback port. Raises what `Mock` raises."""
    from mock_solusio.app import Mock
    from mock_solusio.options import Options
    from mock_solusio.server.loop_thread import LoopThread
    from mock_solusio.server.uvicorn_server import running

    mock = Mock(options or Options())
    thread = LoopThread()

    async def app(scope: "Scope", receive: "Receive", send: "Send") -> None:
        if scope["type"] == "lifespan":
            thread.enter()
        await mock(scope, receive, send)

    try:
        with running(app, stopping=mock.faults.release, rejecting=mock.reject) as url:
            solusio = Solusio(mock, url, thread)
            try:
                yield solusio
            finally:
                solusio.close()
    finally:
        mock.close()


def _refusal(answer: "httpx.Response") -> str:
    """Return the request, the status, and what the mock says about it: its message and the wrong fields."""
    request = answer.request
    head = f"{request.method} {request.url.path}: {answer.status_code} {answer.reason_phrase}"
    try:
        said = answer.json()
    except ValueError:
        return f"{head}: {answer.text[:500]}" if answer.text else head
    if not isinstance(said, dict):
        return head
    lines = [f"{head}: {said['message']}" if said.get("message") else head]
    errors = said.get("errors")
    for field, texts in errors.items() if isinstance(errors, dict) else ():
        lines += [f"  {field}: {text}" for text in (texts if isinstance(texts, list) else [texts])]
    return "\n".join(lines)
