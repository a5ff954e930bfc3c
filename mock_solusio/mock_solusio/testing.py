"""A running mock for tests, in this process: `with started() as solusio: ...`, or the fixture `solusio`."""

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any

from mock_solusio.moment import MINUTE, Micros

if TYPE_CHECKING:
    import httpx

    from mock_solusio.app import Mock
    from mock_solusio.clock import Clock
    from mock_solusio.options import Options
    from mock_solusio.traffic.journal import Journal
    from mock_solusio.traffic.referee import ConductFinding


class Solusio:
    """A mock SolusIO on a loopback port, with shortcuts for tests.

    Methods that create something call the API as the administrator; a refusal raises `httpx.HTTPStatusError`.
    """

    def __init__(self, mock: "Mock", url: str) -> None:
        self.mock = mock
        self.url = url
        """Without a trailing slash; the API is at `{url}/api/v1`."""
        self.admin_token = mock.admin_token
        """Access token of the administrator."""
        self._client: httpx.Client | None = None
        self._made = 0

    @property
    def clock(self) -> "Clock":
        """The clock, to be set and advanced; everything due by then runs before the next response."""
        return self.mock.clock

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
            httpx.HTTPStatusError: the status is 400 or above.
        """
        answer = self.client.request(method, path, json=body)
        answer.raise_for_status()
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
        while self._health()["tasks"]:
            if passed > limit:
                raise TimeoutError("some tasks do not finish")
            self.clock.advance(MINUTE)
            passed += MINUTE

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

    def _health(self) -> dict[str, Any]:
        # Asked by HTTP: the state belongs to the thread of the server.
        found: dict[str, Any] = self.client.get(f"{self.url}/_mock/health").json()
        return found

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
    from mock_solusio.server.uvicorn_server import running

    mock = Mock(options or Options())
    try:
        with running(mock, stopping=mock.faults.release, rejecting=mock.reject) as url:
            solusio = Solusio(mock, url)
            try:
                yield solusio
            finally:
                solusio.close()
    finally:
        mock.close()
